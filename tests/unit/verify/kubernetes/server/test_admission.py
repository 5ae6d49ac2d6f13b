"""Dry runs: what must be refused, by whom, and the allowed form beside it."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from rayfence.errors import Forbidden, Refused
from rayfence.model.api_objects import Json, namespace_of
from rayfence.model.evidence import Evidence
from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.server.admission import Attempt, admission_rows, attempts
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.stand import two_tenants

IMAGE = f"registry.example.com/ray/gateway@sha256:{'1' * 64}"
Check = Callable[[str, Json], None]


def tried(tenant: str = "vision") -> tuple[Attempt, ...]:
    objects = [one.object for one in two_tenants().manifests if namespace_of(one.object) == tenant]
    return tuple(attempts(objects, tenant, IMAGE, "00000000"))


def cluster(*checks: Check) -> SimCluster:
    found = SimCluster()
    for name in ("vision", "speech"):
        found.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    found.admission += checks
    return found


def rows(sim: SimCluster, *wanted: Attempt) -> dict[str, Evidence]:
    found = admission_rows(sim, sim.kinds(), "research", wanted or tried(), lambda _: True)
    return {row.attack: row for row in found}


def guarded(attempts_: tuple[Attempt, ...], words: str) -> Check:
    """A server that refuses every bad object of these, and nothing else."""
    bad = [plain(one.bad) for one in attempts_]

    def check(verb: str, value: Json) -> None:
        if plain(value) in bad:
            raise Refused(f"{verb}: {words}", "Forbidden")

    return check


def plain(value: object) -> object:
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


OURS = "ValidatingAdmissionPolicy 'rayfence-research-rayclusters' with binding … denied request: no"


def test_refused_by_our_policy_and_allowed_otherwise_is_a_pass_and_nothing_is_kept() -> None:
    sim = cluster(guarded(tried(), OURS))
    before = sim.references()
    found = rows(sim)
    assert len(found) > 20
    assert {row.verdict for row in found.values()} == {Verdict.PASS}
    assert sim.references() == before


def test_accepted_is_a_hole_that_names_the_policy() -> None:
    found = rows(cluster())
    hole = found["admission.vision.raycluster.auth-empty"]
    assert hole.verdict is Verdict.FAIL
    assert hole.fix == "ValidatingAdmissionPolicy rayfence-research-rayclusters, or its binding"
    assert hole.field == "spec.authOptions"
    assert found["admission.vision.pod.membership"].fix.startswith(
        "ValidatingAdmissionPolicy rayfence-research-membership"
    )


def test_refused_by_something_else_proves_nothing() -> None:
    found = rows(cluster(guarded(tried(), "exceeded quota: tenant")))
    assert {row.verdict for row in found.values()} == {Verdict.UNKNOWN}
    assert "exceeded quota" in next(iter(found.values())).seen


def test_pod_security_is_a_refusal_too() -> None:
    found = rows(cluster(guarded(tried(), 'violates PodSecurity "restricted:latest"')))
    assert {row.verdict for row in found.values()} == {Verdict.PASS}


def test_a_server_that_refuses_everything_passes_nothing() -> None:
    def no(verb: str, value: Json) -> None:
        raise Refused(f"{verb} {value['kind']}: {OURS}", "Forbidden")

    found = rows(cluster(no))
    assert {row.verdict for row in found.values()} == {Verdict.UNKNOWN}
    assert "allowed form did not pass" in next(iter(found.values())).control


def test_without_the_right_to_try_it_is_unknown() -> None:
    def no(verb: str, value: Json) -> None:
        raise Forbidden(f"{verb} {value['kind']}: cannot patch")

    assert {row.verdict for row in rows(cluster(no)).values()} == {Verdict.UNKNOWN}


def test_a_kind_that_is_not_there_is_unknown() -> None:
    sim = cluster()
    del sim.available["ray.io/v1", "RayCluster"]
    assert rows(sim)["admission.vision.raycluster.unpinned"].verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(("tenant", "kinds"), [("vision", {"RayCluster"}), ("speech", {"RayCronJob", "RayService"})])
def test_each_kind_of_ray_object_of_the_tenant_is_tried_and_each_change_is_one(tenant: str, kinds: set[str]) -> None:
    found = tried(tenant)
    assert {str(one.good["kind"]) for one in found} == {*kinds, "Pod", "Service"}
    assert len({one.id for one in found}) == len(found)
    for one in found:
        assert plain(one.good) != plain(one.bad), one.id
        metadata: Any = one.bad["metadata"]
        assert metadata["name"] == "verify-00000000"


def test_only_what_was_asked_for_is_sent() -> None:
    sim = cluster()
    found = list(admission_rows(sim, sim.kinds(), "research", tried(), lambda name: name.endswith("pod.unpinned")))
    assert [row.attack for row in found] == ["admission.vision.pod.unpinned"]
    assert len([call for call in sim.calls if call[0] == "apply"]) == 2


def test_without_an_image_no_pods_are_tried() -> None:
    assert {one.good["kind"] for one in attempts([], "vision", None, "0")} == {"Service"}
