"""Private files: others' access is noticed, writing is all or nothing."""

import os
from pathlib import Path

import pytest

from rayfence.errors import StateError
from rayfence.gateway.files import check_private, locked, read_private, write_private


def test_a_written_file_is_private_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    write_private(path, "one")
    write_private(path, "two")
    assert read_private(path) == "two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610])
def test_a_file_open_to_others_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    write_private(path, "x")
    path.chmod(mode)
    with pytest.raises(StateError, match=f"mode {mode:o}"):
        read_private(path)


def test_links_and_folders_are_no_files(tmp_path: Path) -> None:
    write_private(tmp_path / "real", "x")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    for name in ("link", "."):
        with pytest.raises(StateError, match="not a plain file"):
            check_private(tmp_path / name)
    with pytest.raises(StateError, match="not a plain folder"):
        check_private(tmp_path / "real", folder=True)
    with pytest.raises(StateError, match="can't be read"):
        check_private(tmp_path / "absent")


def test_a_foreign_owner_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_private(tmp_path / "secret", "x")
    monkeypatch.setattr(os, "geteuid", lambda: 61234)
    with pytest.raises(StateError, match="belongs to uid"):
        check_private(tmp_path / "secret")


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "secret"
    write_private(path, "old")

    def full(fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_private(path, "new")
    assert path.read_text(encoding="utf-8") == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["secret"]


def test_the_lock_is_beside_the_file_and_released(tmp_path: Path) -> None:
    for _ in range(2):
        with locked(tmp_path / "users.json"):
            pass
    assert (tmp_path / ".users.json.lock").stat().st_mode & 0o777 == 0o600
