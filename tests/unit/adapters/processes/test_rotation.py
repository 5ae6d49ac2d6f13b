"""Logs of bounded size."""

import os
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from rayfence.adapters.processes import rotation


def test_a_log_is_cut_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    writer = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    try:
        os.write(writer, b"old" * 100)
        assert not rotation.rotate(str(log), limit=300)
        os.write(writer, b"!")
        assert rotation.rotate(str(log), limit=300)
        os.write(writer, b"new")
    finally:
        os.close(writer)
    assert log.read_bytes() == b"new"
    assert (tmp_path / "a.log.1").read_bytes() == b"old" * 100 + b"!"
    assert (tmp_path / "a.log.1").stat().st_mode & 0o777 == 0o600


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "target").write_bytes(b"x" * 50)
    (tmp_path / "a.log").symlink_to(tmp_path / "target")
    assert not rotation.rotate(str(tmp_path / "a.log"), limit=10)
    assert rotation.last_lines(str(tmp_path / "a.log")) == ()
    assert not rotation.rotate(str(tmp_path / "missing"), limit=10)


def test_the_last_words_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "a.log"
    log.write_bytes(b"one\n\n  two \n\x1b[31mthree\x1b[0m\xff\n")
    assert rotation.last_lines(str(log), count=2) == ("two", "[31mthree[0m\N{REPLACEMENT CHARACTER}")
    assert rotation.last_lines(str(tmp_path / "missing")) == ()


@given(st.binary(max_size=2000), st.integers(1, 9))
def test_last_words_are_few_and_printable(content: bytes, count: int) -> None:
    path = Path(f"/tmp/rayfence-rotation-{os.getpid()}")
    path.write_bytes(content)
    try:
        lines = rotation.last_lines(str(path), count, limit=500)
    finally:
        path.unlink()
    assert len(lines) <= count
    assert all(line.isprintable() and line.strip() for line in lines)
