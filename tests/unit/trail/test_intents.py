"""Open intents: announced, not completed."""

from rayfence.trail.intents import OpenIntent, OpenIntents
from rayfence.trail.record import Entry, Kind, Record

TS = "2026-01-31T12:00:00.000000Z"


def record(seq: int, kind: Kind, ref: str) -> Record:
    """A record of alice's."""
    return Record(seq, "", Entry(kind, TS, "alice", "job.stop", "raysubmit-1", ref=ref))


def test_an_outcome_closes_its_intent() -> None:
    intents = OpenIntents()
    intents.see(record(1, Kind.INTENT, "a"))
    intents.see(record(2, Kind.INTENT, "b"))
    intents.see(record(3, Kind.OUTCOME, "a"))
    intents.see(record(4, Kind.DECISION, "b"))
    assert list(intents.open.values()) == [OpenIntent("b", 2, TS, "alice", "job.stop", "raysubmit-1", {})]
    assert intents.unmatched == 0


def test_an_outcome_without_intent_is_counted() -> None:
    intents = OpenIntents()
    intents.see(record(1, Kind.OUTCOME, "a"))
    assert intents.unmatched == 1


def test_what_was_open_before_can_be_closed() -> None:
    known = OpenIntent("a", 1, TS, "alice", "job.stop", "raysubmit-1", {})
    intents = OpenIntents((known,))
    intents.see(record(9, Kind.OUTCOME, "a"))
    assert not intents.open
