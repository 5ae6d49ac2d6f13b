"""Every kind finds its rule, and every object its pods."""

import pytest

from rayfence.model.live import Phase
from rayfence.plan.live.ready.readiness import own_pods, readiness
from rayfence.render.kubernetes.render import render
from tests.unit.plan.live.ready.live_objects import NOW, condition, live, pod, waiting_pod
from tests.unit.render.kubernetes.resolutions import existing, on_gke

#: Kinds that are as far as they go when they are stored.
STORED = {
    "CiliumNetworkPolicy",
    "ClusterRole",
    "ClusterRoleBinding",
    "ConfigMap",
    "GCPBackendPolicy",
    "GCPGatewayPolicy",
    "HealthCheckPolicy",
    "LimitRange",
    "NetworkPolicy",
    "PodDisruptionBudget",
    "PodMonitoring",
    "Role",
    "RoleBinding",
    "ServiceAccount",
    "StorageClass",
}
#: Kinds that need a word of somebody before they are ready.
TOLD = {
    "Deployment",
    "Gateway",
    "HTTPRoute",
    "LocalQueue",
    "RayCluster",
    "RayJob",
    "RayService",
    "ResourceQuota",
    "ValidatingAdmissionPolicy",
}


def test_every_kind_that_is_rendered_has_a_rule() -> None:
    kinds = {str(manifest.object["kind"]) for make in (existing, on_gke) for manifest in render(make())}
    for kind in kinds:
        found = readiness(live(kind, spec={"hard": {"pods": "1"}}, status={}), [], NOW)
        assert found.phase is (Phase.WAITING if kind in TOLD else Phase.READY), kind
    assert kinds <= STORED | TOLD | {"Namespace", "RayCronJob", "Service", "ValidatingAdmissionPolicyBinding"}


def test_what_is_being_deleted_is_a_failure_that_passes() -> None:
    found = readiness(live("ConfigMap", metadata={"deletionTimestamp": "T"}), [], NOW)
    assert (found.phase, found.transient) == (Phase.FAILED, True) and found.next_step
    assert readiness(live("Namespace", status={"phase": "Terminating"}), [], NOW).phase is Phase.FAILED


@pytest.mark.parametrize("kind", ["Ingress", "CustomResourceDefinition"])
def test_other_kinds_that_wait(kind: str) -> None:
    assert readiness(live(kind, status={}), [], NOW).phase is Phase.WAITING


def test_pods_belong_to_the_cluster_they_are_labelled_with() -> None:
    pods = [pod(), pod("other", "other")]
    assert own_pods(live("RayCluster"), pods) == (pods[0],)
    assert own_pods(live("RayJob", status={"rayClusterName": "other"}), pods) == (pods[1],)
    both = {"activeServiceStatus": {"rayClusterName": "train"}, "pendingServiceStatus": {"rayClusterName": "other"}}
    assert own_pods(live("RayService", status=both), pods) == tuple(pods)
    assert own_pods(live("RayJob", status={}), pods) == () == own_pods(live("ConfigMap"), pods)


def test_pods_belong_to_the_deployment_that_selects_them() -> None:
    pods = [pod(), pod("other")]
    pods[1]["metadata"]["labels"] = {"app": "other"}
    selector = {"selector": {"matchLabels": {"app": "gateway"}}}
    assert own_pods(live("Deployment", spec=selector), pods) == (pods[0],)
    assert own_pods(live("Deployment", spec={"selector": {}}), pods) == ()


def test_the_trouble_of_anothers_pod_is_not_ours() -> None:
    waits = live("RayCluster", status={"observedGeneration": 2, "conditions": [condition("HeadPodReady", "False")]})
    foreign = waiting_pod("InvalidImageName")
    foreign["metadata"]["labels"] = {"ray.io/cluster": "other"}
    assert readiness(waits, [], NOW, [foreign]).phase is Phase.WAITING
    assert readiness(waits, [], NOW, [waiting_pod("InvalidImageName")]).phase is Phase.FAILED
