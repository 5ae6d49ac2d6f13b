"""Twin of rayfence.verify.cluster_posture: for each control what passes, what fails, and what is not known."""

from dataclasses import replace

import pytest

from rayfence.model.live import ObjectDrift, ObjectKey, ObjectState
from rayfence.model.verdict import Verdict
from rayfence.verify.cluster_posture import (
    CONTROLS,
    ClusterSightings,
    GatewaySighting,
    RayObjectSighting,
    cluster_posture,
)
from rayfence.verify.posture import LeafSighting

FINE = ClusterSightings(
    parts=(("operator", "ready"), ("vision/cluster-train", "ready")),
    wanted={"NetworkPolicy": 4, "ValidatingAdmissionPolicy": 2, "ResourceQuota": 1, "Role": 3},
    drift=(),
    missing_secrets=(),
    ray=(RayObjectSighting("cluster-train", "2.60.0", "token", tls=True),),
    ray_floor="2.52.0",
    operator="1.7.0",
    gateways=(GatewaySighting("vision", 401, 421),),
    leaves=(LeafSighting("vision-gateway/gateway-tls", 2000, 1080, hot=True),),
    last=("complete", "2026-11-26T06:00:00Z", "admin", "d1"),
    digest="d1",
    enforced=True,
)


def drift(kind: str, state: ObjectState = ObjectState.CHANGED) -> tuple[ObjectDrift, ...]:
    return (ObjectDrift(ObjectKey("", kind, "vision", "a"), state, "g", 1),)


def verdict(control: str, seen: ClusterSightings) -> tuple[Verdict, str]:
    row = next(row for row in cluster_posture(seen) if row.control == control)
    return row.verdict, row.evidence


def test_what_is_fine_passes_and_what_was_not_looked_at_does_not() -> None:
    rows = {row.control: row.verdict for row in cluster_posture(FINE)}
    assert list(rows) == [control for control, _, _ in CONTROLS]
    unknown = {control for control, found in rows.items() if found is not Verdict.PASS}
    assert unknown == {"kubernetes.enforcement", "trail"}
    assert {rows[control] for control in unknown} == {Verdict.UNKNOWN}


@pytest.mark.parametrize(
    ("control", "changes", "words"),
    [
        ("platform.parts", {"parts": ()}, "nothing"),
        ("platform.parts", {"parts": (("a", "ready"), ("b", "failed"))}, "b failed"),
        ("platform.applied", {"last": None}, "no receipt"),
        ("platform.applied", {"last": ("failed", "t", "ada", "d1")}, "failed at t by ada"),
        ("platform.applied", {"digest": "d2"}, "another spec"),
        ("platform.applied", {"drift": drift("Service")}, "Service vision/a"),
        ("ray.version", {"ray": (RayObjectSighting("t", "2.40.1", "token", tls=True),)}, "t 2.40.1"),
        ("ray.version", {"ray": (RayObjectSighting("t", "nightly", "token", tls=True),)}, "t nightly"),
        ("ray.token", {"ray": (RayObjectSighting("t", "2.60.0", "", tls=True),)}, "no mode"),
        ("ray.mtls", {"ray": (RayObjectSighting("t", "2.60.0", "token", tls=False),)}, "1.7"),
        ("kubernetes.admission", {"drift": drift("ValidatingAdmissionPolicy", ObjectState.MISSING)}, "missing"),
        ("kubernetes.network", {"drift": drift("NetworkPolicy")}, "changed NetworkPolicy"),
        ("kubernetes.enforcement", {"enforced": False}, "datapath"),
        ("kubernetes.bounds", {"drift": drift("ResourceQuota")}, "ResourceQuota"),
        ("kubernetes.rights", {"drift": drift("Role")}, "Role"),
        ("gateway.identity", {"gateways": (GatewaySighting("vision", 200, 421),)}, "200"),
        ("gateway.hosts", {"gateways": (GatewaySighting("vision", 401, 404),)}, "404"),
        ("certificates", {"leaves": (LeafSighting("a", -1, 10, hot=True),)}, "expired: a"),
        ("certificates", {"leaves": (LeafSighting("a", 5, 10, hot=True),)}, "renewed: a"),
        ("secrets", {"missing_secrets": ("Secret x/y",)}, "Secret x/y"),
        ("secrets", {"drift": drift("Secret")}, "others wrote"),
    ],
)
def test_what_is_wrong_fails_by_name(control: str, changes: dict[str, object], words: str) -> None:
    found, evidence = verdict(control, replace(FINE, **changes))  # type: ignore[arg-type]
    assert found is Verdict.FAIL and words in evidence


@pytest.mark.parametrize(
    ("control", "changes"),
    [
        ("platform.applied", {"drift": drift("Service", ObjectState.UNKNOWN)}),
        ("ray.version", {"ray": ()}),
        ("ray.token", {"ray": ()}),
        ("ray.mtls", {"ray": ()}),
        ("kubernetes.network", {"drift": drift("NetworkPolicy", ObjectState.UNKNOWN)}),
        ("gateway.identity", {"gateways": ()}),
        ("gateway.hosts", {"gateways": (GatewaySighting("vision", None, None, "no pod is ready"),)}),
        ("certificates", {"leaves": None}),
        ("certificates", {"leaves": ()}),
        ("secrets", {"missing_secrets": None}),
    ],
)
def test_what_could_not_be_looked_at_is_unknown(control: str, changes: dict[str, object]) -> None:
    assert verdict(control, replace(FINE, **changes))[0] is Verdict.UNKNOWN  # type: ignore[arg-type]


def test_what_the_spec_does_not_ask_for_is_not_applicable() -> None:
    assert verdict("kubernetes.bounds", replace(FINE, wanted={}))[0] is Verdict.NOT_APPLICABLE


def test_long_lists_are_cut_and_counted() -> None:
    many = tuple((f"p{number}", "failed") for number in range(9))
    assert verdict("platform.parts", replace(FINE, parts=many))[1].endswith("and 6 more")
