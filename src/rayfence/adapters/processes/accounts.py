"""A uid for Ray and its jobs that is nobody's: no entry in the user database, no process, no instance's folder.

The range is the one that systemd reserves for such temporary users. Ray runs with the uid as a bare number; its
environment names it, because some programs ask who they are.
"""

import grp
import hashlib
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from typing import Final

FIRST: Final = 61184
LAST: Final = 65519
#: Where instances of this machine keep Ray's folders; their owners are taken.
RUN_FOLDER: Final = "/run/rayfence"


def pick_ray_uid(instance: str, taken_under: str = RUN_FOLDER) -> int | None:
    """A free uid, the same for the same instance name as long as it is free; None when we are not root."""
    if os.geteuid() != 0:
        return None
    used = _used(taken_under)
    size = LAST - FIRST + 1
    start = int.from_bytes(hashlib.sha256(instance.encode()).digest()[:8], "big") % size
    for step in range(size):
        uid = FIRST + (start + step) % size
        if uid not in used and not _is_named(uid):
            return uid
    return None


def _is_named(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        pass
    else:
        return True
    try:
        grp.getgrgid(uid)  # the same number is used as group
    except KeyError:
        return False
    return True


def _used(folder: str) -> set[int]:
    used = {path.lstat().st_uid for path in Path(folder).glob("*")} if Path(folder).is_dir() else set()
    used.update(_uids_of_processes())
    for file in ("/etc/subuid", "/etc/subgid"):
        used.update(_subordinate(file))
    return used


def _uids_of_processes() -> Iterator[int]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                lines = Path(entry.path, "status").read_text(encoding="utf-8", errors="replace").splitlines()
            except OSError:
                continue
            for line in lines:
                if line.startswith(("Uid:", "Gid:")):
                    yield from (int(word) for word in line.split()[1:])


def _subordinate(file: str) -> Iterator[int]:
    """Uids that belong to somebody's containers."""
    path = Path(file)
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for line in lines:
        _name, _, numbers = line.partition(":")
        first, _, count = numbers.partition(":")
        if first.isdigit() and count.isdigit():
            yield from range(max(int(first), FIRST), min(int(first) + int(count), LAST + 1))
