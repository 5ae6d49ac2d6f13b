"""How many inotify instances our account may still open, found by opening them: the kernel counts, but does not tell.

The limit `fs.inotify.max_user_instances` (128 where nobody raised it) is per account and shared by all its programs.
"""

import ctypes
import errno
import os
from typing import Final

_CLOSE_ON_EXEC: Final = os.O_CLOEXEC  # IN_CLOEXEC has its value


def free_instances(wanted: int) -> int | None:
    """At most `wanted`; all are closed again at once. None: there is no inotify here, or another reason to refuse."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return None
    handles: list[int] = []
    try:
        while len(handles) < wanted:
            handle = libc.inotify_init1(_CLOSE_ON_EXEC)
            if handle < 0:
                return len(handles) if ctypes.get_errno() == errno.EMFILE else None
            handles.append(handle)
        return wanted
    finally:
        for handle in handles:
            os.close(handle)
