"""Runs every transcript beside this file, and tests the runner: it has to notice each kind of difference."""

import subprocess
from pathlib import Path

import pytest

from tests.transcripts import transcript
from tests.transcripts.transcript import TranscriptError, parse, pattern, run

FILES = sorted(Path(__file__).parent.glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_transcript_holds(path: Path, tmp_path: Path) -> None:
    complaint = ""
    try:
        run(parse(path.read_text(encoding="utf-8")), tmp_path)
    except TranscriptError as error:
        complaint = f"{path.name}: {error}"
    if complaint:
        pytest.fail(complaint, pytrace=False)  # what the command said, not where the runner stood


def answer(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a transcript against a stand-in for rayfence that reads a line and answers on both streams."""
    stand_in = tmp_path / "bin" / "rayfence"
    stand_in.parent.mkdir()
    stand_in.write_text('#!/bin/sh\nread line; echo "got $line on 8265"; echo "HOME=$HOME" >&2; touch made; exit 3\n')
    stand_in.chmod(0o755)
    monkeypatch.setattr(transcript, "BIN", stand_in.parent)
    run(parse(text), tmp_path)


GOOD = """\
$ rayfence go
0> in
? 3
1> got in on <port>
2> HOME=<scratch>/.home
! 1> secret
exists made
! exists other
"""


def test_a_true_transcript_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer(GOOD, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("? 3\n", "", "exit status 3, expected 0"),
        ("<port>", "<time>", "stream 1 differs"),
        ("2> HOME=<scratch>/.home\n", "", "stream 2 differs"),
        ("! 1> secret", "! 1> got", "contains 'got'"),
        ("exists made", "exists missing", "missing is missing"),
        ("! exists other", "! exists made", "made exists"),
    ],
)
def test_each_difference_is_noticed(
    old: str, new: str, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert old in GOOD
    with pytest.raises(TranscriptError, match=complaint):
        answer(GOOD.replace(old, new, 1), tmp_path, monkeypatch)


@pytest.mark.parametrize("text", ["", "1> x\n", "$ rm -rf x\n", "$ rayfence\nwhatever\n"])
def test_nonsense_is_refused(text: str) -> None:
    with pytest.raises(TranscriptError):
        parse(text)


def test_files_and_variables_are_read() -> None:
    read = parse("# c\n$ RAYFENCE_DEBUG=1 rayfence plan\n-- a/b.yaml --\nx: 1\n\n# not a comment\n")
    assert read.commands[0].environment == {"RAYFENCE_DEBUG": "1"}
    assert read.files == {"a/b.yaml": "x: 1\n\n# not a comment\n"}


def test_placeholders_and_open_ends(tmp_path: Path) -> None:
    assert pattern(["a <FILE> <word>", "<...>", "z"], tmp_path).fullmatch("a <FILE> <word>\n1\n2\nz\n")
    assert not pattern(["a.b"], tmp_path).fullmatch("aXb\n")


def test_commands_run_without_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []

    def record(words: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        seen.append(words[1:])
        return subprocess.CompletedProcess(words, 0, "", "")

    monkeypatch.setattr(subprocess, "run", record)
    run(parse("$ rayfence plan '$(id)' ; true\n"), tmp_path)
    assert seen == [["plan", "$(id)", ";", "true"]]
