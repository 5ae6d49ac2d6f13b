"""The trail's files: one writer, whole lines, nothing lost at the seams."""

import os
from pathlib import Path

import pytest

from rayfence.errors import StateError
from rayfence.gateway.segments import ForeignWriter, Segments, segment_files, write_at
from rayfence.trail.chain import EMPTY, Tip, extend
from tests.sim.trail import entries

ENTRIES = entries(20)


def begun(folder: Path, *, segment_bytes: int = 1 << 20) -> Segments:
    """Segments with a new chain."""
    segments = Segments(folder, segment_bytes=segment_bytes)
    segments.begin()
    return segments


def append(segments: Segments, count: int) -> bytes:
    """Append that many records; returns their bytes."""
    start = segments.tip.seq + 1
    lines, tip = extend(segments.tip, ENTRIES[start : start + count])
    segments.append(lines, tip)
    return b"".join(lines)


def test_a_new_folder_has_no_chain(tmp_path: Path) -> None:
    segments = Segments(tmp_path)
    assert (segments.chain, segments.tip, segments.files()) == ("", EMPTY, [])
    segments.close()


def test_a_chain_is_found_again_with_its_end(tmp_path: Path) -> None:
    first = begun(tmp_path)
    written = append(first, 5)
    first.close()
    again = Segments(tmp_path)
    assert (again.chain, again.tip, again.torn) == (first.chain, first.tip, None)
    assert again.mark.path.read_bytes() == written
    assert again.mark.path.stat().st_mode & 0o777 == 0o600
    again.close()


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    first = begun(tmp_path)
    with pytest.raises(StateError, match="another process writes"):
        Segments(tmp_path)
    first.close()
    Segments(tmp_path).close()


@pytest.mark.parametrize("rest", [b'{"prev":"', b"\0" * 4096, b"garbage\nmore garbage\n", b"x" * 200_000])
def test_what_follows_the_last_whole_record_is_set_aside(tmp_path: Path, rest: bytes) -> None:
    first = begun(tmp_path)
    written = append(first, 5)
    first.close()
    with first.mark.path.open("ab") as file:
        file.write(rest)
    again = Segments(tmp_path)
    assert again.torn is not None
    assert (tmp_path / again.torn.file).read_bytes() == rest
    assert again.mark.path.read_bytes() == written
    assert again.tip == first.tip
    again.close()


def test_an_empty_last_segment_is_dropped(tmp_path: Path) -> None:
    first = begun(tmp_path)
    append(first, 5)
    first.rotate()
    first.close()
    again = Segments(tmp_path)
    assert again.tip == first.tip
    assert len(segment_files(tmp_path)) == 1
    again.close()


def test_a_rotation_continues_the_chain(tmp_path: Path) -> None:
    segments = begun(tmp_path, segment_bytes=100)
    written = append(segments, 3)
    assert segments.is_full
    segments.rotate()
    written += append(segments, 3)
    segments.close()
    files = segment_files(tmp_path)
    assert [path.name[-18:] for path in files] == ["000000000000.jsonl", "000000000003.jsonl"]
    assert b"".join(path.read_bytes() for path in files) == written


def test_a_second_chain_has_a_later_name(tmp_path: Path) -> None:
    segments = begun(tmp_path)
    append(segments, 1)
    old = segments.chain
    new = segments.begin()
    append(segments, 1)
    segments.close()
    assert [path.name[:17] for path in segment_files(tmp_path)] == [old, new]
    again = Segments(tmp_path)
    assert again.chain == new
    again.close()


def test_a_foreign_write_is_noticed(tmp_path: Path) -> None:
    segments = begun(tmp_path)
    append(segments, 1)
    with segments.mark.path.open("ab") as file:
        file.write(b"x")
    with pytest.raises(ForeignWriter):
        append(segments, 1)
    segments.close()


def test_a_failed_sync_writes_again_before_it_believes_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    segments = begun(tmp_path)
    append(segments, 1)
    segments.sync()
    durable = segments.mark.size
    written = append(segments, 2)

    def broken(fd: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fdatasync", broken)
    with pytest.raises(OSError, match="Input/output"):
        segments.sync()
    monkeypatch.undo()
    rewritten: list[tuple[bytes, int]] = []
    real = os.pwrite

    def seen(fd: int, data: bytes, offset: int) -> int:
        rewritten.append((bytes(data), offset))
        return real(fd, data, offset)

    monkeypatch.setattr(os, "pwrite", seen)
    assert segments.sync().tip == segments.tip
    assert rewritten == [(written, durable)]
    segments.sync()
    assert len(rewritten) == 1
    segments.close()


def test_writing_goes_on_after_a_short_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, data, offset: real(fd, data[:3], offset))
    path = tmp_path / "file"
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    write_at(fd, b"0123456789", 2)
    os.close(fd)
    assert path.read_bytes() == b"\0\x000123456789"


def test_a_symbolic_link_is_not_written_through(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(b"")
    (tmp_path / "trail").mkdir()
    (tmp_path / "trail" / "lock").symlink_to(target)
    with pytest.raises(OSError, match="lock"):
        Segments(tmp_path / "trail")


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    segments = begun(tmp_path)
    segments.close()
    segments.close()
    assert segments.tip == Tip(-1, EMPTY.hash)
