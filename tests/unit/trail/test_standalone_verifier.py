"""The auditor's verifier shares no code with ours and must come to the same verdict."""

import ast
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from rayfence.trail import standalone_verifier
from rayfence.trail.chain import Tip, digest, extend
from rayfence.trail.record import Entry, Kind, timestamp
from rayfence.trail.verify import verify_chain
from tests.sim.trail import CHAIN, KEY, KEYS, OTHER_KEY, chain, head, tip_of

LINES = chain(120)
HEADS = [head(tip_of(LINES, 60)), head(tip_of(LINES, 120))]
RETIRED, _ = extend(
    tip_of(LINES, 120),
    [Entry(Kind.RETENTION, timestamp(1.8e9), detail={"through": 39, "hash": digest(LINES[39])})],
)

Change = Callable[[list[bytes]], list[bytes]]
CHANGES: dict[str, Change] = {
    "whole": lambda lines: lines,
    "edited": lambda lines: [line.replace(b'"bob"', b'"eve"') if n == 30 else line for n, line in enumerate(lines)],
    "deleted": lambda lines: lines[:30] + lines[31:],
    "reordered": lambda lines: [*lines[:30], lines[31], lines[30], *lines[32:]],
    "duplicated": lambda lines: [*lines[:30], lines[29], *lines[30:]],
    "cut": lambda lines: lines[:100],
    "beginning gone": lambda lines: lines[40:],
    "retired": lambda lines: [*lines[40:], *RETIRED],
    "wrongly retired": lambda lines: [*lines[41:], *RETIRED],
    "garbage": lambda lines: [*lines[:30], b"garbage\n", *lines[30:]],
    "segments exchanged": lambda lines: [*lines[:40], *lines[80:], *lines[40:80]],
    "nothing left": lambda lines: [],
    "uncovered end": lambda lines: [*lines, *RETIRED],
}


def write(folder: Path, lines: list[bytes], key: object = KEY) -> list[str]:
    """A trail of three segments with heads; returns the verifier's arguments."""
    trail, heads = folder / "trail", folder / "heads"
    trail.mkdir()
    heads.mkdir()
    for first in range(0, len(lines), 40):
        (trail / f"{CHAIN}-{first:012d}.jsonl").write_bytes(b"".join(lines[first : first + 40]))
    (heads / f"{CHAIN}.heads.jsonl").write_bytes(b"".join(item.line() for item in HEADS))
    public = (KEY if key is KEY else OTHER_KEY).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (heads / "key.pem").write_bytes(pem)
    return [str(trail), str(heads)]


@pytest.mark.parametrize("name", CHANGES)
def test_it_agrees_with_ours(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = CHANGES[name](list(LINES))
    ours = verify_chain(lines, HEADS, KEYS)
    assert standalone_verifier.main(write(tmp_path, lines)) == (0 if ours.ok else 1)
    assert ("NOT" in capsys.readouterr().out) == (not ours.ok)


def test_it_agrees_on_random_damage(tmp_path: Path) -> None:
    rng = random.Random(7)  # noqa: S311 - the same damage in every run
    for number in range(60):
        lines = list(LINES)
        for _ in range(rng.randint(0, 2)):
            place = rng.randrange(1, len(lines))
            action = rng.choice(["drop", "swap", "flip", "copy"])
            if action == "drop":
                del lines[place]
            elif action == "swap":
                lines[place], lines[place - 1] = lines[place - 1], lines[place]
            elif action == "flip":
                lines[place] = lines[place].replace(b"api", b"apj")
            else:
                lines.insert(place, lines[place])
        folder = tmp_path / str(number)
        folder.mkdir()
        expected = verify_chain(lines, HEADS, KEYS).ok
        assert standalone_verifier.main(write(folder, lines)) == (0 if expected else 1)


def test_a_forged_head_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = write(tmp_path, list(LINES), key=OTHER_KEY)
    assert standalone_verifier.main(arguments) == 1
    assert "forged head" in capsys.readouterr().out


def test_a_pinned_key_outweighs_the_one_beside_the_heads(tmp_path: Path) -> None:
    arguments = write(tmp_path, list(LINES))
    pinned = tmp_path / "pinned.pem"
    pinned.write_bytes(
        OTHER_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    assert standalone_verifier.main([*arguments, "--key", str(pinned)]) == 1


def test_what_it_cannot_read_is_neither(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert standalone_verifier.main([]) == 2
    assert "can't verify" in capsys.readouterr().err


def test_an_auditor_can_read_it_in_one_sitting() -> None:
    text = Path(standalone_verifier.__file__).read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 150
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert imported == {"base64", "hashlib", "json", "sys", "pathlib", "cryptography"}


def test_tips_are_shared_values() -> None:
    assert tip_of(LINES, 3) == Tip(3, digest(LINES[3]))
