"""One command at a time on an instance."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rayfence.adapters import files
from rayfence.api.instances import state_root
from rayfence.errors import StateError


@contextmanager
def locked(name: str, state_dir: Path | None) -> Iterator[None]:
    """Hold the lock of one instance. Raises StateError when another command holds it."""
    root = state_root(state_dir)
    files.make_folder(str(root), os.geteuid(), os.getegid(), 0o700)
    path = root / f".{name}.lock"
    with path.open("w") as lock:
        if not _take(lock.fileno(), path):
            raise StateError(f"another command is at work on {name!r}", hint="wait for it to end")
        try:
            yield
        finally:
            if not (root / name).exists():  # nothing came of it, or it was purged: no trace stays
                path.unlink(missing_ok=True)
                with suppress(OSError):
                    root.rmdir()


def _take(handle: int, path: Path) -> bool:
    """Lock the file; a file that its last holder has removed meanwhile is no lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(handle).st_ino == path.stat().st_ino
    except OSError:
        return False
