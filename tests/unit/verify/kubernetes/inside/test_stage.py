"""The probe's life: made, waited for, read, and gone, whatever was there before."""

from dataclasses import replace
from typing import Any

import pytest

from rayfence.errors import Forbidden, NotReadyProbe, Refused
from rayfence.model.api_objects import Json
from rayfence.verify.kubernetes.inside.crew import PART, PROBE, Member, members_of, pod
from rayfence.verify.kubernetes.inside.stage import Stage
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.controllers import SimControllers
from tests.sim.kubernetes.probes import SimProbes

IMAGE = f"r/gateway@sha256:{'1' * 64}"


def stage() -> tuple[Stage, SimProbes]:
    sim = SimCluster()
    SimControllers(sim)
    sim.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vision"}})
    probes = SimProbes(sim)
    return Stage(sim, sim.kinds(), sim.clock, lambda _: None, sim.log, "ml", ("vision",), "rfv:"), probes


def member(part: str) -> Member:
    return next(one for one in members_of("ml", "0a", ("vision",)) if one.part == part)


def made(part: str) -> dict[str, Any]:
    wish = {"listen": 8080, "seconds": 1} if part in ("open", "closed") else {
        "mark": "rfv:", "targets": {}, "requests": {}, "greetings": {},
    }  # fmt: skip
    return pod(member(part), "ml", IMAGE, "code", wish, {})


def test_opened_used_and_cleared_nothing_is_left() -> None:
    where, probes = stage()
    before = set(probes.cluster.references())
    where.open()
    where.start(made("open"))
    where.start(made("neighbour"))
    where.start(made("tenant"))
    assert where.address(member("open")).startswith("10.9.0.")
    assert where.outcome(member("neighbour")).problem == ""
    assert where.clear() == ()
    usual = ("ServiceAccount ", "ConfigMap ")  # what every namespace gets
    assert [name for name in probes.cluster.references() if name not in before and not name.startswith(usual)] == []
    assert where.clear() == ()


def test_what_a_crash_left_goes_first() -> None:
    where, probes = stage()
    where.open()
    where.start(made("tenant"))
    where.start(made("open"))
    replace(where, mark="rfv2:").open()
    assert [name for name in probes.cluster.references() if name.startswith("Pod ")] == []
    assert "Namespace ml-probe" in probes.cluster.references()


def test_pods_of_others_and_a_foreign_namespace_of_our_name_stay() -> None:
    where, probes = stage()
    labels = {PROBE: "another", PART: "open"}
    probes.cluster.put(
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x", "namespace": "vision", "labels": labels}}
    )
    probes.cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ml-probe"}})
    assert where.clear() == ()
    assert {"Pod vision/x", "Namespace ml-probe"} <= set(probes.cluster.references())


def test_what_does_not_go_is_named_and_stops_the_next_run() -> None:
    where, probes = stage()
    where.open()
    where.start(made("tenant"))
    stuck = probes.cluster.find("Pod vision/verify-0a")
    stuck["metadata"]["finalizers"] = ["example.com/hold"]
    assert where.clear() == ("Pod vision/verify-0a",)
    with pytest.raises(NotReadyProbe, match="verify-0a"):
        where.open()


def test_without_the_right_to_delete_it_is_told_and_named() -> None:
    where, probes = stage()
    where.open()
    probes.cluster.denied |= {("delete", "namespaces")}
    told: list[str] = []
    lame = replace(where, report=told.append)
    assert set(lame.clear()) == {"Namespace ml-probe", "Namespace ml-probe-friend"}
    assert any("could not remove" in line for line in told)


def test_who_may_not_list_the_whole_cluster_finds_pods_of_the_tenants() -> None:
    where, probes = stage()
    where.open()
    where.start(made("tenant"))

    def narrow(verb: str, value: Json) -> None:
        metadata: Any = value.get("metadata") or {}
        if verb == "list" and value.get("kind") == "Pod" and not metadata.get("namespace"):
            raise Forbidden("cannot list pods in the whole cluster")

    probes.cluster.faults.append(narrow)
    assert where.clear() == ()
    assert "Pod vision/verify-0a" not in probes.cluster.references()


def test_a_new_namespaces_account_is_waited_for_other_refusals_are_not() -> None:
    where, probes = stage()
    where.open()
    asked = []

    def late(verb: str, value: Json) -> None:
        if verb == "create" and value.get("kind") == "Pod":
            asked.append(1)
            if len(asked) < 4:
                raise Refused(
                    'error looking up service account ml-probe/default: serviceaccount "default" not found', "X"
                )

    probes.cluster.faults.append(late)
    where.start(made("open"))
    assert len(asked) == 4

    def quota(verb: str, value: Json) -> None:
        if verb == "create" and value.get("kind") == "Pod":
            raise Refused("exceeded quota: tenant", "Forbidden")

    probes.cluster.faults[:] = [quota]
    with pytest.raises(Refused, match="quota"):
        where.start(made("tenant"))


def test_pods_that_never_run_end_early_or_vanish_say_why() -> None:
    where, probes = stage()
    where.open()
    probes.broken |= {"open": "Failed", "neighbour": "Failed"}
    where.start(made("open"))
    where.start(made("neighbour"))
    with pytest.raises(NotReadyProbe, match="ended"):
        where.address(member("open"))
    assert "Evicted" in where.outcome(member("neighbour")).problem
    assert "removed by somebody" in where.outcome(member("friend")).problem
    probes.broken["closed"] = "Pending"
    where.start(made("closed"))
    with pytest.raises(NotReadyProbe, match="after 120 s"):
        where.address(member("closed"))
