"""Printing: nothing from outside drives the terminal; JSON is JSON."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rayfence.cli import output
from rayfence.errors import PreflightError
from rayfence.model.frozen import dataclass
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


def test_on_a_terminal_long_text_is_folded_and_elsewhere_it_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = "word " * 30 + "x" * 90
    output.paragraph("  why  ", text, 7)
    assert capsys.readouterr().out == f"  why  {text}\n"
    monkeypatch.setattr(output, "_width", lambda: 40)
    output.paragraph("  why  ", text, 7)
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 40
    assert lines[0].startswith("  why  word") and all(line.startswith(" " * 7) for line in lines[1:])
    assert "".join("".join(lines).split()) == "why" + "".join(text.split())


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200),
    st.integers(min_value=0, max_value=30),
    st.integers(min_value=1, max_value=120),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_is_folded_without_losing_a_letter(
    capsys: pytest.CaptureFixture[str], text: str, hang: int, width: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(output, "_width", lambda: width)
        output.paragraph("> ", text, hang)
    printed = capsys.readouterr().out
    assert "".join(printed.split()) == ">" + "".join(output.clean(text).split())


def test_rows_too_wide_for_a_table_are_told_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    header = ("change", "name", "before", "why")
    output.records([("changed", "a.b", "1", "so")], header)
    assert capsys.readouterr().out.splitlines() == ["change   name  before  why", "changed  a.b   1       so"]
    output.records([("changed", "a.b", "1", "s" * 200)], header)
    assert capsys.readouterr().out.splitlines() == ["changed  a.b", "    before  1", f"    why     {'s' * 200}"]


@dataclass(frozen=True, slots=True)
class Found:
    """A result with a list."""

    name: str
    checks: tuple[Posture, ...]


def test_rows_say_the_same_as_data_one_item_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    found = Found("a\u009b", (Posture("c", "t", Verdict.PASS, "e"), Posture("d", "t", Verdict.FAIL, "\u009b")))
    output.data(found)
    whole = capsys.readouterr().out
    output.rows(found)
    shown = capsys.readouterr().out
    assert json.loads(shown) == json.loads(whole)
    assert shown.isascii() and len(shown.splitlines()) == 7
    with pytest.raises(TypeError, match="no value of fields"):
        output.rows({"a": object()})
