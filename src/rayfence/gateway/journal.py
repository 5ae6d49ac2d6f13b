"""The trail's writer: durable intents, outcomes and decisions of one gateway instance, in one hash chain.

1. `intent` writes a record and returns only when the disk has it; many callers waiting share one fdatasync.
2. `outcome`, `decision` and `edges` are queued or written without waiting for the disk.
3. A thread writes the queue several times a second, makes it durable every second, and signs a head every few.
4. What can't be written is kept and tried again; meanwhile every intent is refused, so nothing happens unrecorded.

Every method may be called from any thread. `intent` blocks for a disk write: call it off the event loop.
Leaves out the files (`segments`), the head's key (`heads`) and reading Envoy's log (`ingest`).
"""

import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from rayfence.errors import RayfenceError
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.segments import Segments
from rayfence.gateway.trailstate import TrailState, recover, save
from rayfence.model.gateway import GatewaySettings
from rayfence.trail.chain import extend, genesis
from rayfence.trail.intents import OpenIntent
from rayfence.trail.record import NO_DETAIL, Detail, Entry, Kind, timestamp

LOGGER: Final = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 0.1
SYNC_SECONDS: Final = 1.0

#: How often a head is signed while records arrive: the part of the trail that could be cut off unseen.
HEAD_SECONDS: Final = 10.0
HEAD_RECORDS: Final = 50_000

#: Records waiting for a disk that refuses them. Beyond that the oldest kind of help is counting what is lost.
QUEUE_LIMIT: Final = 200_000

#: Recent requests whose intent an access-log line may still belong to.
RECENT_REQUESTS: Final = 10_000

#: Says what became of an intent that a crash left open; None: can't be told now, ask again later.
Lookup = Callable[[OpenIntent], Literal["done", "failed", "unknown"] | None]


class JournalFailure(RayfenceError):
    """A record could not be made durable. The caller must not do what it was about to do: answer 503."""

    exit_status = 4
    hint = "free space on the trail's disk, or remount it writable"


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


