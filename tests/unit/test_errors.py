"""Errors for people."""

import pytest

from rayfence import errors


def test_the_place_comes_first_when_there_is_one() -> None:
    assert errors.RayfenceError("wrong", where="p.yaml:1:2").diagnostics() == "p.yaml:1:2: wrong"
    assert errors.RayfenceError("wrong").diagnostics() == "wrong"


def test_every_problem_of_a_spec_is_kept() -> None:
    assert errors.SpecError(("a", "b")).problems == ("a", "b")


def test_a_hint_may_be_given_or_inherited() -> None:
    assert errors.SpecError(("a",)).hint
    assert errors.StateError("x", hint="do y").hint == "do y"


@pytest.mark.parametrize(("text", "line"), [("a\n b", "a b"), ("x" * 400, "x" * 299 + "…"), ("", "")])
def test_foreign_text_is_one_short_line(text: str, line: str) -> None:
    assert errors.cut(text) == line
