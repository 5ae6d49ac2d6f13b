"""Revocations hold across restarts, reach Envoy's file at once, and go when they can no longer matter."""

import os
from pathlib import Path

import pytest

from rayfence.access.principal import Principal
from rayfence.access.revocation import REVOCATIONS_FILE, Revocation, revocations_text
from rayfence.errors import StateError
from rayfence.gateway.files import write_private
from rayfence.gateway.sessions.revocation import SKEW, Revocations


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = 1_000_000.5

    def __call__(self) -> float:
        """The time."""
        return self.now


def make(folder: Path, clock: Clock) -> Revocations:
    """Tokens live for an hour at most."""
    return Revocations(folder / "revocations.json", folder, longest=3600, clock=clock)


def token(issued: int, session: str = "s1", subject: str = "alice") -> Principal:
    """A token by when it was issued."""
    return Principal(subject, frozenset(), frozenset(), session=session, issued_at=issued)


def test_a_subject_or_one_session(tmp_path: Path) -> None:
    revocations = make(tmp_path, Clock())
    assert revocations.revoke("alice", "s1") == 1_000_001
    assert revocations.covers(token(1_000_000))
    assert not revocations.covers(token(1_000_000, "s2"))
    assert not revocations.covers(token(1_000_001))
    assert revocations.not_before("alice") == 0
    revocations.revoke("alice")
    assert revocations.covers(token(1_000_000, "s2"))
    assert not revocations.covers(token(1_000_000, subject="bob"))
    assert revocations.not_before("alice") == 1_000_001


def test_again_within_the_same_second_covers_what_was_minted_between(tmp_path: Path) -> None:
    revocations = make(tmp_path, Clock())
    minted = token(revocations.revoke("alice"))
    assert not revocations.covers(minted)
    revocations.revoke("alice")
    assert revocations.covers(minted)


def test_a_log_out_right_after_all_tokens_were_voided_covers_the_new_session(tmp_path: Path) -> None:
    # A log-in in that very second carries the second of the revocation, which lies in the future.
    revocations = make(tmp_path, Clock())
    minted = token(revocations.revoke("alice"), "s2")
    revocations.revoke("alice", "s2")
    assert revocations.covers(minted)


def test_envoy_and_the_next_start_read_the_same(tmp_path: Path) -> None:
    clock = Clock()
    make(tmp_path, clock).revoke("alice", "s1")
    envoy = (tmp_path / REVOCATIONS_FILE).read_text(encoding="utf-8")
    assert envoy == revocations_text([Revocation("alice", 1_000_001, "s1")])
    again = make(tmp_path, clock)
    assert again.entries() == (Revocation("alice", 1_000_001, "s1"),)
    assert again.covers(token(1_000_000))


def test_the_file_exists_from_the_start_and_forgets_in_time(tmp_path: Path) -> None:
    clock = Clock()
    revocations = make(tmp_path, clock)
    revocations.publish()
    assert (tmp_path / REVOCATIONS_FILE).read_text(encoding="utf-8") == revocations_text()
    revocations.revoke("alice")
    clock.now += 3600
    revocations.publish()
    assert revocations.entries(), "a token of that second may live until now"
    clock.now += SKEW + 2
    revocations.publish()
    assert not revocations.entries()
    assert (tmp_path / REVOCATIONS_FILE).read_text(encoding="utf-8") == revocations_text()


def test_what_can_t_be_stored_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    revocations = make(tmp_path, Clock())

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        revocations.revoke("alice")
    assert not revocations.entries()


@pytest.mark.parametrize("text", ["", "{}", '{"revoked": [["alice"]]}', '{"revoked": [["alice", "", "x"]]}'])
def test_a_damaged_list_stops_the_start(tmp_path: Path, text: str) -> None:
    write_private(tmp_path / "revocations.json", text)
    with pytest.raises(StateError, match="damaged"):
        make(tmp_path, Clock())


def test_those_of_other_replicas_are_taken_and_the_own_ones_kept(tmp_path: Path) -> None:
    clock = Clock()
    revocations = make(tmp_path, clock)
    own = revocations.revoke("alice", "s1")
    revocations.take([Revocation("bob", 1_000_050), Revocation("alice", own - 1, "s1"), Revocation("old", 5)])
    assert revocations.entries() == (Revocation("alice", own, "s1"), Revocation("bob", 1_000_050))
    assert "bob" in (tmp_path / REVOCATIONS_FILE).read_text()
    assert make(tmp_path, clock).covers(token(1_000_010, subject="bob"))
    assert revocations.next_second("bob") == 1_000_051