class Journal:
    """See the module. Made by `open`, ended by `close`."""

    def __init__(
        self,
        segments: Segments,
        signer: HeadSigner,
        instance: str,
        *,
        head_seconds: float = HEAD_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Continue the newest chain of `segments`, or begin one. Raises OSError, StateError."""
        self._segments = segments
        self._signer = signer
        self._instance = instance
        self._head_seconds = head_seconds
        self._clock = clock
        self._lock = threading.Lock()  # tip, segment, maps of intents
        self._queue: deque[Entry] = deque()
        self._dropped = 0
        self._failure = ""
        self._head_failure = ""
        self._damage: tuple[str, ...] = ()
        self._closed = False
        self._disk = threading.Condition()  # who syncs, and up to where
        self._syncing = False
        self._durable = -1  # seq
        self._head_seq = -1
        self._head_at: float | None = None
        self._live: dict[str, OpenIntent] = {}  # intents of this run
        self._requests: dict[str, str] = {}  # request id -> intent
        self.lost = 0
        self.state = TrailState()
        self._begin()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="trail", daemon=True)
        self._thread.start()

    @classmethod
    def open(cls, settings: GatewaySettings) -> "Journal":
        """The journal of an instance. Raises StateError (second writer, foreign key file), OSError."""
        secrets_folder = Path(settings.signing_keys).parent
        signer = HeadSigner(secrets_folder / "trail-heads.pem", Path(settings.trail_heads_dir), settings.instance)
        return cls(Segments(Path(settings.trail_dir)), signer, settings.instance)

    # -- start ----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Find out where the chain stands; begin a new one where the old one can't be continued honestly."""
        segments, now = self._segments, self._now()
        predecessor: dict[str, str | int] = {}
        if segments.chain:
            last = self._signer.last(segments.chain)
            recovered = recover(segments, last)
            self.state, self._damage = recovered.state, recovered.damage
            if recovered.cut:
                # Going on would give the missing numbers to other records and hide the cut behind new heads.
                predecessor = {"after": segments.chain, "after_seq": segments.tip.seq, "reason": recovered.cut}
        if not segments.chain or predecessor:
            chain = segments.begin()
            self._queue.append(genesis(self._instance, chain, now, predecessor))
        if segments.torn is not None:
            torn = segments.torn
            facts: dict[str, str | int] = {"bytes": torn.size, "sha256": torn.sha256, "file": torn.file}
            self._queue.append(Entry(Kind.REPAIR, now, detail=facts))
        self._queue.extend(Entry(Kind.DAMAGE, now, object=text) for text in self._damage)
        facts = {"head_key": self._signer.kid, "open_intents": len(self.state.orphans)}
        self._queue.append(Entry(Kind.START, now, object=self._instance, detail=facts))
        with self._lock:
            self._try_write()

    # -- writing --------------------------------------------------------------------------------------------------

    def intent(self, *, subject: str, action: str, object: str, detail: Detail | None = None) -> str:  # noqa: A002
        """Record that `subject` is about to do `action` to `object`; returns the intent's id for `outcome`.

        Durable when it returns. `detail["request"]`, if given, links Envoy's own line about the request to this intent.
        Raises JournalFailure: nothing may be done then.
        """
        name = secrets.token_hex(8)
        entry = Entry(Kind.INTENT, self._now(), subject, action, object, ref=name, detail=_copy(detail))
        with self._lock:
            self._write(entry)
            place = self._segments.tip.seq
            self._live[name] = OpenIntent(name, place, entry.ts, subject, action, object, dict(entry.detail))
            self._remember(entry)
        try:
            self._make_durable(place)
        except JournalFailure:
            # The caller will not act; the record may or may not have reached the disk. Say which of the two it was.
            self.outcome(name, verdict="refused", status=503, detail={"reason": "the intent could not be made durable"})
            raise
        return name

    def _remember(self, entry: Entry) -> None:
        request = entry.detail.get("request")
        if isinstance(request, str):
            self._requests[request] = entry.ref
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
        with self._lock:
            known = self._live.pop(intent, None) or self.state.orphans.pop(intent, None)
        # Names what the intent named: a search for an action finds both.
        subject, action, about = (known.subject, known.action, known.object) if known else ("", "", "")
        self._put(Entry(Kind.OUTCOME, self._now(), subject, action, about, verdict, status, intent, _copy(detail)))

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
        self._put(Entry(Kind.DECISION, self._now(), subject, action, object, verdict, status, "", _copy(detail)))

    def _put(self, entry: Entry) -> None:
        if len(self._queue) >= QUEUE_LIMIT:
            self._dropped += 1
            return
        self._queue.append(entry)

    def _write(self, entry: Entry | None = None) -> None:
        """Write the queue, and `entry` behind it. The lock is held.

        Raises JournalFailure; the queue is then untouched.
        """
        if self._closed:
            raise JournalFailure("the trail is closed")
        waiting = [self._queue.popleft() for _ in range(len(self._queue))]
        batch = [*waiting, entry] if entry is not None else waiting
        if self._dropped:
            batch.insert(0, self._loss("queue", self._dropped))
        if not batch:
            return
        try:
            self._rotate_if_full()
            lines, tip = extend(self._segments.tip, batch)
            self._segments.append(lines, tip)
        except OSError as error:
            self._queue.extendleft(reversed(waiting))
            self._failure = f"the trail can't be written: {error.strerror or error}"
            raise JournalFailure(self._failure) from error
        self.lost += self._dropped
        self._dropped = 0
        self._failure = ""

    def _rotate_if_full(self) -> None:
        if not self._segments.is_full:
            return
        with self._leading():
            path = self._segments.rotate()
        save(path, self.state, self._live)

    def _try_write(self) -> None:
        try:
            self._write()
        except JournalFailure as failure:
            LOGGER.warning("%s", failure)

    def _loss(self, where: str, count: int, detail: Detail = NO_DETAIL) -> Entry:
        return Entry(Kind.LOSS, self._now(), object=where, detail={"count": count, **detail})

    # -- durability -----------------------------------------------------------------------------------------------

    @contextmanager
    def _leading(self) -> Iterator[None]:
        """Be the one thread that syncs."""
        with self._disk:
            while self._syncing:
                self._disk.wait()
            self._syncing = True
        try:
            yield
        finally:
            with self._disk:
                self._syncing = False
                self._disk.notify_all()

    def _make_durable(self, seq: int) -> None:
        """Return when record `seq` is on the disk. Callers that come while one syncs share the next sync.

        Raises JournalFailure.
        """
        with self._disk:
            while self._durable < seq and self._syncing:
                self._disk.wait()
            if self._durable >= seq:
                return
            self._syncing = True
        durable = self._durable
        try:
            durable = self._segments.sync().tip.seq
        except OSError as error:
            self._failure = f"the trail can't be made durable: {error.strerror or error}"
            raise JournalFailure(self._failure) from error
        finally:
            with self._disk:
                self._durable = durable
                self._syncing = False
                self._disk.notify_all()

    # -- tending --------------------------------------------------------------------------------------------------

    def _tend(self) -> None:
        """The thread: write the queue, make it durable, sign heads; go on whatever fails."""
        synced = signed = time.monotonic()
        while not self._wake.wait(FLUSH_SECONDS):
            with self._lock:
                self._try_write()
            now = time.monotonic()
            if now - synced >= SYNC_SECONDS:
                synced = now
                self.sync()
            if now - signed >= self._head_seconds or self._segments.tip.seq - self._head_seq >= HEAD_RECORDS:
                signed = now
                self.sign_head()

    def sync(self) -> bool:
        """Make everything written so far durable; False when the disk refuses."""
        try:
            self._make_durable(self._segments.tip.seq)
        except JournalFailure as failure:
            LOGGER.warning("%s", failure)
            return False
        return True

    def sign_head(self) -> bool:
        """Sign and store a head for the chain's end, if it has grown; False when that failed."""
        tip = self._segments.tip
        if tip.seq == self._head_seq:
            return True
        if not self.sync():
            return False
        try:
            self._signer.sign(self._segments.chain, tip, self._now())
        except OSError as error:
            self._head_failure = f"heads can't be stored: {error.strerror or error}"
            LOGGER.warning("%s", self._head_failure)
            return False
        self._head_seq, self._head_at, self._head_failure = tip.seq, time.monotonic(), ""
        return True

    def close(self) -> None:
        """Write what waits, record the stop, sign a last head, release the files. Harmless when repeated."""
        if self._closed:
            return
        self._wake.set()
        self._thread.join()
        self._queue.append(Entry(Kind.STOP, self._now(), object=self._instance))
        with self._lock:
            self._try_write()
            self._closed = True
        self.sign_head()
        with self._leading():
            self._segments.close()

    # -- open intents ---------------------------------------------------------------------------------------------

    def open_intents(self) -> tuple[OpenIntent, ...]:
        """Intents that an earlier run left without outcome: nobody knows yet whether those writes happened."""
        with self._lock:
            return tuple(self.state.orphans.values())

    def reconcile(self, lookup: Lookup) -> int:
        """Complete what a crash left open, as far as `lookup` can tell; returns how many stay open."""
        for intent in self.open_intents():
            found = lookup(intent)
            if found is not None:
                self.outcome(intent.id, verdict=found, status=0, detail={"reconciled": 1})
        return len(self.open_intents())

    # -- health ---------------------------------------------------------------------------------------------------

    def health(self) -> JournalHealth:
        """The journal's condition now."""
        alarms = (*self._damage, *((self._head_failure,) if self._head_failure else ()))
        return JournalHealth(
            writable=not self._failure and not self._closed,
            reason="the trail is closed" if self._closed else self._failure,
            chain=self._segments.chain,
            seq=self._segments.tip.seq,
            unknown_outcomes=len(self.state.orphans),
            lost=self.lost,
            waiting=len(self._queue),
            head_age=None if self._head_at is None else time.monotonic() - self._head_at,
            alarms=alarms,
        )

    def _now(self) -> str:
        return timestamp(self._clock())


def _copy(detail: Mapping[str, str | int] | None) -> Detail:
    return dict(detail) if detail else NO_DETAIL
