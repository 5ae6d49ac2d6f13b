"""The trail's writer: durable intents, outcomes and decisions of one gateway instance, in one hash chain.

1. `intent` writes a record and returns only when the disk has it; many callers waiting share one fdatasync.
2. `outcome`, `decision` and `edges` are queued or written without waiting for the disk.
3. What can't be written is kept and tried again; meanwhile every intent is refused, so nothing happens unrecorded.

Every method may be called from any thread. `intent` blocks for a disk write: call it off the event loop. Leaves out
writing (`chainwriter`), what a restart must remember (`trailstate`) and reading Envoy's log (`ingest`).
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from rayfence.gateway.accessline import LogLine
from rayfence.gateway.chainwriter import HEAD_SECONDS, ChainWriter, JournalFailure
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.plainline import PlainLine
from rayfence.gateway.segments import Segments
from rayfence.gateway.trailstate import TrailState, recover, save
from rayfence.model.gateway import GatewaySettings
from rayfence.trail.chain import genesis
from rayfence.trail.intents import OpenIntent
from rayfence.trail.record import NO_DETAIL, Detail, Entry, Kind, Prepared

__all__ = ["Journal", "JournalFailure", "JournalHealth", "Lookup"]

#: Recent requests whose intent an access-log line may still belong to.
RECENT_REQUESTS: Final = 10_000

#: Says what became of an intent that a crash left open; None: can't be told now, ask again later.
Lookup = Callable[[OpenIntent], Literal["done", "failed", "unknown"] | None]


@dataclass(frozen=True, slots=True)
class JournalHealth:
    """What `/v1/health` and an operator want to know. Counts since the service started; `head_age` in seconds."""

    writable: bool
    reason: str  # why not, one sentence; empty if writable
    chain: str
    seq: int
    unknown_outcomes: int  # intents a crash left open
    lost: int  # decisions that never reached the trail
    waiting: int  # records in memory only
    head_age: float | None  # None: no head signed yet
    alarms: tuple[str, ...]  # damage found at start, heads that can't be stored

    def gauges(self) -> dict[str, int]:
        """What is not as it should be, in numbers without names: fit for an answer to anybody. Empty: all is well."""
        found = {
            "refuses_writes": int(not self.writable),
            "lost_decisions": self.lost,
            "unknown_outcomes": self.unknown_outcomes,
            "alarms": len(self.alarms),
        }
        return {name: value for name, value in found.items() if value}


class Journal:
    """See the module. Made by `open`, ended by `close`."""

    def __init__(
        self,
        segments: Segments,
        signer: HeadSigner,
        instance: str,
        *,
        copy: Callable[[Sequence[bytes]], None] | None = None,
        head_seconds: float = HEAD_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Continue the newest chain of `segments`, or begin one. `copy` is given every line.

        Raises OSError, StateError.
        """
        self._writer = ChainWriter(
            segments,
            signer,
            on_rotation=self._note_state,
            on_written=self._forget,
            copy=copy,
            head_seconds=head_seconds,
            clock=clock,
        )
        self._instance = instance
        self._damage: tuple[str, ...] = ()
        self._live: dict[str, OpenIntent] = {}  # intents of this run whose outcome is not in the chain
        self._ending: set[str] = set()  # of these and the orphans: the outcome is queued
        self._requests: dict[str, tuple[str, str]] = {}  # request id -> intent, subject
        self._state = TrailState()
        self._begin(segments, signer)
        self._writer.start()

    @classmethod
    def open(cls, settings: GatewaySettings, copy: Callable[[Sequence[bytes]], None] | None = None) -> "Journal":
        """The journal of an instance. Raises StateError (second writer, foreign key file), OSError."""
        secrets_folder = Path(settings.signing_keys).parent
        signer = HeadSigner(secrets_folder / "trail-heads.pem", Path(settings.trail_heads_dir), settings.instance)
        return cls(Segments(Path(settings.trail_dir)), signer, settings.instance, copy=copy)

    def _begin(self, segments: Segments, signer: HeadSigner) -> None:
        """Find out where the chain stands; begin a new one where the old one can't be continued honestly."""
        writer, now = self._writer, self._writer.now()
        predecessor: dict[str, str | int] = {}
        if segments.chain:
            recovered = recover(segments, signer.last(segments.chain))
            self._state, self._damage = recovered.state, recovered.damage
            if recovered.cut:
                # Going on would give the missing numbers to other records and hide the cut behind new heads.
                predecessor = {"after": segments.chain, "after_seq": segments.tip.seq, "reason": recovered.cut}
                self._damage = (*self._damage, recovered.cut)
        if not segments.chain or predecessor:
            chain = segments.begin()
            writer.put(genesis(self._instance, chain, now, predecessor))
        if segments.torn is not None:
            torn = segments.torn
            facts: dict[str, str | int] = {"bytes": torn.size, "sha256": torn.sha256, "file": torn.file}
            writer.put(Entry(Kind.REPAIR, now, detail=facts))
        for text in self._damage:
            writer.put(Entry(Kind.DAMAGE, now, object=text))
        facts = {"chain": segments.chain, "head_key": signer.kid, "open_intents": len(self._state.orphans)}
        writer.put(Entry(Kind.START, now, object=self._instance, detail=facts))

    def _note_state(self, segment: Path) -> None:
        save(segment, self._state, self._live)

    @property
    def position(self) -> str:
        """Up to where Envoy's log is recorded; see `logfile`."""
        return self._state.position

    # -- recording ------------------------------------------------------------------------------------------------

    def intent(self, *, subject: str, action: str, object: str, detail: Detail | None = None) -> str:  # noqa: A002
        """Record that `subject` is about to do `action` to `object`; returns the intent's id for `outcome`.

        Durable when it returns. `detail["request"]`, if given, links Envoy's own line about the request to this intent.
        Raises JournalFailure: nothing may be done then.
        """
        name = secrets.token_hex(8)
        entry = Entry(Kind.INTENT, self._writer.now(), subject, action, object, ref=name, detail=_copy(detail))
        with self._writer.lock:
            seq = self._writer.write((entry,))
            self._live[name] = OpenIntent(name, seq, entry.ts, subject, action, object, dict(entry.detail))
            self._remember(entry)
        try:
            self._writer.make_durable(seq)
        except JournalFailure:
            # The caller will not act; the record may or may not have reached the disk. Say which of the two it was.
            self.outcome(name, verdict="refused", status=503, detail={"reason": "the intent could not be made durable"})
            raise
        return name

    def _remember(self, entry: Entry) -> None:
        request = entry.detail.get("request")
        if isinstance(request, str):
            self._requests[request] = (entry.ref, entry.subject)
            if len(self._requests) > RECENT_REQUESTS:
                del self._requests[next(iter(self._requests))]

    def outcome(
        self,
        intent: str,
        *,
        verdict: Literal["done", "failed", "refused", "unknown"],
        status: int,
        detail: Detail | None = None,
    ) -> None:
        """Record what became of `intent`. Never raises: the write has happened; a full disk delays the record."""
        # No lock: this is called on the event loop, and a segment's rotation may hold the lock for a while.
        known = self._live.get(intent) or self._state.orphans.get(intent)
        # Names what the intent named: a search for an action finds both.
        subject, action, about = (known.subject, known.action, known.object) if known else ("", "", "")
        self._ending.add(intent)
        now = self._writer.now()
        self._writer.put(Entry(Kind.OUTCOME, now, subject, action, about, verdict, status, intent, _copy(detail)))

    def _forget(self, entries: Sequence[Entry | Prepared]) -> None:
        """Intents whose outcome is in the chain. Not earlier: a crash in between must find them open."""
        for entry in entries:
            if isinstance(entry, Entry) and entry.kind == Kind.OUTCOME:
                self._live.pop(entry.ref, None)
                self._state.orphans.pop(entry.ref, None)
                self._ending.discard(entry.ref)

    def decision(
        self,
        *,
        subject: str,
        action: str,
        object: str,  # noqa: A002
        verdict: Literal["allowed", "refused"],
        status: int,
        detail: Detail | None = None,
    ) -> None:
        """Record a decision of the service that changed nothing. Queued; never raises, never waits for the disk."""
        now = self._writer.now()
        self._writer.put(Entry(Kind.DECISION, now, subject, action, object, verdict, status, "", _copy(detail)))

    def edges(self, lines: Sequence[LogLine | PlainLine], position: str) -> None:
        """Record lines of Envoy's log, read up to `position`. Written when it returns, not yet durable.

        A line that names an open intent (a Ray Client connection that ended) is that intent's outcome. A line about a
        request of which the service recorded an intent refers to it: one write, two views, not two writes.
        Raises JournalFailure: none of the lines is in the trail, read them again later.
        """
        now = self._writer.now()
        with self._writer.lock:
            entries: list[Entry | Prepared] = []
            completed: set[str] = set()
            for found in lines:
                if isinstance(found, PlainLine):
                    if found.request not in self._requests:
                        entries.append(found.as_edge(now))
                        continue
                    line = found.in_full()
                else:
                    line = found
                intent = self._live.get(line.intent) or self._state.orphans.get(line.intent) if line.intent else None
                if intent is not None and intent.id not in completed and intent.id not in self._ending:
                    completed.add(intent.id)
                    entries.append(line.as_outcome(now, intent))
                else:
                    entries.append(line.as_edge(now, line.intent or self._intent_of(line)))
            self._writer.write(entries)
            self._state.position = position

    def _intent_of(self, line: LogLine) -> str:
        known = self._requests.get(line.request)
        # Request ids are Envoy's own; should a client ever choose one, it still can't point at another subject's write.
        return known[0] if known is not None and known[1] == line.subject else ""

    def lost_decisions(self, where: str, count: int, detail: Detail = NO_DETAIL) -> None:
        """Record that `count` decisions of `where` never reached the trail."""
        self._writer.lost += count
        self._writer.put(self._writer.loss(where, count, detail))

    # -- open intents ---------------------------------------------------------------------------------------------

    def open_intents(self) -> tuple[OpenIntent, ...]:
        """Intents that an earlier run left without outcome: nobody knows yet whether those writes happened."""
        return tuple(intent for intent in tuple(self._state.orphans.values()) if intent.id not in self._ending)

    def reconcile(self, lookup: Lookup) -> int:
        """Complete what a crash left open, as far as `lookup` can tell; returns how many stay open."""
        for intent in self.open_intents():
            found = lookup(intent)
            if found is not None:
                self.outcome(intent.id, verdict=found, status=0, detail={"reconciled": 1})
        return len(self.open_intents())

    # -- condition ------------------------------------------------------------------------------------------------

    def sync(self) -> bool:
        """Make everything written so far durable; False when the disk refuses."""
        return self._writer.sync()

    def sign_head(self) -> bool:
        """Sign a head now instead of within seconds; False when it can't be stored."""
        return self._writer.sign_head()

    def health(self) -> JournalHealth:
        """The journal's condition now."""
        writer = self._writer
        return JournalHealth(
            writable=not writer.failure and not writer.closed,
            reason="the trail is closed" if writer.closed else writer.failure,
            chain=writer.segments.chain,
            seq=writer.segments.tip.seq,
            unknown_outcomes=len(self.open_intents()),
            lost=writer.lost,
            waiting=writer.waiting,
            head_age=None if writer.head_at is None else time.monotonic() - writer.head_at,
            alarms=(*self._damage, *((writer.head_failure,) if writer.head_failure else ())),
        )

    def gauges(self) -> dict[str, int]:
        """`JournalHealth.gauges` of now."""
        return self.health().gauges()

    def close(self) -> None:
        """Write what waits, record the stop, sign a last head, release the files. Harmless when repeated."""
        self._writer.close(Entry(Kind.STOP, self._writer.now(), object=self._instance))


def _copy(detail: Mapping[str, str | int] | None) -> Detail:
    return dict(detail) if detail else NO_DETAIL
