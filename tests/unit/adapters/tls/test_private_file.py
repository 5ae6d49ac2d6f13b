"""Secret files: closed from the first moment, whole or not at all, never through a link."""

import os
from pathlib import Path

import pytest

from rayfence.adapters.tls.private_file import read_file, write_private
from rayfence.errors import StateError

ME = (os.geteuid(), os.getegid())


def test_it_is_closed_and_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "key"
    old = os.umask(0)
    try:
        write_private(str(path), b"one", ME)
        write_private(str(path), b"two", ME)
    finally:
        os.umask(old)
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [item.name for item in tmp_path.iterdir()] == ["key"]


def test_a_link_is_replaced_and_what_it_points_to_left_alone(tmp_path: Path) -> None:
    """A job can lay a link where its node's key will be written: root must not write through it."""
    (tmp_path / "shadow").write_bytes(b"precious")
    (tmp_path / "key").symlink_to(tmp_path / "shadow")
    with pytest.raises(StateError, match="can't be read"):
        read_file(str(tmp_path / "key"))
    write_private(str(tmp_path / "key"), b"new", ME)
    assert (tmp_path / "shadow").read_bytes() == b"precious"
    assert not (tmp_path / "key").is_symlink()


def test_the_old_file_survives_a_failure(tmp_path: Path) -> None:
    (tmp_path / "key").mkdir()
    with pytest.raises(StateError, match="can't be written"):
        write_private(str(tmp_path / "key"), b"new", ME)
    assert [item.name for item in tmp_path.iterdir()] == ["key"]
    with pytest.raises(StateError, match="can't be written"):
        write_private(str(tmp_path / "missing" / "key"), b"new", ME)


def test_reading(tmp_path: Path) -> None:
    assert read_file(str(tmp_path / "missing")) is None
    (tmp_path / "file").write_bytes(b"x")
    assert read_file(str(tmp_path / "file")) == b"x"
    os.mkfifo(tmp_path / "pipe")
    assert read_file(str(tmp_path / "pipe")) == b"", "a pipe must not be waited for"
