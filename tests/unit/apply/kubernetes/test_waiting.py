"""Waiting: for the real condition, with progress, an end, and patience with a server that restarts."""

from typing import Any

import pytest

from rayfence.apply.kubernetes.look import Seen
from rayfence.apply.kubernetes.waiting import NotReady, Wait, await_gone, await_ready
from rayfence.errors import Busy, ServerUnreachable
from rayfence.model.api_objects import Json
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.kinds import KINDS


def _wait(cluster: SimCluster, told: list[str] | None = None, deadline: float = 60.0) -> Wait:
    said = told if told is not None else []
    return Wait(cluster, Seen(KINDS, (), {}, ()), cluster.clock, said.append, lambda: None, deadline)


def _deployment(cluster: SimCluster, name: str = "d") -> dict[str, Any]:
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": {}}
    labels = {"app.kubernetes.io/managed-by": "rayfence"}
    metadata = {"name": name, "namespace": "default", "labels": labels}
    return cluster.put({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})


def _ready_after(cluster: SimCluster, seconds: float, *names: str) -> None:
    began = cluster.clock.monotonic()

    def step() -> None:
        if cluster.clock.monotonic() - began >= seconds:
            for name in names:
                counts = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "observedGeneration": 1}
                cluster.find(f"Deployment default/{name}")["status"] = counts

    cluster.clock.beside.append(step)


def test_it_ends_when_all_are_ready_and_tells_each_reason_once() -> None:
    cluster, told = SimCluster(), list[str]()
    values = [_deployment(cluster, name) for name in ("a", "b", "c", "d", "e")]
    _ready_after(cluster, 20, "a", "b", "c", "d", "e")
    await_ready(_wait(cluster, told), values)
    assert 20 <= sum(cluster.clock.slept) < 30 and len(told) == 5
    assert told[0].startswith("waiting for Deployment default/a: ")


def test_what_has_no_condition_is_ready_at_once() -> None:
    cluster = SimCluster()
    value = cluster.put({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "default"}})
    await_ready(_wait(cluster), [value])
    await_ready(_wait(cluster), [])
    assert cluster.clock.slept == []


def test_the_deadline_ends_it_with_the_reason() -> None:
    cluster = SimCluster()
    with pytest.raises(NotReady, match="Deployment default/d: ") as caught:
        await_ready(_wait(cluster, deadline=10), [_deployment(cluster)])
    assert caught.value.left == ("Deployment default/d",) and 10 <= sum(cluster.clock.slept) < 16


def test_what_is_deleted_meanwhile_is_a_failure() -> None:
    cluster = SimCluster()
    value = _deployment(cluster)
    cluster.clock.beside.append(cluster.objects.clear)
    with pytest.raises(NotReady, match="was deleted"):
        await_ready(_wait(cluster), [value])


def test_a_server_that_restarts_is_waited_for_and_one_that_stays_away_is_not() -> None:
    cluster = SimCluster()
    value = _deployment(cluster)
    _ready_after(cluster, 5, "d")
    away = 30.0
    began = cluster.clock.monotonic()

    def fault(verb: str, _value: Json) -> None:
        if cluster.clock.monotonic() - began < away:
            raise ServerUnreachable("restarting")

    cluster.faults.append(fault)
    await_ready(_wait(cluster), [value])
    away = 10_000.0
    with pytest.raises(ServerUnreachable):
        await_ready(_wait(cluster, deadline=600), [_deployment(cluster, "other")])
    assert sum(cluster.clock.slept) < 150


def test_a_lost_lease_ends_it() -> None:
    cluster = SimCluster()

    def lost() -> None:
        raise Busy("taken over")

    wait = Wait(cluster, Seen(KINDS, (), {}, ()), cluster.clock, print, lost, 60.0)
    with pytest.raises(Busy):
        await_ready(wait, [_deployment(cluster)])
    with pytest.raises(Busy):
        await_gone(wait, [_deployment(cluster, "e")])


def test_another_object_of_the_same_name_counts_as_gone() -> None:
    cluster = SimCluster()
    old = dict(_deployment(cluster))
    del cluster.objects["apps/v1", "Deployment", "default", "d"]
    _deployment(cluster)
    await_gone(_wait(cluster), [old])
    assert cluster.clock.slept == []
