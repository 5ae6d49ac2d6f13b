"""Twin of rayfence.gateway.pod.trail."""

import io
import json
import os
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from rayfence.gateway.pod.trail import SILENCE_SECONDS, Reader, copy, follow, main, tail

CHAIN = "0001-0123456789ab"
LATER = "0002-0123456789ab"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A trail of two chains, and things beside it that are no part of it."""
    chains, heads = tmp_path / "chains", tmp_path / "heads"
    chains.mkdir()
    heads.mkdir()
    (chains / f"{CHAIN}-000000000000.jsonl").write_bytes(b"a\nb\n")
    (chains / f"{CHAIN}-000000000002.jsonl").write_bytes(b"c\n")
    (chains / f"{LATER}-000000000000.jsonl").write_bytes(b"d\nhalf")
    (chains / "note.json").write_text("{}")
    (heads / f"{CHAIN}.heads.jsonl").write_bytes(b"h\n")
    (heads / "0f0f.pem").write_bytes(b"key\n")
    (heads / "private.key").write_bytes(b"secret\n")
    return chains, heads


def test_a_copy_holds_chains_heads_and_public_keys_and_nothing_else(folders: tuple[Path, Path]) -> None:
    out = io.BytesIO()
    copy(*folders, out)
    with tarfile.open(fileobj=io.BytesIO(out.getvalue())) as archive:
        names = archive.getnames()
        last = archive.extractfile(f"chains/{LATER}-000000000000.jsonl")
        assert last is not None and last.read() == b"d\nhalf"
    assert names == [
        f"heads/{CHAIN}.heads.jsonl",
        "heads/0f0f.pem",
        f"chains/{CHAIN}-000000000000.jsonl",
        f"chains/{CHAIN}-000000000002.jsonl",
        f"chains/{LATER}-000000000000.jsonl",
    ]


def test_the_newest_whole_lines_across_segments(folders: tuple[Path, Path]) -> None:
    assert list(tail(folders[0], 3)) == [b"b\n", b"c\n", b"d\n"]
    assert list(tail(folders[0], 0)) == []
    assert list(tail(folders[0], 99)) == [b"a\n", b"b\n", b"c\n", b"d\n"]


def test_a_long_segment_is_read_from_its_end(tmp_path: Path) -> None:
    lines = [b"%07d" % number + b"x" * 90 + b"\n" for number in range(8000)]
    (tmp_path / f"{CHAIN}-000000000000.jsonl").write_bytes(b"".join(lines))
    assert list(tail(tmp_path, 5000)) == lines[-5000:]


def test_following_goes_on_in_later_segments_until_nobody_reads(folders: tuple[Path, Path]) -> None:
    chains, _ = folders
    looks = 0

    def is_over(_seconds: float) -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            with (chains / f"{LATER}-000000000000.jsonl").open("ab") as file:
                file.write(b" whole\ne\n")
        if looks == 2:
            (chains / f"{LATER}-000000000002.jsonl").write_bytes(b"f\n")
        return looks == 4

    assert list(follow(chains, 1, is_over)) == [b"d\n", b"half whole\n", b"e\n", b"f\n"]


def test_following_begins_where_there_is_nothing_yet(tmp_path: Path) -> None:
    def over() -> Iterator[bool]:
        yield False
        (tmp_path / f"{CHAIN}-000000000000.jsonl").write_bytes(b"a\n")
        yield False
        yield True

    steps = over()
    assert list(islice(follow(tmp_path, 5, lambda _: next(steps)), 5)) == [b"a\n"]


def test_a_reader_that_is_silent_or_ends_is_gone() -> None:
    now = 0.0
    ours, theirs = os.pipe()
    reader = Reader(ours, lambda: now)
    assert not reader.is_gone(0.0)
    now = SILENCE_SECONDS - 1
    os.write(theirs, b"\n")
    assert not reader.is_gone(0.0)
    now += SILENCE_SECONDS - 1
    assert not reader.is_gone(0.0)
    now += 2
    assert reader.is_gone(0.0)
    os.close(theirs)
    assert reader.is_gone(1.0)
    os.close(ours)


def test_called_as_a_program(folders: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings = tmp_path / "gateway.json"
    told = {"trail_dir": str(folders[0]), "trail_heads_dir": str(folders[1])}
    settings.write_text(json.dumps({"served": [told]}))
    out = io.BytesIO()
    assert main([str(settings), "tail", "2"], out) == 0
    assert out.getvalue() == b"c\nd\n"
    assert main([str(settings), "copy"], io.BytesIO()) == 0
    assert main([str(tmp_path / "absent"), "copy"], io.BytesIO()) == 1
    for words in ([], [str(settings)], [str(settings), "tail"], [str(settings), "tail", "x"], [str(settings), "drop"]):
        assert main(words, io.BytesIO()) == 2
    assert "usage" in capsys.readouterr().err
