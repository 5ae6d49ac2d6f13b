"""Does a chain hold, and if not, where and how it was broken.

1. Each line must repeat the hash of the line before and carry the next number: one pass, two comparisons per line.
2. Where one does not, `diagnosis` says what happened there, and the pass goes on behind it.
3. Each signed head must be genuine and name a record that is there, unchanged: this alone shows a cut end.
4. What is left open (intents without outcome, times that run backwards) is noted; it breaks nothing.

Pure: lines come as an iterable, so a chain of any length is verified in constant memory. What verification can't
show: records behind the last head that were cut off, and a chain rewritten by who holds the key of the heads.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from rayfence.trail.chain import EMPTY, Tip, read_start
from rayfence.trail.diagnosis import Diagnosis, Problem, ProblemKind
from rayfence.trail.heads import Head, PublicKeys, is_genuine, parse_head
from rayfence.trail.record import FORMAT, Kind, parse

_NOTED_LIMIT: Final = 20


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was found in one chain. `ok` is the verdict; `notes` are worth reading and break nothing."""

    chain: str  # id named by the genesis record; empty if there is none
    instance: str
    records: int
    first: int  # seq of the first record, 0 unless earlier ones were retired
    last: int  # seq of the last record, -1 for no records
    heads: int  # genuine heads that the chain agrees with
    covered: int  # the last record a genuine head vouches for; -1: none. Later ones could be cut off unseen
    open_intents: tuple[str, ...]
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts the chain."""
        return not self.problems


class _HeadCheck:
    """Genuine heads, walked along the chain."""

    def __init__(self, heads: Iterable[Head | bytes], keys: PublicKeys, diagnosis: Diagnosis) -> None:
        self._diagnosis = diagnosis
        genuine: list[Head] = []
        for item in heads:
            try:
                head = parse_head(item) if isinstance(item, bytes) else item
            except ValueError:
                diagnosis.add(ProblemKind.FORGED_HEAD, 0, "a line among the heads is no head")
                continue
            if head.kid not in keys:
                diagnosis.add(ProblemKind.FORGED_HEAD, head.seq, f"no public key {head.kid[:16]!r} is known")
            elif is_genuine(head, keys):
                genuine.append(head)
            else:
                diagnosis.add(ProblemKind.FORGED_HEAD, head.seq, "its signature is not its key's")
        self._waiting = sorted(genuine, key=lambda head: -head.seq)
        self._chain = ""
        self.agreeing = 0
        self.covered = -1
        self.next_seq = self._waiting[-1].seq if self._waiting else -1

    def meet(self, tip: Tip) -> None:
        """The chain has reached the next head's record, or is past it."""
        while self._waiting and self._waiting[-1].seq <= tip.seq:
            head = self._waiting.pop()
            if head.seq == tip.seq and head.hash == tip.hash:
                self.agreeing += 1
                self.covered = head.seq
            elif head.seq == tip.seq:
                self._diagnosis.add(
                    ProblemKind.HEAD_MISMATCH, head.seq, f"a head signed at {head.ts} names another line"
                )
        self.next_seq = self._waiting[-1].seq if self._waiting else -1

    def finish(self, last: int) -> None:
        """Heads that name records behind the chain's end."""
        beyond = [head for head in self._waiting if head.seq > last]
        if beyond:
            newest = beyond[0]
            self._diagnosis.add(
                ProblemKind.TRUNCATED,
                last + 1,
                f"a head signed at {newest.ts} names record {newest.seq}, the chain ends at {last}",
                through=newest.seq,
            )

    def of_other_chain(self, chain: str) -> None:
        """Heads must speak of this chain; a head moved here from another instance proves nothing."""
        if not chain or chain == self._chain:
            return
        self._chain = chain
        for head in [head for head in self._waiting if head.chain != chain]:
            self._waiting.remove(head)
            self._diagnosis.add(ProblemKind.FORGED_HEAD, head.seq, f"it speaks of chain {head.chain[:32]!r}")
        self.next_seq = self._waiting[-1].seq if self._waiting else -1


_INTENT_KINDS: Final = (b'"kind":"intent"', b'"kind":"outcome"')


