"""Reading a trail that somebody writes."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from rayfence.adapters.trailfiles import TrailFiles
from rayfence.errors import StateError
from rayfence.trail.verify import verify_chain
from tests.sim.trail import CHAIN, KEY, KEYS, OTHER_KEY, chain, head, tip_of

LINES = chain(100)


def pem(key: object = KEY) -> bytes:
    """A public key's file."""
    public = (KEY if key is KEY else OTHER_KEY).public_key()
    return public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def segment(folder: Path, first: int) -> Path:
    """Path of a segment."""
    return folder / "trail" / f"{CHAIN}-{first:012d}.jsonl"


@pytest.fixture
def files(tmp_path: Path) -> TrailFiles:
    """A trail of three segments with heads."""
    (tmp_path / "trail").mkdir()
    (tmp_path / "heads").mkdir()
    for first in (0, 40, 80):
        segment(tmp_path, first).write_bytes(b"".join(LINES[first : first + 40]))
    (tmp_path / "trail" / "lock").touch()
    (tmp_path / "heads" / f"{CHAIN}.heads.jsonl").write_bytes(head(tip_of(LINES, 90)).line())
    (tmp_path / "heads" / "key.pem").write_bytes(pem())
    return TrailFiles(tmp_path / "trail", tmp_path / "heads")


def test_a_chain_is_read_across_its_segments_and_verified(files: TrailFiles) -> None:
    assert files.chains() == (CHAIN,)
    assert list(files.lines(CHAIN)) == LINES
    assert files.public_keys().keys() == KEYS.keys()
    report = verify_chain(files.lines(CHAIN), files.heads(CHAIN), files.public_keys())
    assert report.ok
    assert report.covered == 90


def test_a_chain_of_which_only_heads_are_left_is_still_named(files: TrailFiles, tmp_path: Path) -> None:
    for first in (0, 40, 80):
        segment(tmp_path, first).unlink()
    assert files.chains() == (CHAIN,)
    assert not verify_chain(files.lines(CHAIN), files.heads(CHAIN), files.public_keys()).ok


def test_the_last_lines_are_read_from_the_end(files: TrailFiles, tmp_path: Path) -> None:
    with segment(tmp_path, 80).open("ab") as file:
        file.write(b'{"half')
    for count in (0, 1, 20, 21, 22, 50, 101, 500):
        assert files.last_lines(count) == (LINES[-count:] if count else [])


def test_following_goes_across_segments(files: TrailFiles, tmp_path: Path) -> None:
    more = chain(160)[101:]
    steps: Iterator[None] = iter(write(tmp_path, more))
    seen: list[bytes] = []

    def is_over() -> bool:
        next(steps, None)
        return len(seen) >= len(more)

    for line in files.follow(is_over, look_seconds=0.0):
        seen.append(line)  # `is_over` looks at it
    assert seen == more


def write(folder: Path, lines: list[bytes]) -> Iterator[None]:
    """A writer that does a little at a time, half a line too, and rotates."""
    with segment(folder, 80).open("ab", buffering=0) as file:
        for line in lines[:20]:
            file.write(line[:30])
            yield
            file.write(line[30:])
            yield
    with segment(folder, 121).open("ab", buffering=0) as file:
        for line in lines[20:]:
            file.write(line)
            yield


def test_following_a_trail_that_does_not_exist_yet(tmp_path: Path) -> None:
    files = TrailFiles(tmp_path / "trail", tmp_path / "heads")
    looks = iter([False, False, True])
    assert list(files.follow(lambda: next(looks), look_seconds=0.0)) == []
    assert files.chains() == ()
    assert files.last_lines(5) == []


def test_a_pinned_key_replaces_those_beside_the_heads(files: TrailFiles, tmp_path: Path) -> None:
    pinned = tmp_path / "pinned.pem"
    pinned.write_bytes(pem(OTHER_KEY))
    assert files.public_keys(pinned).keys() != KEYS.keys()
    with pytest.raises(StateError, match="can't be read"):
        files.public_keys(tmp_path / "none.pem")


def test_a_folder_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match="can't be read"):
        TrailFiles(tmp_path / "file", tmp_path).chains()
