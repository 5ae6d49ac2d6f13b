"""Confidential nodes: made where demanded or cheap, refused where no machine offers them."""

from dataclasses import replace

import pytest

from rayfence.model.gke import Confidential, GkeMode, Gpu, NodePool
from rayfence.model.orgpolicy import CustomConstraint, EffectivePolicy
from rayfence.policy.gke.pools.confidential import RULE, TWIN
from tests.unit.policy.platforms import (
    allow,
    decision,
    deny,
    facts,
    minimal,
    on,
    open_question,
    refused,
    resolved,
    resolved_with,
)


def pool(**changes: object) -> NodePool:
    return replace(NodePool("workers", "n2d-standard-8", 0, 4), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "policy",
    [deny(RULE, "compute.googleapis.com"), deny(RULE), on(TWIN), open_question(RULE), allow(RULE, "x.googleapis.com")],
)
def test_a_demand_makes_every_pool_confidential_and_the_cluster_too(policy: EffectivePolicy) -> None:
    resolution = resolved(minimal(pools=(pool(),)), policy)
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.pools[0].confidential is Confidential.SEV
    assert resolution.gke.confidential_cluster is Confidential.SEV
    assert decision(resolution, "gke.pools.workers.confidential").rules == (policy.constraint,)
    assert decision(resolution, "gke.confidential_cluster").irreversible


def test_undemanded_it_is_as_asked_and_given_on_machines_of_our_choice() -> None:
    plain = resolved(minimal(pools=(pool(),)))
    assert plain.gke is not None
    assert plain.gke.pools[0].confidential is None
    ours = resolved(minimal())
    assert ours.gke is not None
    assert ours.gke.pools[0].confidential is Confidential.SEV
    assert ours.gke.confidential_cluster is None


@pytest.mark.parametrize(
    "change",
    [
        {"machine_type": "e2-standard-8"},
        {"machine_type": "z9-unknown"},
        {"machine_type": "g2-standard-24", "gpu": Gpu("nvidia-l4", 2)},
    ],
)
def test_a_machine_that_cant_is_a_conflict_with_a_request(change: dict[str, object]) -> None:
    resolution = resolved(minimal(pools=(pool(**change),)), deny(RULE, "compute.googleapis.com"))
    (conflict,) = resolution.conflicts
    assert "target.gke.pools[0].machineType" in conflict.fields
    assert "compute.googleapis.com" in conflict.request
    twin = resolved(minimal(pools=(pool(**change),)), on(TWIN))
    assert "matchTag" in twin.conflicts[0].request


def test_one_gpu_machine_can() -> None:
    gpu = pool(machine_type="a3-highgpu-1g", gpu=Gpu("nvidia-h100-80gb", 1))
    resolution = resolved(
        minimal(pools=(pool(confidential=Confidential.TDX, machine_type="c3-standard-8"), gpu)), on(TWIN)
    )
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.confidential_cluster is Confidential.TDX


def test_a_kind_the_machine_lacks_is_named() -> None:
    wrong = refused(resolved(minimal(pools=(pool(confidential=Confidential.TDX),))))
    assert "target.gke.pools[0].confidential" in wrong
    unknown = resolved(minimal(pools=(pool(machine_type="z9", confidential=Confidential.SEV),)))
    assert "not known here" in unknown.conflicts[0].problem


def test_autopilot_contradicts_a_demand() -> None:
    platform = minimal(mode=GkeMode.AUTOPILOT)
    assert resolved(platform).conflicts == ()
    assert "target.gke.mode" in refused(resolved(platform, deny(RULE, "container.googleapis.com")))


def test_a_custom_constraint_on_the_clusters_field_sets_it() -> None:
    rule = CustomConstraint(
        "custom.confidential",
        ("container.googleapis.com/Cluster",),
        ("CREATE",),
        "resource.confidentialNodes.enabled == false",
        True,
        "",
        "custom.json",
    )
    resolution = resolved_with(minimal(), facts(custom=(rule,)))
    assert resolution.gke is not None
    assert resolution.gke.confidential_cluster is Confidential.SEV
