"""One command at a time on an instance."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rayfence.adapters import files
from rayfence.api.instances import state_root
from rayfence.errors import StateError


@contextmanager
def locked(name: str, state_dir: Path | None) -> Iterator[None]:
    """Hold the lock of one instance. Raises StateError when another command holds it."""
    root = state_root(state_dir)
    files.make_folder(str(root), os.geteuid(), os.getegid(), 0o700)
    with (root / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"another command is at work on {name!r}", hint="wait for it to end") from error
        yield
