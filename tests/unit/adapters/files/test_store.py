"""Modes, owners, replacement by rename, and refusals."""

import os
import stat
from pathlib import Path

import pytest

from rayfence.adapters.files.store import digest, folder_is_right, loose, make_folder, write_file
from rayfence.errors import RayfenceError, StateError

UID, GID = os.geteuid(), os.getegid()


def test_a_folder_is_made_private_and_a_widened_mode_is_put_right(tmp_path: Path) -> None:
    path = str(tmp_path / "a" / "b")
    make_folder(path, UID, GID, 0o700)
    assert folder_is_right(path, UID, 0o700)
    Path(path).chmod(0o755)
    assert not folder_is_right(path, UID, 0o700)
    make_folder(path, UID, GID, 0o700)
    assert folder_is_right(path, UID, 0o700)


def test_a_link_in_place_of_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(StateError, match="is no folder"):
        make_folder(str(tmp_path / "link"), UID, GID, 0o700)


def test_a_file_is_replaced_not_changed_in_place(tmp_path: Path) -> None:
    path = tmp_path / "f"
    write_file(str(path), "one", UID, GID)
    before = path.stat().st_ino
    write_file(str(path), "two", UID, GID)
    assert path.read_text() == "two"
    assert path.stat().st_ino != before
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["f"]


def test_writing_where_nothing_can_be_written_is_an_error_with_a_next_step(tmp_path: Path) -> None:
    with pytest.raises(RayfenceError) as caught:
        write_file(str(tmp_path / "missing" / "f"), "x", UID, GID)
    assert caught.value.hint


def test_loose_finds_files_that_others_may_read(tmp_path: Path) -> None:
    write_file(str(tmp_path / "tight"), "x", UID, GID)
    write_file(str(tmp_path / "loose"), "x", UID, GID, 0o644)
    assert loose([str(tmp_path)], UID) == (str(tmp_path / "loose"),)
    assert loose([str(tmp_path / "missing")], UID) == ()


def test_digest_of_what_is_not_there_is_none(tmp_path: Path) -> None:
    assert digest(str(tmp_path / "nothing")) is None
