"""Twin of rayfence.render.kubernetes.workloads.placement."""

from dataclasses import replace

from rayfence.model.tenancy import PodShape, WorkloadIdentity
from rayfence.render.kubernetes.workloads.placement import placement, usable_pools
from tests.unit.render.kubernetes.resolutions import GKE, SPEECH, VISION, VISION_POOL, existing, on_gke

SHAPE = PodShape(2, 8)
METADATA = {"iam.gke.io/gke-metadata-server-enabled": "true"}


def test_an_existing_cluster_places_as_it_likes() -> None:
    assert placement(SHAPE, VISION, existing()) == {}


def test_nodes_with_the_metadata_server_are_asked_for() -> None:
    assert placement(SHAPE, VISION, on_gke()) == {"nodeSelector": METADATA}
    assert placement(SHAPE, VISION, on_gke(autopilot=True)) == {}
    assert placement(SHAPE, replace(VISION, identity=WorkloadIdentity.NODE), on_gke()) == {}


def test_a_bound_pod_selects_its_pool_and_tolerates_its_taints() -> None:
    found = placement(replace(SHAPE, gpus=1, pool="vision-gpu"), VISION, on_gke())
    assert found["nodeSelector"] == {
        "cloud.google.com/gke-nodepool": "vision-gpu",
        **METADATA,
        "cloud.google.com/gke-accelerator": "nvidia-l4",
    }
    assert found["tolerations"] == [
        {"key": "rayfence.dev/tenant", "operator": "Equal", "value": "vision", "effect": "NoSchedule"},
        {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
    ]


def test_pods_without_gpus_stay_off_nodes_that_have_them() -> None:
    assert "tolerations" not in placement(SHAPE, VISION, on_gke())


def test_a_tenants_own_pool_is_no_other_tenants() -> None:
    plain = replace(VISION_POOL, name="vision-cpu", gpu=None)
    resolution = on_gke(gke=replace(GKE, pools=(plain,)))
    assert "tolerations" in placement(SHAPE, VISION, resolution)
    assert "tolerations" not in placement(SHAPE, SPEECH, resolution)
    assert usable_pools(replace(SHAPE, pool="vision-cpu"), SPEECH, resolution) == ()
    assert "tolerations" not in placement(replace(SHAPE, pool="vision-cpu"), SPEECH, resolution)


def test_pods_of_a_sandboxed_pool_run_in_the_sandbox_and_no_others_do() -> None:
    """GKE taints such nodes: without the class a pod bound there waits for ever."""
    boxed = replace(VISION_POOL, name="boxed", gpu=None, taints=(), sandbox=True)
    resolution = on_gke(gke=replace(GKE, pools=(*GKE.pools, boxed)))
    assert placement(replace(SHAPE, pool="boxed"), VISION, resolution)["runtimeClassName"] == "gvisor"
    assert "runtimeClassName" not in placement(SHAPE, VISION, resolution)
    assert boxed not in usable_pools(SHAPE, VISION, resolution)
