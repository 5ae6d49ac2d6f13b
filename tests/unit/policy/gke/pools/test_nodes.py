"""Pools: chosen where left open, hardened always, weakened by waiver only."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.catalog.machines import load_machines
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.decision import Source
from rayfence.model.gke import GkeMode, Gpu, NodePool
from rayfence.model.tenancy import NamedCluster, PodShape, WorkerPods
from rayfence.policy.gke.pools.nodes import TENANT_KEY
from rayfence.policy.proofs.capacity import capacity
from tests.unit.policy.platforms import (
    PODS,
    VISION,
    allow,
    decision,
    deny,
    minimal,
    on,
    refused,
    resolved,
    waiver,
)


def pool(**changes: object) -> NodePool:
    return replace(NodePool("workers", "n2d-standard-8", 0, 4), **changes)  # type: ignore[arg-type]


def waived(platform: ClusterPlatform, *controls: str) -> ClusterPlatform:
    return replace(platform, waivers=tuple(waiver(control) for control in controls))


def test_a_pool_is_made_that_holds_every_pod() -> None:
    resolution = resolved(minimal())
    assert resolution.gke is not None
    (only,) = resolution.gke.pools
    assert (only.name, only.machine_type, only.min_nodes) == ("ray", "n2d-standard-8", 1)
    assert only.max_nodes >= 2
    assert only.account == "ml-nodes@acme-ml.iam.gserviceaccount.com" == resolution.gke.account


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 200), st.integers(0, 20)), min_size=1, max_size=4))
def test_a_pool_of_our_choice_is_proved_to_hold_every_pod(shapes: list[tuple[int, int, int]]) -> None:
    workers = tuple(
        WorkerPods(f"w{index}", PodShape(cpus, gib), 0, most) for index, (cpus, gib, most) in enumerate(shapes)
    )
    tenant = replace(VISION, clusters=(NamedCluster("train", replace(PODS, workers=workers)),))
    resolution = resolved(replace(minimal(), tenants=(tenant,)))
    assert resolution.conflicts == ()
    assert capacity(resolution, load_machines()).conflicts == ()


def test_gpus_without_a_pool_are_not_guessed() -> None:
    pods = replace(PODS, head=PodShape(2, 8, gpus=1))
    tenant = replace(VISION, clusters=(NamedCluster("train", pods),))
    assert "target.gke.pools" in refused(resolved(replace(minimal(), tenants=(tenant,))))


def test_a_tenants_pool_is_tainted_and_system_pods_get_one() -> None:
    resolution = resolved(minimal(pools=(pool(tenant="vision"),)))
    assert resolution.gke is not None
    mine, system = resolution.gke.pools
    assert mine.taints == ((TENANT_KEY, "vision", "NO_SCHEDULE"),)
    assert mine.labels == {TENANT_KEY: "vision"}
    assert mine.account != system.account
    assert (system.name, system.tenant) == ("system", None)
    assert decision(resolution, "gke.pools.system").costs


def test_every_pool_has_the_metadata_that_projects_could_loosen() -> None:
    plain = resolved(minimal())
    assert plain.gke is not None
    metadata = plain.gke.pools[0].metadata
    assert metadata["enable-oslogin"] == "TRUE"
    assert metadata["block-project-ssh-keys"] == "true"
    assert metadata["disable-legacy-endpoints"] == "true"
    assert "serial-port-logging-enable" not in metadata
    bound = resolved(minimal(), on("compute.managed.disableSerialPortLogging"), on("compute.requireOsLogin"))
    assert bound.gke is not None
    assert bound.gke.pools[0].metadata["serial-port-logging-enable"] == "false"
    assert decision(bound, "gke.pools.ray.metadata.enable-oslogin").source is Source.CONSTRAINT


def test_private_and_shielded_whatever_the_organisation_says() -> None:
    resolution = resolved(minimal(), deny("compute.vmExternalIpAccess"), on("compute.requireShieldedVm"))
    assert decision(resolution, "gke.private_nodes").rules == ("compute.vmExternalIpAccess",)
    assert decision(resolution, "gke.shielded").rules == ("compute.requireShieldedVm",)
    assert decision(resolved(minimal()), "gke.private_nodes").value == "yes"


@pytest.mark.parametrize(
    ("change", "control"),
    [
        ({"image_type": "UBUNTU_CONTAINERD"}, "node-image"),
        ({"node_identity": True, "tenant": "vision"}, "node-identity"),
    ],
)
def test_weakenings_take_a_waiver(change: dict[str, object], control: str) -> None:
    platform = minimal(pools=(pool(), pool(name="other", **change)))
    assert control in refused(resolved(platform))
    resolution = resolved(waived(platform, control))
    assert resolution.conflicts == ()
    assert Source.WAIVER in {item.source for item in resolution.decisions}


def test_an_ended_waiver_counts_for_nothing() -> None:
    platform = replace(
        minimal(pools=(pool(image_type="UBUNTU_CONTAINERD"),)), waivers=(waiver("node-image", "2026-11-25"),)
    )
    assert refused(resolved(platform)) >= {"node-image", "waivers[0].expires"}


def test_images_of_gke_must_be_trusted() -> None:
    rule = "compute.trustedImageProjects"
    assert resolved(minimal(), allow(rule, "projects/gke-node-images")).conflicts == ()
    (conflict,) = resolved(minimal(), allow(rule, "projects/cos-cloud")).conflicts
    assert "projects/gke-node-images" in conflict.request
    ubuntu = waived(minimal(pools=(pool(image_type="UBUNTU_CONTAINERD"),)), "node-image")
    assert rule in refused(resolved(ubuntu, allow(rule, "projects/gke-node-images")))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"node_identity": True}, "nodeIdentity"),
        ({"min_nodes": 3, "max_nodes": 2}, "minNodes"),
        ({"max_nodes": 0}, "maxNodes"),
        ({"machine_type": None, "gpu": Gpu("nvidia-unheard-of", 1)}, "machineType"),
        ({"sandbox": True, "image_type": "UBUNTU_CONTAINERD"}, "sandbox"),
    ],
)
def test_what_can_not_be(change: dict[str, object], field: str) -> None:
    assert f"target.gke.pools[0].{field}" in refused(resolved(minimal(pools=(pool(**change),))))


def test_a_sandbox_is_warned_of() -> None:
    assert any("gVisor" in text for text in resolved(minimal(pools=(pool(), pool(name="s", sandbox=True)))).warnings)


def test_autopilot_has_no_pools() -> None:
    resolution = resolved(minimal(mode=GkeMode.AUTOPILOT))
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.pools == ()
    assert resolution.gke.account == "ml-nodes@acme-ml.iam.gserviceaccount.com"
    assert "target.gke.pools" in refused(resolved(minimal(mode=GkeMode.AUTOPILOT, pools=(pool(),))))
