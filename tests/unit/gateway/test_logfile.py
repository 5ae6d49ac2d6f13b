"""Following the log: each whole line once, whatever happens to the file."""

import os
from pathlib import Path

import pytest

from rayfence.gateway import logfile
from rayfence.gateway.logfile import AccessLog


def put(path: Path, *texts: str) -> None:
    """Append texts as Envoy does."""
    with path.open("ab") as file:
        file.write("".join(texts).encode())


def take(log: AccessLog, most: int = 1000) -> list[str]:
    """Read and accept what is there."""
    lines = log.read(most)
    if lines:
        log.accept(lines[-1][1])
    return [raw.decode() for raw, _ in lines]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the log is."""
    return tmp_path / "access.jsonl"


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Old files are over at once."""
    monkeypatch.setattr(logfile, "GRACE_SECONDS", 0.0)


def test_a_log_that_is_not_there_yet(path: Path) -> None:
    log = AccessLog(path)
    assert take(log) == []
    put(path, "one\n")
    assert take(log) == ["one"]


def test_whole_lines_only(path: Path) -> None:
    log = AccessLog(path)
    put(path, "one\ntw")
    assert take(log) == ["one"]
    put(path, "o\nthree\n")
    assert take(log) == ["two", "three"]
    assert take(log) == []


def test_what_is_not_accepted_comes_again(path: Path) -> None:
    log = AccessLog(path)
    put(path, "one\ntwo\n")
    assert log.read() == log.read()
    assert take(log, 1) == ["one"]
    assert take(log, 1) == ["two"]


@pytest.mark.parametrize("accepted", range(4))
def test_a_restart_goes_on_behind_the_last_recorded_line(path: Path, accepted: int) -> None:
    put(path, "one\ntwo\nthree\n")
    log = AccessLog(path)
    lines = log.read()
    position = lines[accepted - 1][1] if accepted else ""
    log.close()
    put(path, "four\n")
    assert take(AccessLog(path, position)) == ["one", "two", "three", "four"][accepted:]


def test_a_file_of_another_name_for_the_same_place_is_read_from_its_beginning(path: Path) -> None:
    put(path, "one\n")
    log = AccessLog(path)
    take(log)
    position = log.position
    path.unlink()
    put(path, "two\nthree\n")
    assert take(AccessLog(path, position)) == ["two", "three"]


@pytest.mark.parametrize("position", ["nonsense", ":", "x:y", "0123456789ab:-5"])
def test_a_place_that_is_none(path: Path, position: str) -> None:
    put(path, "one\n")
    assert take(AccessLog(path, position)) == ["one"]


def test_rotation_loses_and_doubles_nothing(path: Path) -> None:
    log = AccessLog(path, rotate_bytes=8)
    put(path, "one\ntwo\n")
    assert not log.rotate()
    take(log)
    writer = os.open(path, os.O_WRONLY | os.O_APPEND)
    assert log.rotate()
    assert not path.exists()
    os.write(writer, b"three\n")  # Envoy still has the old one open
    assert take(log) == ["three"]
    assert log.rotate(), "Envoy has not opened a new one: ask again"
    put(path, "four\n")
    assert not log.rotate()
    os.write(writer, b"late\n")
    os.close(writer)
    assert take(log) == ["late"]
    assert not log.finish_old(lambda: False), "not before its records are durable"
    assert log.finish_old(lambda: True)
    assert take(log) == ["four"]
    assert [entry.name for entry in path.parent.iterdir()] == ["access.jsonl"]


@pytest.mark.parametrize("read_before", [0, 1, 2])
def test_a_restart_amid_a_rotation(path: Path, read_before: int) -> None:
    put(path, "one\ntwo\n")
    log = AccessLog(path)
    seen = take(log, read_before) if read_before else []
    position = log.position if read_before else ""
    log.close()
    path.rename(path.with_name("access.jsonl.old"))
    put(path, "three\n")
    again = AccessLog(path, position)
    seen += take(again)
    assert again.finish_old(lambda: True)
    assert seen + take(again) == ["one", "two", "three"]


def test_a_restart_after_the_old_file_was_finished_does_not_read_it_again(path: Path) -> None:
    put(path.with_name("access.jsonl.old"), "one\n")
    put(path, "two\nthree\n")
    log = AccessLog(path)
    take(log)
    log.finish_old(lambda: True)
    take(log, 1)
    position = log.position
    put(path.with_name("access.jsonl.old"), "one\n")
    assert take(AccessLog(path, position)) == ["three"]


def test_a_torn_line_at_the_end_of_an_old_file_is_given_out(path: Path) -> None:
    put(path, "one\ntw")
    log = AccessLog(path)
    take(log)
    path.rename(path.with_name("access.jsonl.old"))
    put(path, "three\n")
    assert take(log) == ["tw"]
    assert log.finish_old(lambda: True)
    assert take(log) == ["three"]


def test_a_log_that_was_cut_is_noticed_and_read_on(path: Path) -> None:
    put(path, "one\ntwo\n")
    log = AccessLog(path)
    take(log)
    path.write_bytes(b"x\n")
    assert take(log) == ["x"]
    assert log.was_cut


def test_an_endless_line_does_not_stop_the_log(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logfile, "BLOCK_BYTES", 100)
    monkeypatch.setattr(logfile, "READ_BYTES", 40)
    put(path, "x" * 250, "\n", "one\n")
    log = AccessLog(path)
    seen: list[str] = []
    for _ in range(5):
        seen += take(log)
    assert "".join(seen[:-1]) == "x" * 250
    assert seen[-1] == "one"


def test_lines_between_two_places(path: Path) -> None:
    put(path, "one\ntwo\nthree\n")
    log = AccessLog(path)
    lines = log.read()
    assert log.lines_between(lines[0][1], lines[2][1]) == [b"two", b"three"]
    assert log.lines_between(lines[2][1], lines[0][1]) == []
    assert log.lines_between("other:0", lines[0][1]) == []
