"""Following Envoy's access log: whole lines in order, each exactly once, across restarts and rotations.

A place in the log is `<fingerprint>:<offset>`. The fingerprint is taken from the file's first line, which holds a
request id and a time: unlike an inode number it is never used twice. Rotation renames the file and asks Envoy to open
a new one; the old file is read to its end and removed once its records are durable. Leaves out what lines mean
(`accessline`) and talking to Envoy (`ingest`).
"""

import os
import time
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Final

#: A longer line is no line of Envoy's: request headers are bounded.
BLOCK_BYTES: Final = 1 << 20

#: Read at once, unless a line is longer: some 400 lines. They and what is made of them still fit into a core's cache.
READ_BYTES: Final = 1 << 17

#: The log is exchanged for a new one when it has reached this size.
ROTATE_BYTES: Final = 32 * 1024 * 1024

#: How long an old file must have been silent, with its successor in place, before nobody can be writing to it any more.
GRACE_SECONDS: Final = 2.0


class AccessLog:
    """The reading end of one log. Not thread-safe."""

    def __init__(self, path: Path, position: str = "", *, rotate_bytes: int = ROTATE_BYTES) -> None:
        """Go on behind `position`; "" begins with the oldest line there is."""
        self._path = path
        self._old = path.with_name(path.name + ".old")
        self._rotate_bytes = rotate_bytes
        self._fd = -1
        self._open_path = path
        self._offset = 0
        self._fingerprint = ""
        self._silent_since: float | None = None
        #: Set when the log became shorter than what was read of it: somebody cut it.
        self.was_cut = False
        self._begin(position)

    def _begin(self, position: str) -> None:
        fingerprint, _, offset = position.rpartition(":")
        for path in (self._old, self._path):
            if self._open(path) and fingerprint and fingerprint == self._fingerprint:
                self._offset = int(offset) if offset.isdecimal() else 0
                return
        # Neither file is the one read last: everything in them is new.
        if not self._open(self._old):
            self._open(self._path)

    def _open(self, path: Path) -> bool:
        self.close()
        try:
            self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False
        self._open_path, self._offset, self._silent_since = path, 0, None
        self._fingerprint = self._take_fingerprint()
        return True

    def _take_fingerprint(self) -> str:
        head = os.pread(self._fd, 4096, 0)
        end = head.find(b"\n")
        if end < 0 and len(head) < 4096:
            return ""  # not one whole line yet
        return sha256(head[:end] if end >= 0 else head).hexdigest()[:12]

    @property
    def position(self) -> str:
        """The place behind the last line read."""
        return f"{self._fingerprint}:{self._offset}"

    def read(self, most: int = 1000) -> list[tuple[bytes, str]]:
        """Up to `most` new whole lines without their newlines, each with the place behind it. Raises OSError.

        The place moves on only by `accept`: lines that could not be stored are returned again.
        """
        if self._fd < 0 and not self._open(self._path):
            return []
        if os.fstat(self._fd).st_size < self._offset:
            self.was_cut, self._offset = True, 0
            self._fingerprint = ""
        self._fingerprint = self._fingerprint or self._take_fingerprint()
        block = os.pread(self._fd, READ_BYTES, self._offset)
        if len(block) == READ_BYTES and b"\n" not in block:
            block = os.pread(self._fd, BLOCK_BYTES, self._offset)
        lines = block.split(b"\n", most)
        rest = lines.pop()  # behind the last newline, or behind `most` lines
        mark, offset = f"{self._fingerprint}:", self._offset
        if not lines and (len(rest) == BLOCK_BYTES or (rest and self._is_over())):
            # Cut off by a crash of Envoy, or endless: a line of its own, and reported as malformed.
            return [(rest, f"{mark}{offset + len(rest)}")]
        found = []
        for line in lines:
            offset += len(line) + 1
            found.append((line, f"{mark}{offset}"))
        return found

    def accept(self, position: str) -> None:
        """Lines up to `position` are stored."""
        self._offset = int(position.rpartition(":")[2])
        self._silent_since = None

    def rotate(self) -> bool:
        """Move the log out of Envoy's way when it has grown; True: Envoy must be asked to open a new one."""
        if self._open_path == self._old:
            return not self._path.exists()
        if self._fd < 0 or self._offset < self._rotate_bytes:
            return False
        try:
            self._path.rename(self._old)
        except OSError:
            return False
        self._open_path = self._old
        return True

    def _is_over(self) -> bool:
        """Whether the open file is an old one that has been silent long enough."""
        try:
            current = self._path.stat().st_ino
        except OSError:
            return False
        if current == os.fstat(self._fd).st_ino:
            return False
        if self._silent_since is None:
            self._silent_since = time.monotonic()
        return time.monotonic() - self._silent_since >= GRACE_SECONDS

    def finish_old(self, make_durable: Callable[[], bool]) -> bool:
        """Go on to the new file when the old one is read to its end; True if so.

        The old one is removed only after `make_durable` said that its records are on the disk.
        """
        if self._fd < 0 or not self._is_over() or os.fstat(self._fd).st_size > self._offset or not make_durable():
            return False
        finished = self._open_path
        if finished == self._old:
            self._old.unlink(missing_ok=True)
        return self._open(self._path)

    def lines_between(self, start: str, end: str) -> list[bytes]:
        """Lines of the open file from one place to another; empty when the places are not both in it.

        Raises OSError.
        """
        (first, _, low), (last, _, high) = start.rpartition(":"), end.rpartition(":")
        if self._fd < 0 or not first or first != last or first != self._fingerprint:
            return []
        return os.pread(self._fd, max(0, int(high) - int(low)), int(low)).split(b"\n")[:-1]

    def close(self) -> None:
        """Close the file. Harmless when repeated."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1