class _Facts:
    """What the genesis says, which intents are open, whether time ran backwards."""

    def __init__(self) -> None:
        self.chain = ""
        self.instance = ""
        self.open: dict[bytes, None] = {}
        self.notes: list[str] = []
        self.retired: set[Tip] = set()

    def see(self, line: bytes, place: int, diagnosis: Diagnosis, seq: int) -> None:
        """A record of a kind that verification reads; its `kind` stands at `place`."""
        # Every fifth record may be one of these two, so they are not parsed. Inside a text quotes are escaped, and
        # `ref` stands before `detail`: the first `"ref":"` is the key.
        if line.startswith(_INTENT_KINDS, place):
            name, quote, _ = line.partition(b'"ref":"')[2].partition(b'"')
            if not quote:
                diagnosis.add(ProblemKind.MALFORMED, seq, "no reference to an intent")
                return
            if line.startswith(b'"kind":"intent', place):
                self.open[name] = None
            else:
                self.open.pop(name, None)
            return
        try:
            entry = parse(line).entry
        except ValueError as error:
            diagnosis.add(ProblemKind.MALFORMED, seq, str(error))
            return
        if entry.kind == Kind.GENESIS:
            if seq != 0 or entry.detail.get("format") != FORMAT:
                diagnosis.add(ProblemKind.MALFORMED, seq, "a genesis record that begins no chain of a known format")
            self.chain, self.instance = str(entry.detail.get("chain", "")), entry.object
        elif entry.kind == Kind.START:
            # Where the genesis was retired, the next start still says whose chain this is.
            self.chain, self.instance = self.chain or str(entry.detail.get("chain", "")), self.instance or entry.object
        elif entry.kind == Kind.RETENTION:
            through = entry.detail.get("through")
            if isinstance(through, int):
                self.retired.add(Tip(through, str(entry.detail.get("hash", ""))))
        elif entry.kind in {Kind.REPAIR, Kind.DAMAGE, Kind.LOSS}:
            self.note(f"record {seq} ({entry.kind}): {entry.object or dict(entry.detail)}")

    def note(self, text: str) -> None:
        if len(self.notes) < _NOTED_LIMIT:
            self.notes.append(text)


# Kinds whose content verification reads; of all others the hash says enough.
_READ: Final = tuple(
    f'"kind":"{kind}"'.encode()
    for kind in (
        Kind.INTENT,
        Kind.OUTCOME,
        Kind.GENESIS,
        Kind.START,
        Kind.RETENTION,
        Kind.REPAIR,
        Kind.DAMAGE,
        Kind.LOSS,
    )
)


class _Walk:
    """One pass along a chain."""

    def __init__(self, check: _HeadCheck, diagnosis: Diagnosis) -> None:
        self._check = check
        self._diagnosis = diagnosis
        self.facts = _Facts()
        self.tip = EMPTY
        self.records = 0
        self.first = 0

    def run(self, lines: Iterable[bytes]) -> None:
        """Take every line. The loop is what 100,000 records pay for: no parsing, no copies but the hash."""
        check, remember = self._check, self._diagnosis.remember
        seq, previous = self.tip
        last_ts = b""
        for line in lines:
            expected = b'{"prev":"%b","seq":%d,"ts":"' % (previous.encode(), seq + 1)
            if line.startswith(expected) and line.endswith(b"}\n"):
                seq += 1
                previous = sha256(line).hexdigest()
                self.records += 1
            else:
                tip = self._broken(Tip(seq, previous), line)
                if tip is None:
                    continue
                seq, previous = tip
            self.tip = tip = Tip(seq, previous)
            remember(tip)
            place = line.index(b'"ts":"') + 6
            ts = line[place : place + 27]
            if ts < last_ts and _jumped(last_ts, ts):
                self.facts.note(f"record {seq}: the clock ran backwards, from {_shown(last_ts)} to {_shown(ts)}")
            last_ts = ts
            if line.startswith(_READ, place + 29):
                self.facts.see(line, place + 29, self._diagnosis, seq)
                check.of_other_chain(self.facts.chain)
            if seq >= check.next_seq >= 0:
                check.meet(tip)

    def _broken(self, tip: Tip, line: bytes) -> Tip | None:
        """A line that does not follow `tip`: the end from which the chain goes on, None if it goes on from `tip`."""
        if not line.endswith(b"\n"):
            self.facts.note(f"the last line is not whole ({len(line)} bytes): its writer is at work, or crashed")
            return None
        start = read_start(line)
        found = self._diagnosis.explain(tip, line, start, is_first=self.records == 0)
        if start is not None:
            self.first = start.seq if self.records == 0 else self.first
            self.records += 1
        return found


def _shown(text: bytes) -> str:
    return text.decode("ascii", "backslashreplace")


def _jumped(before: bytes, after: bytes) -> bool:
    """Whether the clock was set back. Records of two threads may change places by less than a second."""
    try:
        back = datetime.fromisoformat(before.decode()) - datetime.fromisoformat(after.decode())
    except ValueError:
        return True
    return back.total_seconds() > 1


def verify_chain(
    lines: Iterable[bytes], heads: Iterable[Head | bytes] = (), public_key: PublicKeys | None = None
) -> VerificationReport:
    """Verify one chain from its `lines`, each with its newline, against `heads` and the keys that may sign them.

    Locates deletion, edit, reordering, insertion, duplicates, a cut end or beginning, and forged heads. Never raises
    for what the lines contain. A last line without newline is noted: its writer is at work, or crashed.
    """
    diagnosis = Diagnosis()
    check = _HeadCheck(heads, public_key or {}, diagnosis)
    walk = _Walk(check, diagnosis)
    walk.run(lines)
    diagnosis.finish(walk.facts.retired)
    check.finish(walk.tip.seq)
    return VerificationReport(
        chain=walk.facts.chain,
        instance=walk.facts.instance,
        records=walk.records,
        first=walk.first,
        last=walk.tip.seq,
        heads=check.agreeing,
        covered=check.covered,
        open_intents=tuple(_shown(name) for name in walk.facts.open),
        problems=diagnosis.problems(),
        notes=tuple(walk.facts.notes),
    )
