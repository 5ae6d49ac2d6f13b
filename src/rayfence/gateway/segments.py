"""The trail's files: one chain as segments in a folder, written by one process at a time.

A segment is `<chain>-<first seq, 12 digits>.jsonl`; chains are `<ordinal>-<random>`, so names sort as they were
written. Covers: locking, appending at a known place, durability, rotation, and setting aside a torn end. Leaves out
what the lines say (`journal`).
"""

import contextlib
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from errno import EBUSY
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from rayfence.errors import StateError
from rayfence.trail.chain import EMPTY, Tip, digest, read_start
from rayfence.trail.naming import chain_of, ordinal_of, segment_name, segment_order

#: A segment is closed when it has reached this size: some 130,000 records, read in a fraction of a second.
SEGMENT_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Torn:
    """What was found behind the last whole record: its size, its hash, and the file it was moved to."""

    size: int
    sha256: str
    file: str


class ForeignWriter(OSError):
    """The segment is not as long as this process left it: somebody else writes to it."""


class Mark(NamedTuple):
    """A place in a segment: what a sync that starts now makes durable."""

    fd: int
    path: Path
    size: int
    tip: Tip


class Segments:
    """The newest chain of a folder, open for appending.

    `append`, `begin` and `rotate` need the caller's lock. `sync` may run beside `append` in one other thread, not
    beside `rotate`.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES) -> None:
        """Lock `folder` and open its newest chain, setting a torn end aside. Raises StateError, OSError.

        Afterwards `chain` is "" when there is none yet, `mark` is its end and `torn` what was moved aside.
        """
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._lock = _lock(folder)
        self._durable = 0  # offset in the segment
        self._suspect = False
        self.chain = ""
        self.mark = Mark(-1, folder, 0, EMPTY)
        self.torn: Torn | None = None
        try:
            self._open_newest()
        except BaseException:
            self.close()
            raise

    @property
    def tip(self) -> Tip:
        """The chain's end as written, durable or not."""
        return self.mark.tip

    def files(self) -> list[Path]:
        """Segments of the open chain, oldest first."""
        return [path for path in segment_files(self.folder) if chain_of(path.name) == self.chain]

    def _open_newest(self) -> None:
        files = segment_files(self.folder)
        self.chain = chain_of(files[-1].name) if files else ""
        for path in reversed(self.files()):
            tip, whole = _whole_part(path)
            if whole < path.stat().st_size:
                self.torn = _set_aside(path, whole)
            if whole:
                fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
                self.mark = Mark(fd, path, whole, tip)
                return
            path.unlink()  # made, but not yet written to, when its writer ended
        self.chain = ""

    def begin(self) -> str:
        """Start a new chain with an empty first segment; returns its id. Raises OSError."""
        ordinals = [ordinal_of(chain_of(path.name)) for path in segment_files(self.folder)]
        chain = f"{max(ordinals, default=0) + 1:04d}-{secrets.token_hex(6)}"
        self._open_new(chain, EMPTY)
        self.chain = chain
        return chain

    @property
    def is_full(self) -> bool:
        """Whether the segment has reached its size."""
        return self.mark.size >= self._segment_bytes

    def rotate(self) -> Path:
        """Close the segment durably and open the next; returns its path.

        Raises OSError; the old one then stays in use.
        """
        self.sync()
        self._open_new(self.chain, self.tip)
        return self.mark.path

    def _open_new(self, chain: str, tip: Tip) -> None:
        path = self.folder / segment_name(chain, tip.seq + 1)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        sync_folder(self.folder)
        if self.mark.fd >= 0:
            os.close(self.mark.fd)
        self.mark, self._durable = Mark(fd, path, 0, tip), 0

    def append(self, lines: list[bytes], tip: Tip) -> None:
        """Write whole lines behind the last one; `tip` is the chain's end after them.

        Not yet durable. Raises OSError, and then nothing of it is in the file: what a full disk took of a line is cut
        off again.
        """
        fd, path, size, _ = self.mark
        if os.fstat(fd).st_size != size:
            raise ForeignWriter(EBUSY, "another process writes to the segment, or cut it")
        data = b"".join(lines)
        try:
            write_at(fd, data, size)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(fd, size)
            raise
        self.mark = Mark(fd, path, size + len(data), tip)

    def sync(self) -> Mark:
        """Make everything written so far durable; returns up to where. Raises OSError: nothing new is certain then.

        After a failed fdatasync the kernel may count pages as clean that never reached the disk, and asking again
        would answer yes. So the next attempt writes them once more.
        """
        mark = self.mark
        try:
            if self._suspect:
                write_at(mark.fd, os.pread(mark.fd, mark.size - self._durable, self._durable), self._durable)
            os.fdatasync(mark.fd)
        except OSError:
            self._suspect = True
            raise
        self._suspect, self._durable = False, mark.size
        return mark

    def close(self) -> None:
        """Give up the segment and the lock. Harmless when repeated."""
        if self.mark.fd >= 0:
            os.close(self.mark.fd)
            self.mark = self.mark._replace(fd=-1)
        if self._lock >= 0:
            flock(self._lock, LOCK_UN)
            os.close(self._lock)
            self._lock = -1


def write_at(fd: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`: never in append mode, so that a retry overwrites what a failure left.

    Raises OSError.
    """
    view = memoryview(data)
    while view:
        done = os.pwrite(fd, view, offset)
        view, offset = view[done:], offset + done


def _lock(folder: Path) -> int:
    """Two writers would give two records the same number and break the chain for good: the second one is refused."""
    lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except OSError as error:
        os.close(lock)
        raise StateError(
            f"another process writes the trail in {folder}", hint="is this instance already up?"
        ) from error
    return lock


def segment_files(folder: Path) -> list[Path]:
    """Segments of every chain in `folder`, oldest first."""
    return [folder / name for name in segment_order(path.name for path in folder.iterdir())]


def _whole_part(path: Path) -> tuple[Tip, int]:
    """The last whole record of a segment, and the offset behind it; (EMPTY, 0) when there is none."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        for end, line in _lines_backwards(file.fileno(), size):
            start = read_start(line)
            if start is not None:
                return Tip(start.seq, digest(line)), end
    return EMPTY, 0


def _lines_backwards(fd: int, size: int) -> Iterator[tuple[int, bytes]]:
    """(offset behind it, line with newline) from the end of a file; what follows the last newline is skipped."""
    block = 64 * 1024
    held = b""
    position = size
    while position > 0:
        step = min(block, position)
        position -= step
        held = os.pread(fd, step, position) + held
        while (last := held.rfind(b"\n")) >= 0:
            before = held.rfind(b"\n", 0, last)
            if before < 0 and position > 0:
                break
            yield position + last + 1, held[before + 1 : last + 1]
            held = held[: before + 1]


def _set_aside(path: Path, whole: int) -> Torn:
    """Move what follows offset `whole` into a file of its own: it is evidence of a crash, or of more."""
    with path.open("r+b") as file:
        file.seek(whole)
        rest = file.read()
        name = f"torn-{path.stem}-{whole}-{secrets.token_hex(4)}.bin"
        aside = os.open(path.parent / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(aside, "wb") as copy:
            copy.write(rest)
            copy.flush()
            os.fsync(copy.fileno())
        file.truncate(whole)
        os.fsync(file.fileno())
    sync_folder(path.parent)
    return Torn(len(rest), sha256(rest).hexdigest(), name)


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
