"""Twin of rayfence.gateway.pod.stateobject."""

import asyncio
import json
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.revocation import Revocation
from rayfence.errors import StateError
from rayfence.gateway.identity.lockout import Lock, Lockout
from rayfence.gateway.pod import stateobject as module
from rayfence.gateway.pod.stateobject import KEY, LIMIT, LOCK_LIMIT, Common, Shared, bounded, read_common
from rayfence.gateway.sessions.revocation import Revocations
from tests.sim.api_server import SimApi
from tests.unit.gateway.pod.pods import api_server, pod_settings

pytestmark = pytest.mark.anyio

NOW = int(time.time())


@dataclass(slots=True)
class Replica:
    """One replica's memory, and its end of the shared object."""

    shared: Shared
    revocations: Revocations
    lockout: Lockout


def replica(folder: Path, sim: SimApi) -> Replica:
    folder.mkdir()
    settings = pod_settings(folder)
    revocations = Revocations(folder / "revocations.json", folder / "envoy", longest=3600)
    lockout = Lockout(folder / "lockouts.json", failures=2, seconds=60)
    shared = Shared(api_server(settings, sim), settings, revocations, lockout, longest=3600)
    return Replica(shared, revocations, lockout)


def _covers(kept: tuple[Revocation, ...], one: Revocation) -> bool:
    """Whether what is kept refuses all that `one` refused."""
    entries = [entry for entry in kept if entry.subject == one.subject and entry.session in {"", one.session}]
    return any(entry.issued_before >= one.issued_before for entry in entries)


def test_what_is_written_can_be_read() -> None:
    common = Common((Revocation("a", 5, "s"), Revocation("b", 6)), (Lock("n", "loopback", 3, 9.5),))
    assert read_common(common.text()) == common
    assert read_common("") == Common()


@pytest.mark.parametrize("text", ["{", "[]", '{"revoked": []}', '{"revoked": [["a"]], "locks": []}'])
def test_a_damaged_object_is_no_empty_one(text: str) -> None:
    with pytest.raises(StateError, match="damaged"):
        read_common(text)


def test_what_has_expired_goes_and_the_latest_counts() -> None:
    common = Common(
        (Revocation("a", 10), Revocation("a", 90), Revocation("b", 5)),
        (Lock("x", "n", 3, 50.0), Lock("y", "n", 3, 200.0)),
    )
    assert bounded(common, 20, 100.0) == Common((Revocation("a", 90),), (Lock("y", "n", 3, 200.0),))


def test_a_full_object_gives_up_locks_then_sessions_and_no_revocation() -> None:
    many = tuple(Revocation(f"user{number % 40}", 100 + number, f"{number:032x}") for number in range(12_000))
    locks = tuple(Lock("x" * 60, f"10.0.{number // 250}.{number % 250}", 3, 999.0) for number in range(3 * LOCK_LIMIT))
    assert len(bounded(Common((), locks), 0, 0.0).locks) == LOCK_LIMIT
    kept = bounded(Common(many, locks), 0, 0.0)
    assert len(kept.text().encode()) <= LIMIT
    assert {one.subject for one in kept.revoked} == {one.subject for one in many}
    for one in many:
        assert any(
            entry.subject == one.subject
            and entry.session in {"", one.session}
            and entry.issued_before >= one.issued_before
            for entry in kept.revoked
        )
    with pytest.raises(OSError, match="full"):
        bounded(Common(tuple(Revocation(f"{number:0200d}", 100) for number in range(4000))), 0, 0.0)


ENTRIES = st.lists(
    st.builds(Revocation, st.sampled_from("abc"), st.integers(0, 200), st.sampled_from(["", "s1", "s2"])), max_size=12
)


@given(ENTRIES)
def test_bounding_never_lets_a_revoked_token_in_again(entries: list[Revocation]) -> None:
    kept = bounded(Common(tuple(entries)), 50, 0.0).revoked
    for entry in entries:
        if entry.issued_before >= 50:
            assert any(
                one.subject == entry.subject
                and one.session == entry.session
                and one.issued_before >= entry.issued_before
                for one in kept
            )


async def test_a_revocation_reaches_the_other_replica(tmp_path: Path) -> None:
    sim = SimApi()
    one, two = replica(tmp_path / "one", sim), replica(tmp_path / "two", sim)
    await one.shared.load()
    await two.shared.load()
    second = await one.shared.revoke("alice", "s" * 32)
    assert second > NOW
    await two.shared.load()
    assert [entry.subject for entry in two.revocations.entries()] == ["alice"]
    assert "alice" in (tmp_path / "two" / "envoy" / "ecds_revocations.yaml").read_text()
    assert two.shared.stale_seconds < 5


async def test_both_write_at_once_and_neither_is_lost(tmp_path: Path) -> None:
    sim = SimApi()
    one, two = replica(tmp_path / "one", sim), replica(tmp_path / "two", sim)
    await asyncio.gather(*(each.shared.revoke(f"user{number}", "") for number in range(10) for each in (one, two)))
    assert len(json.loads(sim.text())["revoked"]) == 10
    sim.conflicts = 3
    await one.shared.revoke("late", "")
    assert "late" in sim.text()
    sim.conflicts = 99
    with pytest.raises(OSError, match="faster"):
        await one.shared.revoke("never", "")


async def test_what_cant_be_stored_is_not_promised(tmp_path: Path) -> None:
    sim = SimApi()
    one = replica(tmp_path / "one", sim)
    await one.shared.load()
    sim.down = True
    with pytest.raises(OSError, match="reached"):
        await one.shared.revoke("alice", "")
    assert not one.revocations.entries()
    sim.down = False
    sim.put({KEY: "damaged"})
    with pytest.raises(OSError, match="damaged"):
        await replica(tmp_path / "two", sim).shared.revoke("alice", "")


async def test_a_lock_that_begins_is_told(tmp_path: Path) -> None:
    sim = SimApi()
    one, two = replica(tmp_path / "one", sim), replica(tmp_path / "two", sim)
    await one.shared.load()
    assert [one.lockout.attempt("mallory", "10.0.0.9") for _ in range(2)] == [0, 0]
    for _ in range(100):
        if "mallory" in sim.text():
            break
        await asyncio.sleep(0.01)
    await two.shared.load()
    assert two.lockout.attempt("mallory", "10.0.0.9") > 0
    assert two.lockout.attempt("mallory", "10.0.0.8") == 0


async def test_it_follows_and_outlives_failures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RETRY_SECONDS", 0.01)
    sim = SimApi()
    one = replica(tmp_path / "one", sim)
    sim.down = True
    task = asyncio.create_task(one.shared.run())
    await asyncio.sleep(0.05)
    sim.down = False
    sim.put({KEY: Common((Revocation("alice", NOW + 5),)).text()})
    for _ in range(300):
        if one.revocations.entries():
            break
        await asyncio.sleep(0.01)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert [entry.subject for entry in one.revocations.entries()] == ["alice"]
