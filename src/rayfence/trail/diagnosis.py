"""What happened at a place where a chain does not hold: edited, deleted, inserted, duplicated, reordered, or cut.

Called for the lines that do not follow the line before them, and only for these. A line is judged by two facts nobody
can change without leaving a trace: the number it carries, and the hash of the line it was written behind.
"""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rayfence.trail.chain import NO_PREVIOUS, Start, Tip, digest

#: Places shown at most; a file of noise has millions.
PROBLEM_LIMIT: Final = 100

#: Lines remembered to recognise two records that claim one place.
_RECENT: Final = 64


class ProblemKind(StrEnum):
    """How a chain is broken."""

    MALFORMED = "malformed"  # a line is no record
    EDITED = "edited"  # a record is not what it was when the next one was written
    DELETED = "deleted"  # records are missing
    INSERTED = "inserted"  # a second, other record claims a place: put in later, or two writers
    DUPLICATED = "duplicated"  # the same record twice
    REORDERED = "reordered"  # records stand behind later ones, as when segments are exchanged
    BEGINNING_MISSING = "beginning missing"  # the first records are gone and no retention record says why
    TRUNCATED = "truncated"  # a signed head names a record behind the end
    HEAD_MISMATCH = "head mismatch"  # a signed head names another line for this record
    FORGED_HEAD = "forged head"  # a head that no known key signed


@dataclass(frozen=True, slots=True)
class Problem:
    """One break. `seq` to `through`: the records it concerns; for a malformed line the number it stands at."""

    kind: ProblemKind
    seq: int
    through: int
    text: str

    def __str__(self) -> str:
        """For people: where, what, why."""
        place = f"record {self.seq}" if self.seq == self.through else f"records {self.seq} to {self.through}"
        return f"{place}: {self.kind}: {self.text}"


class Diagnosis:
    """Collects problems; neighbours of one kind are one problem."""

    def __init__(self) -> None:
        self._found: list[Problem] = []
        self._missing: list[tuple[int, int]] = []
        self._recent: deque[Tip] = deque(maxlen=_RECENT)
        self._side: Tip | None = None  # end of a run that stands in the wrong place
        self._before: Tip | None = None  # what the first line says came before it
        self.omitted = 0

    def add(self, kind: ProblemKind, seq: int, text: str, *, through: int | None = None) -> None:
        """Note a problem; it extends the last one of its kind if it continues it."""
        end = seq if through is None else through
        for number in range(len(self._found) - 1, max(-1, len(self._found) - 4), -1):
            last = self._found[number]
            if last.kind is kind and last.through + 1 == seq and kind is not ProblemKind.FORGED_HEAD:
                self._found[number] = Problem(kind, last.seq, end, last.text)
                return
        if len(self._found) >= PROBLEM_LIMIT:
            self.omitted += 1
            return
        self._found.append(Problem(kind, seq, end, text))

    def remember(self, tip: Tip) -> None:
        """A line that followed."""
        self._recent.append(tip)

    def explain(self, tip: Tip, line: bytes, start: Start | None, *, is_first: bool) -> Tip | None:
        """Why `line` does not follow `tip`; returns the chain's end if it goes on from this line, else None."""
        if start is None:
            self.add(ProblemKind.MALFORMED, tip.seq + 1, "a line that is no record stands here")
            return None
        here = Tip(start.seq, digest(line))
        if is_first and start.seq > 0:
            self._before = Tip(start.seq - 1, start.prev)
            return here
        if start.prev == tip.hash:
            # It was written behind the line before it, so only its number can have been changed.
            self.add(ProblemKind.EDITED, tip.seq + 1, f"it carries the number {start.seq}")
            return Tip(tip.seq + 1, here.hash)
        if start.seq == tip.seq + 1:
            self._explain_link(tip, start)
            return here
        if start.seq > tip.seq:
            self._missing.append((tip.seq + 1, start.seq - 1))
            return here
        self._explain_repeated(here, start)
        return None

    def _explain_link(self, tip: Tip, start: Start) -> None:
        """The number is right, the hash is not."""
        if Tip(tip.seq, start.prev) in self._recent:
            return  # it follows the other one of two records that claim the place before; that is already told
        if start.prev == NO_PREVIOUS or start.seq == 0:
            self.add(ProblemKind.EDITED, start.seq, "its link to the record before is not one that was ever written")
        else:
            self.add(ProblemKind.EDITED, tip.seq, f"its hash is not the one that record {start.seq} repeats")

    def _explain_repeated(self, here: Tip, start: Start) -> None:
        """A number that is behind the chain's end."""
        if self._take_missing(here.seq):
            side, self._side = self._side, here
            if side is not None and side.seq + 1 == here.seq and side.hash != start.prev:
                self.add(ProblemKind.EDITED, side.seq, f"its hash is not the one that record {here.seq} repeats")
            self.add(ProblemKind.REORDERED, here.seq, "stands behind a later record")
        elif here in self._recent:
            self.add(ProblemKind.DUPLICATED, here.seq, "the same record stands here again")
        else:
            self.add(ProblemKind.INSERTED, here.seq, "another record claims this number: put in, or a second writer")
        self.remember(here)

    def _take_missing(self, seq: int) -> bool:
        for number, (low, high) in enumerate(self._missing):
            if low <= seq <= high:
                rest = [(low, seq - 1), (seq + 1, high)]
                self._missing[number : number + 1] = [(a, b) for a, b in rest if a <= b]
                return True
        return False

    def finish(self, retired: Collection[Tip] = ()) -> None:
        """All lines were seen. `retired`: records that retention records name as the last ones removed in order."""
        if self._before is not None and self._before not in retired:
            text = "the chain's first records are gone"
            self.add(ProblemKind.BEGINNING_MISSING, 0, text, through=self._before.seq)
        for low, high in self._missing:
            self.add(ProblemKind.DELETED, low, "missing", through=high)

    def problems(self) -> tuple[Problem, ...]:
        """Every problem, by place."""
        return tuple(sorted(self._found, key=lambda problem: (problem.seq, problem.through)))
