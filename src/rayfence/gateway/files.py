"""Files only their owner may touch: checked when read, replaced by rename when written.

A secret that another account can read, or replace, is no secret; the service refuses to start on one. Pure file
system, no knowledge of what a file holds.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fcntl import LOCK_EX, LOCK_UN, flock
from pathlib import Path

from rayfence.errors import StateError


def check_private(path: Path, *, folder: bool = False) -> None:
    """Raise StateError unless `path` is ours and closed to all others, and is no symbolic link."""
    what = "folder" if folder else "file"
    try:
        seen = path.lstat()
    except OSError as error:
        raise StateError(f"{what} {path} can't be read: {error.strerror}", hint="`rayfence up` makes it") from error
    if not (stat.S_ISDIR(seen.st_mode) if folder else stat.S_ISREG(seen.st_mode)):
        raise StateError(f"{path} is not a plain {what}")
    if seen.st_uid != os.geteuid():
        raise StateError(f"{what} {path} belongs to uid {seen.st_uid}, not to the gateway's uid {os.geteuid()}")
    if seen.st_mode & 0o077:
        wanted = "700" if folder else "600"
        raise StateError(
            f"{what} {path} is open to other accounts (mode {stat.S_IMODE(seen.st_mode):o})",
            hint=f"chmod {wanted} {path}, then replace what it held: others may have read it",
        )


def read_private(path: Path) -> str:
    """Text of a file that passed `check_private`. Raises StateError."""
    check_private(path)
    return path.read_text(encoding="utf-8")


def write_private(path: Path, text: str) -> None:
    """Replace `path` at one blow, mode 0600, durable before it returns: a reader sees the old text or the new.

    Raises OSError (disk full, folder gone); the old file is then untouched.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold `path`'s lock file: one writer at a time, whichever process it is in."""
    lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        flock(lock, LOCK_EX)
        yield
    finally:
        flock(lock, LOCK_UN)
        os.close(lock)
