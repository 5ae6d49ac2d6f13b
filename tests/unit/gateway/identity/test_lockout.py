"""Lock-out: counted before the check, longer each time, kept across a restart, bounded in memory."""

from pathlib import Path

import pytest

from rayfence.gateway.identity import lockout as module
from rayfence.gateway.identity.lockout import MEMORY, Lock, Lockout


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def make(tmp_path: Path, clock: Clock) -> Lockout:
    """Three failures lock for a minute."""
    return Lockout(tmp_path / "lockouts.json", failures=3, seconds=60, clock=clock)


def test_the_limit_locks_and_each_further_failure_doubles(tmp_path: Path) -> None:
    clock = Clock()
    lockout = make(tmp_path, clock)
    assert [lockout.attempt("alice", "s") for _ in range(4)] == [0, 0, 0, 60]
    clock.now += 60
    assert [lockout.attempt("alice", "s") for _ in range(2)] == [0, 120]
    clock.now += 120
    for _ in range(10):
        assert lockout.attempt("alice", "s") == 0
        clock.now += lockout.attempt("alice", "s")
    assert lockout.attempt("alice", "s") == 0
    assert lockout.attempt("alice", "s") == 60 * MEMORY


def test_success_starts_afresh_and_pairs_are_apart(tmp_path: Path) -> None:
    lockout = make(tmp_path, Clock())
    for _ in range(2):
        lockout.attempt("alice", "s")
    lockout.succeeded("alice", "s")
    assert [lockout.attempt("alice", "s") for _ in range(4)] == [0, 0, 0, 60]
    assert lockout.attempt("alice", "other") == 0
    assert lockout.attempt("bob", "s") == 0


@pytest.mark.parametrize(
    ("sources", "one"),
    [
        (("127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.9"), True),
        (("2001:db8::1", "2001:db8::ffff:0:1"), True),
        (("2001:db8::1", "2001:db8:0:1::1"), False),
        (("10.0.0.1", "10.0.0.2"), False),
        (("10.0.0.1", "::ffff:10.0.0.1"), True),
    ],
)
def test_addresses_that_one_attacker_has_by_the_million_are_one_source(
    tmp_path: Path, sources: tuple[str, ...], one: bool
) -> None:
    """Every local process may speak from any of the 16 million addresses of loopback."""
    lockout = make(tmp_path, Clock())
    for _ in range(3):
        lockout.attempt("alice", sources[0])
    again = Lockout(tmp_path / "lockouts.json", failures=3, seconds=60, clock=Clock())
    for place in (lockout, again):
        assert [bool(place.attempt("alice", source)) for source in sources[1:]] == [one] * (len(sources) - 1)


def test_old_failures_are_forgotten(tmp_path: Path) -> None:
    clock = Clock()
    lockout = make(tmp_path, clock)
    for _ in range(2):
        lockout.attempt("alice", "s")
    clock.now += 60 * MEMORY + 1
    assert [lockout.attempt("alice", "s") for _ in range(3)] == [0, 0, 0]


def test_a_lock_survives_a_restart_but_not_its_time(tmp_path: Path) -> None:
    clock = Clock()
    lockout = make(tmp_path, clock)
    for _ in range(3):
        lockout.attempt("alice", "s")
    assert make(tmp_path, clock).attempt("alice", "s") == 60
    clock.now -= 1e6  # set back: no lock for weeks
    assert make(tmp_path, clock).attempt("alice", "s") <= 60 * MEMORY
    clock.now += 1e6 + 61
    assert make(tmp_path, clock).attempt("alice", "s") == 0


@pytest.mark.parametrize("text", ["", "[]", '{"locks": [["alice"]]}', '{"locks": 3}'])
def test_a_damaged_list_is_dropped(tmp_path: Path, text: str) -> None:
    (tmp_path / "lockouts.json").write_text(text, encoding="utf-8")
    assert make(tmp_path, Clock()).attempt("alice", "s") == 0


def test_made_up_names_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAIR_LIMIT", 10)
    lockout = make(tmp_path, Clock())
    for number in range(50):
        lockout.attempt(f"user{number}", "s")
    assert len(lockout._counts) == 10


def test_a_disk_that_is_full_does_not_open_the_door(tmp_path: Path) -> None:
    lockout = Lockout(tmp_path / "gone" / "lockouts.json", failures=1, seconds=60, clock=Clock())
    assert [lockout.attempt("alice", "s") for _ in range(2)] == [0, 60]


def test_a_lock_is_told_and_one_of_another_replica_is_taken(tmp_path: Path) -> None:
    clock = Clock()
    told: list[Lock] = []
    one = Lockout(tmp_path / "one.json", failures=3, seconds=60, clock=clock, on_lock=told.append)
    two = Lockout(tmp_path / "two.json", failures=3, seconds=60, clock=clock)
    assert [one.attempt("alice", "10.0.0.1") for _ in range(3)] == [0, 0, 0]
    assert told == [Lock("alice", "10.0.0.1", 3, clock.now + 60)]
    two.take(told)
    assert two.attempt("alice", "10.0.0.1") == 60
    assert two.attempt("alice", "10.0.0.2") == 0
    clock.now += 61
    assert two.attempt("alice", "10.0.0.1") == 0
    two.take([Lock("bob", "n", 3, clock.now + 1e9), Lock("carol", "n", 3, clock.now - 1)])
    assert two.attempt("bob", "n") == MEMORY * 60
    assert two.attempt("carol", "n") == 0
