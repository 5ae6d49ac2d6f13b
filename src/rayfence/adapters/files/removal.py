"""Delete a folder that jobs could write in: whatever they laid there, it goes.

`shutil.rmtree` descends with the tree: some thousand folders inside each other, made by one job, exhaust Python's stack
or the handles of this process, and then neither `down` nor the next `up` gets past them. Here every folder is lifted to
the top before it is emptied, so the work never goes deeper than one level.
"""

import os
import stat
from pathlib import Path
from typing import Final

from rayfence.errors import PreflightError, StateError

_FOLDER: Final = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def remove_folder(path: str) -> None:
    """Delete the folder and all in it, without following links; nothing when it is not there.

    Raises StateError for a link, PreflightError for what can't be deleted.
    """
    folder = Path(path)
    if folder.is_symlink():
        raise StateError(f"{folder} is a link", hint="remove it yourself: only folders that we made are deleted")
    if not folder.exists():
        return
    try:
        top = _open(path)
        try:
            _empty(top)
        finally:
            os.close(top)
        folder.rmdir()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PreflightError(f"{folder} can't be removed: {reason}", hint="remove it yourself") from error


def _empty(top: int) -> None:
    """Leave nothing in the folder `top`. Names of lifted folders are numbers that nobody else uses."""
    lifted = 0
    while names := _unlink_files(top):
        for name in names:
            inner = _open(name, top)
            try:
                for child in _unlink_files(inner):
                    _open_up(child, inner)  # a folder that is moved must be writable itself
                    while _is_there(f".lifted-{lifted}", top):
                        lifted += 1
                    os.rename(child, f".lifted-{lifted}", src_dir_fd=inner, dst_dir_fd=top)
                    lifted += 1
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)


def _unlink_files(folder: int) -> list[str]:
    """Delete all that is no folder; return the folders' names."""
    folders = []
    with os.scandir(folder) as entries:
        listed = [(entry.name, entry.is_dir(follow_symlinks=False)) for entry in entries]
    for name, is_folder in listed:
        if is_folder:
            folders.append(name)
        else:
            os.unlink(name, dir_fd=folder)
    return folders


def _open(path: str, within: int | None = None) -> int:
    _open_up(path, within)
    return os.open(path, os.O_RDONLY | _FOLDER, dir_fd=within)


def _open_up(path: str, within: int | None) -> None:
    """Make our own folder usable for us: a job of our uid may have closed it."""
    handle = os.open(path, os.O_PATH | _FOLDER, dir_fd=within)
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_IMODE(mode) & stat.S_IRWXU != stat.S_IRWXU:
            Path(f"/proc/self/fd/{handle}").chmod(stat.S_IRWXU)  # this very folder, not what now has its name
    finally:
        os.close(handle)


def _is_there(name: str, folder: int) -> bool:
    try:
        os.lstat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True
