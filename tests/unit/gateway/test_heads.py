"""The signer of heads: its key stays private, its heads are durable and found again."""

import os
from pathlib import Path

import pytest

from rayfence.errors import StateError
from rayfence.gateway.heads import KEPT_HEADS, HeadSigner
from rayfence.trail.chain import Tip
from rayfence.trail.heads import is_genuine, read_public_keys
from tests.sim.trail import CHAIN

TS = "2026-01-31T12:00:00.000000Z"


def signer(folder: Path) -> HeadSigner:
    """A signer whose key and heads lie apart."""
    for name in ("secrets", "heads"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
    return HeadSigner(folder / "secrets" / "trail-heads.pem", folder / "heads", "demo")


def test_heads_are_genuine_by_the_published_key(tmp_path: Path) -> None:
    head = signer(tmp_path).sign(CHAIN, Tip(7, "ab" * 32), TS)
    (pem,) = (tmp_path / "heads").glob("*.pem")
    assert is_genuine(head, read_public_keys([pem.read_bytes()]))


def test_the_private_key_is_private_and_kept(tmp_path: Path) -> None:
    first = signer(tmp_path)
    key = tmp_path / "secrets" / "trail-heads.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE" not in b"".join(path.read_bytes() for path in (tmp_path / "heads").iterdir())
    assert signer(tmp_path).kid == first.kid


def test_a_key_others_can_read_is_refused(tmp_path: Path) -> None:
    signer(tmp_path)
    (tmp_path / "secrets" / "trail-heads.pem").chmod(0o644)
    with pytest.raises(StateError, match="open to other accounts"):
        signer(tmp_path)


def test_a_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    signer(tmp_path)
    (tmp_path / "secrets" / "trail-heads.pem").write_text("nonsense")
    with pytest.raises(StateError, match="no private key"):
        signer(tmp_path)


def test_the_last_head_is_found_again_and_a_torn_one_passed_over(tmp_path: Path) -> None:
    first = signer(tmp_path)
    assert first.last(CHAIN) is None
    first.sign(CHAIN, Tip(7, "ab" * 32), TS)
    second = first.sign(CHAIN, Tip(9, "cd" * 32), TS)
    path = tmp_path / "heads" / f"{CHAIN}.heads.jsonl"
    with path.open("ab") as file:
        file.write(b'{"type":"rayf')
    assert first.last(CHAIN) == second
    third = first.sign(CHAIN, Tip(11, "ef" * 32), TS)
    assert first.last(CHAIN) == third


def test_a_long_file_is_thinned_to_its_newest_heads(tmp_path: Path) -> None:
    first = signer(tmp_path)
    line = first.sign(CHAIN, Tip(7, "ab" * 32), TS).line()
    path = tmp_path / "heads" / f"{CHAIN}.heads.jsonl"
    path.write_bytes(line * (5 * KEPT_HEADS))
    newest = first.sign(CHAIN, Tip(8, "cd" * 32), TS)
    assert first.last(CHAIN) == newest
    assert len(path.read_bytes().splitlines()) == KEPT_HEADS


def test_a_head_that_does_not_fit_leaves_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = signer(tmp_path)
    first.sign(CHAIN, Tip(7, "ab" * 32), TS)
    path = tmp_path / "heads" / f"{CHAIN}.heads.jsonl"
    before = path.read_bytes()
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:10]))
    with pytest.raises(OSError, match="space"):
        first.sign(CHAIN, Tip(8, "ab" * 32), TS)
    assert path.read_bytes() == before
