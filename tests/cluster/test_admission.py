"""The API server decides as a production one does: Pod Security, admission policies, RBAC."""

import time

import pytest

from tests.cluster.harness.cluster import Cluster
from tests.cluster.objects.wanted import pod_object, ray_cluster_object, to_json

pytestmark = pytest.mark.cluster


def apply_text(cluster: Cluster, document: str) -> str:
    """Apply; return what the server said when it refused, and nothing when it took it."""
    done = cluster.kubectl("apply", "--server-side", "-f", "-", stdin=document, check=False)
    return done.stderr if done.returncode else ""


def test_the_version_is_the_pinned_one(cluster: Cluster) -> None:
    assert '"gitVersion": "v1.36.3"' in cluster.kubectl("get", "--raw", "/version").stdout


def test_pod_security_refuses_a_privileged_pod(cluster: Cluster, namespace: str) -> None:
    pod = pod_object(namespace, "p", cluster.images["localhost/pause:1"], ["/pause"])
    assert apply_text(cluster, to_json(pod)) == ""
    pod["metadata"]["name"] = "privileged"
    pod["spec"]["containers"][0]["securityContext"] = {"privileged": True}
    refusal = apply_text(cluster, to_json(pod))
    assert 'violates PodSecurity "restricted:latest"' in refusal and "privileged" in refusal


def test_an_admission_policy_refuses_a_ray_cluster_without_token(cluster: Cluster, namespace: str) -> None:
    rule = (
        "has(object.spec.authOptions) && has(object.spec.authOptions.mode) && object.spec.authOptions.mode == 'token'"
    )
    policy = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": namespace},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {
                "resourceRules": [
                    {
                        "apiGroups": ["ray.io"],
                        "apiVersions": ["v1"],
                        "operations": ["CREATE", "UPDATE"],
                        "resources": ["rayclusters"],
                    }
                ]
            },
            "validations": [{"expression": rule, "message": "Ray without a token"}],
        },
    }
    selector = {"matchLabels": {"kubernetes.io/metadata.name": namespace}}
    binding = {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": namespace},
        "spec": {
            "policyName": namespace,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": selector},
        },
    }
    try:
        assert apply_text(cluster, to_json(policy, binding)) == ""
        open_cluster = ray_cluster_object(namespace, "open", "localhost/none:1", "2.60.0", workers=0)
        open_cluster["spec"]["authOptions"] = {}
        # The server takes note of a policy a moment after it has stored it.
        until = time.monotonic() + 30
        ask = ("apply", "--server-side", "--dry-run=server", "-f", "-")
        while not (refusal := cluster.kubectl(*ask, stdin=to_json(open_cluster), check=False).stderr):
            assert time.monotonic() < until, "the policy is not enforced"
            time.sleep(0.2)
        assert "Ray without a token" in refusal
        closed = ray_cluster_object(namespace, "closed", "localhost/none:1", "2.60.0", workers=0)
        assert cluster.kubectl(*ask, stdin=to_json(closed), check=False).stderr == ""
    finally:
        kinds = ("validatingadmissionpolicybinding", "validatingadmissionpolicy")
        for kind in kinds:
            cluster.kubectl("delete", kind, namespace, "--ignore-not-found")


def test_a_fresh_account_may_do_nothing(cluster: Cluster, namespace: str) -> None:
    ask = ("auth", "can-i", "create", "rayclusters.ray.io", "-n", namespace)
    account = f"system:serviceaccount:{namespace}:default"
    assert cluster.kubectl(*ask, f"--as={account}", check=False).stdout.strip() == "no"
    operator = "system:serviceaccount:ray-system:kuberay-operator"
    assert cluster.kubectl(*ask[:2], "delete", *ask[3:], f"--as={operator}").stdout.strip() == "yes"
