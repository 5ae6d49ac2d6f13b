"""Taking objects away in order."""

from typing import Any

import pytest

from rayfence.apply.kubernetes.look import Seen
from rayfence.apply.kubernetes.removal import remove
from rayfence.apply.kubernetes.waiting import NotReady, Wait
from rayfence.model.receipt import Deed, Done
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.kinds import KINDS


def _wait(cluster: SimCluster, told: list[str], guarded: list[None] | None = None) -> Wait:
    def guard() -> None:
        if guarded is not None:
            guarded.append(None)

    return Wait(cluster, Seen(KINDS, (), {}, ()), cluster.clock, told.append, guard, 30.0)


def _put(cluster: SimCluster, kind: str, name: str, version: str = "v1", **metadata: Any) -> dict[str, Any]:
    home = {} if kind == "Namespace" else {"namespace": "x"}
    return cluster.put({"apiVersion": version, "kind": kind, "metadata": {"name": name, **home, **metadata}})


def test_kinds_that_hold_others_are_waited_for_before_the_next_goes() -> None:
    cluster, done = SimCluster(), list[Done]()
    space = _put(cluster, "Namespace", "x")
    ray = _put(cluster, "RayCluster", "r", "ray.io/v1", finalizers=["ray.io/x"])
    role = _put(cluster, "ConfigMap", "c")

    def operator() -> None:
        if ray["metadata"].get("finalizers") and "deletionTimestamp" in ray["metadata"]:
            assert "ConfigMap x/c" in cluster.references()
            ray["metadata"]["finalizers"] = []
        cluster.collect()

    cluster.clock.beside.append(operator)
    guarded: list[None] = []
    remove(_wait(cluster, [], guarded), [ray, role, space], done.append)
    assert [(item.reference, item.deed) for item in done] == [
        ("RayCluster x/r", Deed.REMOVED),
        ("ConfigMap x/c", Deed.REMOVED),
        ("Namespace x", Deed.REMOVED),
    ]
    assert not [name for name in cluster.references() if " x" in name] and len(guarded) > 3


def test_what_is_marked_stays_and_holds_its_namespace() -> None:
    cluster, done, told = SimCluster(), list[Done](), list[str]()
    space = _put(cluster, "Namespace", "x")
    kept = _put(cluster, "ConfigMap", "k", annotations={"rayfence.dev/retain": "true"})
    remove(_wait(cluster, told), [kept, space], done.append)
    assert [item.deed for item in done] == [Deed.KEPT, Deed.KEPT] and cluster.writes == []
    assert told == ["kept ConfigMap x/k", "kept Namespace x"]


def test_what_is_being_deleted_is_waited_for_and_not_counted() -> None:
    cluster, done = SimCluster(), list[Done]()
    value = _put(cluster, "ConfigMap", "c", finalizers=["a"])
    cluster.delete(KINDS["v1", "ConfigMap"], "c", "x", uid=value["metadata"]["uid"])
    live = cluster.find("ConfigMap x/c")

    def vanish() -> None:
        cluster.objects.pop(("v1", "ConfigMap", "x", "c"), None)

    cluster.clock.beside.append(vanish)
    remove(_wait(cluster, []), [live], done.append)
    assert done == []


def test_what_does_not_go_in_time_is_named() -> None:
    cluster = SimCluster()
    value = _put(cluster, "ConfigMap", "c", finalizers=["example.com/x"])
    with pytest.raises(NotReady, match=r"ConfigMap x/c: is still there \(finalizers example.com/x\)"):
        remove(_wait(cluster, []), [value], lambda _: None)
