"""Writing one chain: a queue, a lock, durability, heads, and the thread that tends them.

1. `put` queues an entry and never waits; `write` writes the queue and more at once, in order.
2. The thread writes the queue several times a second, makes it durable every second, and signs a head every few.
3. What can't be written stays queued and is tried again.

Leaves out what entries mean (`journal`) and the files (`segments`).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rayfence.errors import RayfenceError
from rayfence.gateway.groupsync import GroupSync
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.segments import Segments
from rayfence.trail.chain import extend
from rayfence.trail.record import NO_DETAIL, Detail, Entry, Kind, Prepared, timestamp

LOGGER: Final = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 0.1
SYNC_SECONDS: Final = 1.0

#: How often a head is signed while records arrive: the part of the trail that could be cut off unseen.
HEAD_SECONDS: Final = 10.0
HEAD_RECORDS: Final = 50_000

#: Records waiting in memory for a disk that refuses them; later ones are counted and recorded as a loss.
QUEUE_LIMIT: Final = 200_000


class JournalFailure(RayfenceError):
    """A record could not be made durable. The caller must not do what it was about to do: answer 503."""

    exit_status = 4
    hint = "free space on the trail's disk, or remount it writable"


def _nowhere(lines: Sequence[bytes]) -> None:
    """No copy is kept."""


class ChainWriter:
    """Appends entries to the newest chain of `segments`. `lock` guards the chain's order; `write` needs it."""

    def __init__(
        self,
        segments: Segments,
        signer: HeadSigner,
        *,
        on_rotation: Callable[[Path], None],
        on_written: Callable[[Sequence[Entry | Prepared]], None],
        copy: Callable[[Sequence[bytes]], None] | None = None,
        head_seconds: float = HEAD_SECONDS,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`on_rotation` is called with each new segment before the first record goes into it, `on_written` with entries
        that have become records; both with the lock held. `copy` is given each line, heads too; it must not wait. Call
        `start` when the first entries are put.
        """
        self.segments = segments
        self.lock = threading.Lock()
        self.failure = ""
        self.head_failure = ""
        self.head_at: float | None = None  # monotonic
        self.lost = 0
        self.closed = False
        self._signer = signer
        self._on_rotation = on_rotation
        self._on_written = on_written
        self._copy = copy or _nowhere
        self._head_seconds = head_seconds
        self._clock = clock
        self._queue: deque[Entry] = deque()
        self._dropped = 0
        self._disk = GroupSync(segments)
        self._head_seq = -1
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tend, name="trail", daemon=True)

    def start(self) -> None:
        """Write what was put so far, and begin to tend the chain."""
        self._try_write()
        self._thread.start()

    def now(self) -> str:
        """The time for a record made now."""
        return timestamp(self._clock())

    @property
    def waiting(self) -> int:
        """Entries in memory only."""
        return len(self._queue)

    def put(self, entry: Entry) -> None:
        """Queue an entry. Never raises and never waits."""
        if len(self._queue) >= QUEUE_LIMIT:
            self._dropped += 1
        else:
            self._queue.append(entry)

    def loss(self, where: str, count: int, detail: Detail = NO_DETAIL) -> Entry:
        """The entry that says that `count` decisions of `where` are not in the trail."""
        return Entry(Kind.LOSS, self.now(), object=where, detail={"count": count, **detail})

    def write(self, entries: Sequence[Entry | Prepared] = ()) -> int:
        """Write the queue, and `entries` behind it; returns the last record's number. The lock is held.

        Raises JournalFailure; the queue is then untouched and `entries` are not in the chain.
        """
        if self.closed:
            raise JournalFailure("the trail is closed")
        waiting = [self._queue.popleft() for _ in range(len(self._queue))]
        batch: list[Entry | Prepared] = [*waiting, *entries]
        dropped = self._dropped
        if dropped:
            batch.insert(0, self.loss("queue", dropped))
        try:
            if batch:
                self._rotate_if_full()
                lines, tip = extend(self.segments.tip, batch)
                self.segments.append(lines, tip)
                self._copy(lines)
        except OSError as error:
            self._queue.extendleft(reversed(waiting))
            self.failure = f"the trail can't be written: {error.strerror or error}"
            raise JournalFailure(self.failure) from error
        if batch:
            self.lost += dropped
            self._dropped -= dropped
            self.failure = ""
            self._on_written(batch)
        return self.segments.tip.seq

    def _rotate_if_full(self) -> None:
        if self.segments.is_full:
            with self._disk.leading():
                path = self.segments.rotate()
            self._on_rotation(path)

    def _try_write(self) -> None:
        try:
            with self.lock:
                self.write()
        except JournalFailure as failure:
            LOGGER.warning("%s", failure)

    def make_durable(self, seq: int) -> None:
        """Return when record `seq` is on the disk. Raises JournalFailure. The lock must not be held."""
        try:
            self._disk.wait_durable(seq)
        except OSError as error:
            self.failure = f"the trail can't be made durable: {error.strerror or error}"
            raise JournalFailure(self.failure) from error

    def sync(self) -> bool:
        """Make everything written so far durable; False when the disk refuses."""
        try:
            self.make_durable(self.segments.tip.seq)
        except JournalFailure as failure:
            LOGGER.warning("%s", failure)
            return False
        return True

    def sign_head(self) -> bool:
        """Sign and store a head for the chain's end, if it has grown; False when that failed."""
        tip = self.segments.tip
        if tip.seq == self._head_seq:
            return True
        if not self.sync():
            return False
        try:
            head = self._signer.sign(self.segments.chain, tip, self.now())
        except OSError as error:
            self.head_failure = f"heads can't be stored: {error.strerror or error}"
            LOGGER.warning("%s", self.head_failure)
            return False
        self._copy((head.line(),))
        self._head_seq, self.head_at, self.head_failure = tip.seq, time.monotonic(), ""
        return True

    def _tend(self) -> None:
        """The thread; it goes on whatever fails."""
        synced = signed = time.monotonic()
        while not self._ended.wait(FLUSH_SECONDS):
            self._try_write()
            now = time.monotonic()
            if now - synced >= SYNC_SECONDS:
                synced = now
                self.sync()
            if now - signed >= self._head_seconds or self.segments.tip.seq - self._head_seq >= HEAD_RECORDS:
                signed = now
                self.sign_head()

    def close(self, last: Entry) -> None:
        """Write what waits and `last`, sign a head, release the files. Harmless when repeated."""
        if self.closed:
            return
        self._ended.set()
        self._thread.join()
        self.put(last)
        self._try_write()
        with self.lock:
            self.closed = True
        self.sign_head()
        with self._disk.leading():
            self.segments.close()
