"""Printing: nothing from outside drives the terminal; JSON is JSON."""

import json

import pytest

from rayfence.cli import output
from rayfence.errors import PreflightError
from rayfence.model.verdict import Posture, Verdict


def test_control_characters_are_made_visible() -> None:
    assert "\x1b" not in output.clean("\x1b]0;owned\x07 name")


def test_tables_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    output.table([("a", "long"), ("bbbb", "x")], ("h", "k"))
    lines = capsys.readouterr().out.splitlines()
    assert [line.index(cell) for line, cell in zip(lines, ("k", "long", "x"), strict=True)] == [6, 6, 6]


def test_dataclasses_become_objects(capsys: pytest.CaptureFixture[str]) -> None:
    output.data({"row": Posture("c", "t", Verdict.PASS, "e")})
    assert json.loads(capsys.readouterr().out) == {
        "row": {"control": "c", "title": "t", "verdict": "pass", "evidence": "e"}
    }


def test_json_holds_no_terminal_commands(capsys: pytest.CaptureFixture[str]) -> None:
    said = {"name": "\x1b]0;a\x07 \x9b31m \x7f é \u202e"}
    output.data(said)
    printed = capsys.readouterr().out
    assert printed.replace("\n", "").isprintable() and printed.isascii()
    assert json.loads(printed) == said


def test_an_error_with_json_is_an_object_on_stdout_too(capsys: pytest.CaptureFixture[str]) -> None:
    output.set_json(True)
    try:
        output.error(PreflightError("no room", hint="make some"))
    finally:
        output.set_json(False)
    captured = capsys.readouterr()
    assert json.loads(captured.out)["error"] == {"message": "no room", "hint": "make some", "exit_status": 4}
    assert "rayfence: hint: make some" in captured.err


def test_moments_are_local_time_and_other_text_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert output.moment("0").startswith(("1970-01-01", "1969-12-31"))
    assert output.moment("soon") == "soon"


def test_progress_can_be_silent(capsys: pytest.CaptureFixture[str]) -> None:
    output.Progress(quiet=True)("x")
    assert capsys.readouterr().err == ""
    output.Progress()("x")
    assert "x" in capsys.readouterr().err
