"""One command at a time on an instance."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from rayfence.adapters import files
from rayfence.api.instances import state_root
from rayfence.errors import StateError

#: The instance's own renewal takes the lock for a second or two, a minute after each start: nobody is to hear of that.
PATIENCE_SECONDS = 10.0
_PAUSE: Final = 0.1


@contextmanager
def locked(name: str, state_dir: Path | None, patience: float | None = None) -> Iterator[None]:
    """Hold the lock of one instance; others get `patience` seconds to let go of it (None: PATIENCE_SECONDS).

    Raises StateError when another command still holds it then.
    """
    root = state_root(state_dir)
    files.make_folder(str(root), os.geteuid(), os.getegid(), 0o700)
    path = root / f".{name}.lock"
    deadline = time.monotonic() + (PATIENCE_SECONDS if patience is None else patience)
    while True:
        lock = path.open("w")
        if _take(lock.fileno(), path):
            break
        lock.close()
        if time.monotonic() >= deadline:
            raise StateError(f"another command is at work on {name!r}", hint="wait for it to end")
        time.sleep(_PAUSE)
        files.make_folder(str(root), os.geteuid(), os.getegid(), 0o700)  # a purge may have taken it away meanwhile
    with lock:
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
