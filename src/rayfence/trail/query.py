"""Finding records: by subject, action, object, verdict, kind, time and place."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rayfence.trail.chain import read_start
from rayfence.trail.record import Kind, Record, parse

#: Kinds about the trail itself, of interest when somebody asks how it fared, not what users did.
HOUSEKEEPING = frozenset({Kind.GENESIS, Kind.START, Kind.STOP, Kind.RETENTION})


@dataclass(frozen=True, slots=True)
class Query:
    """Conditions that must all hold; an empty one holds always.

    `subject`, `action`, `verdict`, `kind`, `ref` match exactly, `action` also by a prefix ending in `*`; `object`
    matches any part. `since` and `until` are UTC timestamps as records carry them, or a beginning of one; `since` is
    included, `until` is not. `after_seq`: only later records.
    """

    subject: str = ""
    action: str = ""
    object: str = ""
    verdict: str = ""
    kind: str = ""
    ref: str = ""
    since: str = ""
    until: str = ""
    after_seq: int = -1

    def matches(self, record: Record) -> bool:
        """Whether `record` meets every condition."""
        entry = record.entry
        return (
            record.seq > self.after_seq
            and (not self.subject or entry.subject == self.subject)
            and (not self.action or _matches_action(entry.action, self.action))
            and (not self.object or self.object in entry.object)
            and (not self.verdict or entry.verdict == self.verdict)
            and (not self.kind or entry.kind == self.kind)
            and (not self.ref or entry.ref == self.ref)
            and (not self.since or entry.ts >= self.since)
            and (not self.until or entry.ts < self.until)
        )


def _matches_action(action: str, wanted: str) -> bool:
    return action.startswith(wanted[:-1]) if wanted.endswith("*") else action == wanted


def select(lines: Iterable[bytes], query: Query) -> Iterator[Record]:
    """Records of `lines` that match, in their order. Lines that are no records are left to verification."""
    for line in lines:
        start = read_start(line)
        # Decided by place, time and kind before anything is parsed: most lines of a long trail are not asked for.
        if (
            start is None
            or start.seq <= query.after_seq
            or (query.since and start.ts < query.since)
            or (query.until and start.ts >= query.until)
            or (query.kind and start.kind != query.kind)
        ):
            continue
        try:
            record = parse(line)
        except ValueError:
            continue
        if query.matches(record):
            yield record
