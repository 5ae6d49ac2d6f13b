"""Identities of pods: Workload Identity, or a contradiction that is named; weaker ways by waiver."""

from dataclasses import replace

import pytest

from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.decision import Source
from rayfence.model.gke import GkeMode, NodePool
from rayfence.model.orgpolicy import CustomConstraint
from rayfence.model.tenancy import Grant, WorkloadIdentity
from rayfence.policy.identity.workload import DEMANDED, DISABLED, KEYS
from tests.unit.policy.platforms import (
    VISION,
    article,
    decision,
    facts,
    minimal,
    on,
    open_question,
    refused,
    resolved,
    resolved_with,
    waiver,
)


def tenant(platform: ClusterPlatform, **changes: object) -> ClusterPlatform:
    return replace(platform, tenants=(replace(VISION, **changes),))  # type: ignore[arg-type]


def waived(platform: ClusterPlatform, *controls: str) -> ClusterPlatform:
    return replace(platform, waivers=tuple(waiver(control) for control in controls))


def test_on_by_default_and_where_demanded() -> None:
    resolution = resolved(minimal(), on(DEMANDED))
    assert resolution.gke is not None
    assert resolution.gke.workload_pool == "acme-ml.svc.id.goog"
    assert resolution.kubernetes.metadata_server
    assert decision(resolution, "gke.workload_pool").rules == (DEMANDED,)
    assert not resolved(minimal(mode=GkeMode.AUTOPILOT)).kubernetes.metadata_server


def test_forbidden_and_needed_is_a_contradiction_with_its_parties() -> None:
    both = resolved(article(), on(DISABLED), on(DEMANDED))
    (conflict,) = both.conflicts
    assert conflict.rules == (DISABLED, DEMANDED)
    assert "tenants[0].access" in conflict.fields
    assert "matchTag('1/rayfence-exception'" in conflict.request
    assert "target.gke.mode" in refused(resolved(minimal(mode=GkeMode.AUTOPILOT), on(DISABLED)))
    rule = CustomConstraint(
        "custom.gkeRequireGKEMetadataServer",
        ("container.googleapis.com/NodePool",),
        ("CREATE",),
        "resource.config.workloadMetadataConfig.mode != 'GKE_METADATA'",
        True,
        "",
        "custom.json",
    )
    assert rule.name in refused(resolved_with(minimal(), replace(facts(on(DISABLED)), custom=(rule,))))


def test_forbidden_and_not_needed_takes_a_waiver() -> None:
    assert DISABLED in refused(resolved(minimal(), on(DISABLED)))
    resolution = resolved(waived(minimal(), "workload-identity"), on(DISABLED))
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.workload_pool is None
    assert not resolution.kubernetes.metadata_server
    off = decision(resolution, "gke.workload_pool")
    assert (off.source, off.rules) == (Source.WAIVER, ("workload-identity", DISABLED))


def test_undecided_is_neither() -> None:
    resolution = resolved(waived(minimal(), "workload-identity"), open_question(DISABLED))
    (conflict,) = resolution.conflicts
    assert "undecided" in conflict.problem
    assert resolution.gke is not None
    assert resolution.gke.workload_pool


def test_an_annotated_account_must_be_makeable() -> None:
    platform = tenant(minimal(), identity=WorkloadIdentity.ANNOTATED)
    assert resolved(platform).conflicts == ()
    assert "tenants[0].identity.mode" in refused(resolved(platform, on("iam.disableServiceAccountCreation")))


def test_acting_as_the_node_takes_a_pool_and_a_waiver() -> None:
    pools = (NodePool("a", None, 1, 2), NodePool("b", None, 0, 2, tenant="vision", node_identity=True))
    platform = tenant(minimal(pools=pools), identity=WorkloadIdentity.NODE)
    assert "node-identity" in refused(resolved(platform))
    assert resolved(waived(platform, "node-identity")).conflicts == ()
    shared = waived(tenant(minimal(), identity=WorkloadIdentity.NODE), "node-identity")
    assert "target.gke.pools" in refused(resolved(shared))


def test_a_key_file_takes_a_waiver_an_age_and_leave() -> None:
    platform = tenant(minimal(), identity=WorkloadIdentity.KEY_FILE, key_max_age_days=30)
    assert "service-account-key" in refused(resolved(platform))
    accepted = waived(platform, "service-account-key")
    assert resolved(accepted).conflicts == ()
    for rule in KEYS:
        assert rule in refused(resolved(accepted, on(rule)))
    for age in (0, 91):
        old = replace(accepted, tenants=(replace(accepted.tenants[0], key_max_age_days=age),))
        assert "tenants[0].identity.maxAgeDays" in refused(resolved(old))


@pytest.mark.parametrize("role", ["admin", "roles/storage.admin", "dataOwner"])
def test_grants_that_can_be_handed_on_take_a_waiver(role: str) -> None:
    platform = tenant(minimal(), access=(Grant("storage", "bucket", role),))
    assert "admin-grant" in refused(resolved(platform))
    assert resolved(waived(platform, "admin-grant")).conflicts == ()


def test_basic_roles_are_refused_whatever_is_waived() -> None:
    platform = tenant(minimal(), access=(Grant("storage", "bucket", "roles/editor"),))
    assert "tenants[0].access[0].role" in refused(resolved(platform))
