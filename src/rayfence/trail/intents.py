"""Which intents still wait for their outcome.

A write is announced durably before it happens and completed after. What is announced but not completed when a chain
ends may or may not have happened: the outcome is unknown until someone looks.
"""

from typing import NamedTuple

from rayfence.trail.record import Kind, Record


class OpenIntent(NamedTuple):
    """An intent without outcome."""

    id: str
    seq: int
    ts: str
    subject: str
    action: str
    object: str
    detail: dict[str, str | int]


class OpenIntents:
    """Follows records in order. `unmatched` counts outcomes that name no open intent."""

    def __init__(self, known: tuple[OpenIntent, ...] = ()) -> None:
        self.open = {intent.id: intent for intent in known}
        self.unmatched = 0

    def see(self, record: Record) -> None:
        """Take the next record into account; other kinds than intent and outcome change nothing."""
        entry = record.entry
        if entry.kind == Kind.INTENT:
            self.open[entry.ref] = OpenIntent(
                entry.ref, record.seq, entry.ts, entry.subject, entry.action, entry.object, dict(entry.detail)
            )
        elif entry.kind == Kind.OUTCOME and self.open.pop(entry.ref, None) is None:
            self.unmatched += 1
