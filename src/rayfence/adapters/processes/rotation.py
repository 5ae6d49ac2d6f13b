"""Log files bounded in size, without asking the process that writes them.

The file is copied to `<log>.1` and cut to nothing; the writer holds it open for appending and goes on at the start.
Lines written between the two steps can be lost: these are the processes' own chatter, the trail is kept elsewhere.
"""

import os
import shutil
from typing import Final

LIMIT_BYTES: Final = 16 * 1024 * 1024


def rotate(path: str, limit: int = LIMIT_BYTES) -> bool:
    """Cut the log when it has outgrown `limit`. True when it was cut."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    with os.fdopen(handle, "r+b") as log:
        if os.fstat(log.fileno()).st_size <= limit:
            return False
        new = os.open(f"{path}.1", os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(new, "wb") as old:
            shutil.copyfileobj(log, old)
        log.truncate(0)
    return True


def last_lines(path: str, count: int = 5, limit: int = 4096) -> tuple[str, ...]:
    """The last non-empty lines of a log, for a message; nothing when there is no log. No control characters."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ()
    with os.fdopen(handle, "rb") as log:
        size = os.fstat(log.fileno()).st_size
        log.seek(max(0, size - limit))
        text = log.read(limit).decode("utf-8", "replace")
    lines = ("".join(char for char in line if char.isprintable()).strip() for line in text.splitlines())
    return tuple(line for line in lines if line)[-count:]
