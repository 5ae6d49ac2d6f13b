"""One at a time: taken, renewed, given back, taken over from the dead, and never from the living."""

import pytest

from rayfence.apply.kubernetes.lease import LEASE, NAME, SECONDS, HeldLease, take
from rayfence.apply.kubernetes.state import state_manifests
from rayfence.errors import Busy
from rayfence.model.api_objects import text_at
from tests.sim.kubernetes.cluster import SimCluster

HOME = "ml-rayfence"


def _cluster() -> SimCluster:
    cluster = SimCluster()
    cluster.put(dict(state_manifests("ml")[0].object))
    return cluster


def _holder(cluster: SimCluster) -> str:
    return text_at(cluster.get(LEASE, NAME, HOME), "spec", "holderIdentity")


def test_it_is_taken_and_given_back() -> None:
    cluster, told = _cluster(), list[str]()
    lease = take(cluster, "ml", "ada", cluster.clock, told.append)
    assert _holder(cluster) == "ada" and told == []
    lease.release()
    assert cluster.get(LEASE, NAME, HOME) is None


def test_who_lives_is_not_taken_over() -> None:
    cluster, told = _cluster(), list[str]()
    first = take(cluster, "ml", "ada", cluster.clock, told.append)
    cluster.clock.beside.append(first.renew)
    with pytest.raises(Busy, match="another command is at work on ml: ada"):
        take(cluster, "ml", "bob", cluster.clock, told.append)
    assert told == ["waiting for ada, which holds the lease since 2026-11-26T12:00:00.000000Z"]
    assert _holder(cluster) == "ada" and sum(cluster.clock.slept) < SECONDS


def test_who_died_is_taken_over_when_the_lease_has_run_out() -> None:
    cluster, told = _cluster(), list[str]()
    take(cluster, "ml", "ada", cluster.clock, told.append)
    lease = take(cluster, "ml", "bob", cluster.clock, told.append)
    assert _holder(cluster) == "bob" and sum(cluster.clock.slept) == SECONDS
    assert "taking over from ada" in told[-1]
    lease.release()


def test_who_lost_it_stops() -> None:
    cluster = _cluster()
    first = take(cluster, "ml", "ada", cluster.clock, print)
    cluster.clock.sleep(SECONDS + 1)  # a laptop that slept
    second = take(cluster, "ml", "bob", cluster.clock, print)
    with pytest.raises(Busy, match="taken the work over"):
        first.renew()
    first.release()
    assert _holder(cluster) == "bob"
    second.renew()


def test_it_is_renewed_only_when_that_is_due() -> None:
    cluster = _cluster()
    lease = take(cluster, "ml", "ada", cluster.clock, print)
    cluster.writes.clear()
    for _ in range(10):
        cluster.clock.sleep(3)
        lease.renew()
    assert 2 <= len(cluster.writes) <= 4


def test_two_that_find_a_dead_one_s_lease_do_not_both_get_it() -> None:
    cluster = _cluster()
    take(cluster, "ml", "dead", cluster.clock, print)
    cluster.clock.sleep(SECONDS + 1)
    others: list[HeldLease] = []

    def quicker(verb: str, _value: object) -> None:
        if verb == "replace" and not others:
            cluster.faults.clear()
            others.append(take(cluster, "ml", "quick", cluster.clock, print))
            cluster.clock.beside.append(others[0].renew)

    cluster.faults.append(quicker)
    with pytest.raises(Busy):
        take(cluster, "ml", "slow", cluster.clock, print)
    assert _holder(cluster) == "quick"


def test_a_lease_that_says_nothing_readable_has_run_out() -> None:
    cluster = _cluster()
    take(cluster, "ml", "ada", cluster.clock, print)
    cluster.find(f"Lease {HOME}/{NAME}")["spec"] = {"renewTime": "yesterday"}
    take(cluster, "ml", "bob", cluster.clock, print)
    assert _holder(cluster) == "bob" and cluster.clock.slept == []
