"""Twin of rayfence.render.kubernetes.admission.pods: pods of tenants and gateways, labels, Services."""

import json
from functools import cache
from typing import Any

import pytest

from rayfence.model.kubernetes import Manifest
from rayfence.render.kubernetes.admission.pods import membership_guard, pods_guard, ray_pods_guard, services_guard
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.admission_review import Request, refusals
from tests.unit.render.kubernetes.resolutions import RAY_IMAGE, addon, at, existing, found

TENANT = {"rayfence.dev/platform": "ml", "rayfence.dev/role": "tenant"}
GATEWAY = {"rayfence.dev/platform": "ml", "rayfence.dev/role": "gateway"}
OPERATOR = "system:serviceaccount:ray-system:kuberay-operator"


@cache
def _manifests() -> tuple[Manifest, ...]:
    return render(existing())


def _pod(labels: dict[str, str] | None = None, **spec: object) -> dict[str, Any]:
    container = {"name": "c", "image": RAY_IMAGE}
    return {
        "metadata": {"name": "p", **({"labels": labels} if labels else {})},
        "spec": {"serviceAccountName": "ray-worker", "containers": [container], **spec},
    }


def _review(value: object, labels: dict[str, str] = TENANT, **more: Any) -> list[str]:
    fields: dict[str, Any] = {"resource": "pods", **more}
    return refusals(_manifests(), Request(value=value, namespace="vision", labels=labels, **fields))  # type: ignore[arg-type]


def test_an_ordinary_pod_is_admitted() -> None:
    assert _review(_pod()) == []
    assert {guard.name for guard in (pods_guard(existing()), ray_pods_guard(), services_guard())} == {
        "pods",
        "ray-pods",
        "services",
    }


def _rendered_pod(reference: str, *path: str | int) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(json.dumps(at(found(_manifests(), reference), *path)))
    value["metadata"]["name"] = "p"
    return value


def test_the_operators_pods_of_our_clusters_are_admitted() -> None:
    pod = _rendered_pod("RayCluster vision/train", "spec", "headGroupSpec", "template")
    pod["metadata"]["labels"] |= {"ray.io/cluster": "train", "ray.io/node-type": "head", "ray.io/is-ray-node": "yes"}
    assert "a Ray pod without Ray's token is refused" in _review(pod, user=OPERATOR)
    pod["spec"]["containers"][0]["env"].append({"name": "RAY_AUTH_MODE", "value": "token"})
    assert _review(pod, user=OPERATOR) == []
    assert any("operator's to give" in said for said in _review(pod))


def test_the_gateways_pods_are_admitted_in_their_namespace_only() -> None:
    pod = _rendered_pod("StatefulSet vision-gateway/gateway", "spec", "template")
    assert _review(pod, GATEWAY) == []
    assert any("service accounts" in said for said in _review(pod, TENANT))
    assert any("service accounts" in said for said in _review(_pod(), GATEWAY))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"serviceAccountName": "default"}, "service accounts"),
        ({"serviceAccountName": "kuberay-operator"}, "service accounts"),
        ({"hostNetwork": True}, "host namespaces"),
        ({"volumes": [{"name": "h", "hostPath": {"path": "/"}}]}, "host paths"),
        ({"containers": [{"name": "c", "image": "x:1"}]}, "registry"),
        ({"initContainers": [{"name": "c", "image": "x:1"}]}, "registry"),
        ({"containers": [{"name": "c", "image": RAY_IMAGE, "securityContext": {"privileged": True}}]}, "privileged"),
    ],
)
def test_bad_pods_are_refused_whoever_makes_them(spec: dict[str, Any], message: str) -> None:
    for user in ("alice@acme.com", OPERATOR, "system:serviceaccount:kube-system:job-controller"):
        assert any(message in said for said in _review(_pod(**spec), user=user))


def test_an_ephemeral_container_is_looked_at() -> None:
    pod = _pod(ephemeralContainers=[{"name": "debugger", "image": "busybox"}])
    messages = _review(pod, resource="pods/ephemeralcontainers", operation="UPDATE", old=_pod())
    assert any("registry" in said for said in messages)


@pytest.mark.parametrize(
    "label", ["ray.io/cluster", "ray.io/node-type", "rayfence.dev/workload", "rayfence.dev/api-client"]
)
@pytest.mark.parametrize(
    "user",
    [
        "alice@acme.com",
        "system:serviceaccount:kube-system:job-controller",
        "system:serviceaccount:ray-systemx:kuberay-operator",
    ],
)
def test_nobody_else_gives_the_labels_of_ray_pods(label: str, user: str) -> None:
    assert any("operator's to give" in said for said in _review(_pod({label: "train"}), user=user))
    assert any(
        "can't be changed" in said for said in _review(_pod({label: "x"}), user=user, operation="UPDATE", old=_pod())
    )


def test_an_update_that_leaves_the_labels_alone_is_admitted() -> None:
    old, new = _pod({"ray.io/cluster": "train"}), _pod({"ray.io/cluster": "train", "mine": "1"})
    assert _review(new, operation="UPDATE", old=old) == []
    for after in ({"ray.io/cluster": "other"}, {"mine": "1"}):
        assert any("can't be changed" in said for said in _review(_pod(after), operation="UPDATE", old=old))
    assert _review(_pod({"ray.io/cluster": "other"}), operation="UPDATE", old=old, user=OPERATOR) == []
    assert membership_guard(existing()).roles == ("tenant",)


@pytest.mark.parametrize(
    ("spec", "allowed"),
    [
        ({}, True),
        ({"type": "ClusterIP", "clusterIP": "None"}, True),
        ({"type": "LoadBalancer"}, False),
        ({"type": "NodePort"}, False),
        ({"type": "ExternalName", "externalName": "metadata.google.internal"}, False),
        ({"externalIPs": ["10.0.0.9"]}, False),
    ],
)
def test_services_of_a_tenant_stay_inside(spec: dict[str, object], *, allowed: bool) -> None:
    value = {"metadata": {"name": "s"}, "spec": spec}
    assert (_review(value, resource="services") == []) == allowed
    assert _review(value, GATEWAY, resource="services") == []


@pytest.mark.parametrize(
    ("user", "trusted"),
    [
        ("system:serviceaccount:gke-ray:kuberay", True),
        ("system:serviceaccount:gke-managed-ray:kuberay", True),
        ("system:ray-operator", True),
        ("system:serviceaccount:kube-system:job-controller", False),
        ("system:serviceaccount:vision:ray-head", False),
        ("alice@acme.com", False),
    ],
)
def test_the_add_on_may_be_any_of_gkes_own_parts(user: str, *, trusted: bool) -> None:
    request = Request("pods", _pod({"ray.io/cluster": "train"}), "vision", TENANT, user=user)
    assert (not any("operator's to give" in said for said in refusals(render(addon()), request))) == trusted
