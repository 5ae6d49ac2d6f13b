"""Folders that somebody made hard to delete."""

import os
import resource
from pathlib import Path

import pytest

from rayfence.adapters.files.removal import remove_folder
from rayfence.errors import StateError

#: Deeper than Python's stack, than handles of a process, and longer than any path the kernel takes.
DEPTH = 3000


def deepen(folder: Path, levels: int) -> None:
    """Folders inside each other, each with a file beside the next."""
    handle = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=handle)
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=handle))
        inner = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = inner
    os.close(handle)


def test_depth_stops_nothing(tmp_path: Path) -> None:
    """A job can make this in a moment; the next `down` and every `up` after it must get rid of it."""
    folder = tmp_path / "ray"
    (folder / "s").mkdir(parents=True)
    deepen(folder, DEPTH)
    deepen(folder / "s", DEPTH)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        remove_folder(str(folder))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert not folder.exists()


def test_links_go_and_what_they_lead_to_stays(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "inner").mkdir(parents=True)
    (kept / "file").touch()
    folder = tmp_path / "ray"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "link").symlink_to(kept)
    (folder / "a" / "link").symlink_to(kept, target_is_directory=True)
    (folder / "a" / "b" / "dangling").symlink_to(tmp_path / "nothing")
    os.mkfifo(folder / "a" / "pipe")
    remove_folder(str(folder))
    assert not folder.exists()
    assert sorted(path.name for path in kept.iterdir()) == ["file", "inner"]
    (tmp_path / "top").symlink_to(kept)
    with pytest.raises(StateError, match="is a link"):
        remove_folder(str(tmp_path / "top"))
    assert kept.is_dir()


def test_closed_folders_and_taken_names_are_no_hindrance(tmp_path: Path) -> None:
    folder = tmp_path / "ray"
    (folder / ".lifted-0" / ".lifted-0").mkdir(parents=True)
    (folder / ".lifted-1").touch()
    (folder / "closed" / "inner" / "d").mkdir(parents=True)
    (folder / "closed" / "inner").chmod(0)
    (folder / "closed").chmod(0)
    remove_folder(str(folder))
    assert not folder.exists()


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove_folder(str(tmp_path / "nothing"))
