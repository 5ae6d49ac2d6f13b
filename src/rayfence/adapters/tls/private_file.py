"""Secret files: created closed, renamed into place, on the disk before the name is."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rayfence.errors import StateError
from rayfence.model.desired import Account

#: (uid, gid) of an account.
Owner = Callable[[Account], tuple[int, int]]


def write_private(path: str, content: bytes, owner: tuple[int, int]) -> None:
    """Replace `path`, mode 0600. Raises StateError; the old file is then untouched.

    The new file is made with a name nobody can guess, exclusively and without following links: folders of Ray's account
    can be written by jobs, which could lay a link there to have us overwrite what it points to.
    """
    target = Path(path)
    new = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(file.fileno(), 0o600)
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), *owner)
            new.rename(target)
        except BaseException:
            with suppress(OSError):
                new.unlink()
            raise
    except OSError as error:
        raise StateError(f"{path} can't be written: {error.strerror}") from error


def read_file(path: str) -> bytes | None:
    """The content; None when there is no such plain file. Raises StateError when it is there and can't be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            return os.read(handle, 1_000_000)
        finally:
            os.close(handle)
    except FileNotFoundError:
        return None
    except OSError as error:  # a folder or a socket in its place, too
        raise StateError(f"{path} can't be read: {error.strerror}") from error
