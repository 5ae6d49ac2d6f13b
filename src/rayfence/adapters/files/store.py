"""Make folders, write files, and look at both.

Every path is made without following links in its last part, and refused when someone else owns it: a folder below
/tmp may have been laid there beforehand by another user. Raises StateError with the path and the reason.
"""

import hashlib
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from rayfence.errors import PreflightError, StateError


def make_folder(path: str, uid: int, gid: int, mode: int) -> None:
    """Create the folder (and its parents), or correct its owner and mode."""
    folder = Path(path)
    try:
        _make_parents(folder.parent)
        try:
            folder.mkdir(mode=mode)
        except FileExistsError:
            _refuse_foreign(folder, uid)
        # By handle, never by path: jobs can write in Ray's folders, and a link laid there meanwhile would be followed.
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            os.fchown(handle, uid, gid)
            os.fchmod(handle, mode)
        finally:
            os.close(handle)
    except OSError as error:
        raise _explained(error, folder) from error


def folder_is_right(path: str, uid: int, mode: int) -> bool:
    """Whether the folder is there with that owner and mode."""
    try:
        seen = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISDIR(seen.st_mode) and seen.st_uid == uid and stat.S_IMODE(seen.st_mode) == mode


def write_file(path: str, content: str, uid: int, gid: int, mode: int = 0o600) -> None:
    """Replace the file by rename; after it returns the content is on the disk."""
    target = Path(path)
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), mode)
            os.fchown(file.fileno(), uid, gid)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).rename(target)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise _explained(error, target) from error


def digest(path: str) -> str | None:
    """SHA-256 of the file's bytes; None when it is not there or can't be read."""
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return None


def loose(paths: Iterable[str], uid: int) -> tuple[str, ...]:
    """Those of `paths`, folders searched whole, that another account owns or may read."""
    return tuple(str(file) for path in paths for file in _files(Path(path)) if _readable_by_others(file, uid))


def _files(path: Path) -> Iterable[Path]:
    if path.is_dir():
        return (file for file in sorted(path.rglob("*")) if file.is_file())
    return (path,) if path.exists() else ()


def _readable_by_others(file: Path, uid: int) -> bool:
    seen = file.lstat()
    return seen.st_uid != uid or bool(stat.S_IMODE(seen.st_mode) & 0o077)


def _make_parents(folder: Path) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir(mode=0o755 if str(one).startswith("/run/") else 0o700)


def _refuse_foreign(folder: Path, uid: int) -> None:
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode):
        raise StateError(f"{folder} is no folder", hint="move it away")
    if seen.st_uid not in (os.geteuid(), uid):
        raise StateError(f"{folder} belongs to uid {seen.st_uid}", hint="move it away or choose another --state-dir")


def _explained(error: OSError, path: Path) -> StateError | PreflightError:
    reason = error.strerror or type(error).__name__
    hint = "free some space" if error.errno == 28 else "choose another place with --state-dir"
    return PreflightError(f"{path} can't be written: {reason}", hint=hint)
