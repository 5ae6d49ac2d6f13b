"""One fdatasync for all who wait: the first becomes the leader, whoever comes meanwhile shares the next one.

Leaves out writing. A caller writes first, under the journal's lock, and then waits here without it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rayfence.gateway.segments import Segments


class GroupSync:
    """Durability of one chain. Records up to `durable` survive a power cut."""

    def __init__(self, segments: Segments) -> None:
        self._segments = segments
        self._turn = threading.Condition()
        self._busy = False
        self.durable = -1

    @contextmanager
    def leading(self) -> Iterator[None]:
        """Be the one thread that may sync or exchange the segment's file."""
        with self._turn:
            while self._busy:
                self._turn.wait()
            self._busy = True
        try:
            yield
        finally:
            self._release()

    def _release(self) -> None:
        with self._turn:
            self._busy = False
            self._turn.notify_all()

    def wait_durable(self, seq: int) -> None:
        """Return when record `seq` is on the disk. Raises OSError; each waiter then has tried for itself."""
        with self._turn:
            while self.durable < seq and self._busy:
                self._turn.wait()
            if self.durable >= seq:
                return
            self._busy = True
        try:
            self.durable = self._segments.sync().tip.seq
        finally:
            self._release()
