"""Untrusted text never moves a cursor, and two texts never become one."""

from hypothesis import given
from hypothesis import strategies as st

from rayfence.trail.text import clean, printable


def test_ordinary_text_is_left_alone() -> None:
    assert clean("raysubmit-1 für alice") == "raysubmit-1 für alice"


def test_control_characters_become_visible() -> None:
    assert clean("\x1b]0;owned\x07\r\n") == "\\x1b]0;owned\\x07\\x0d\\x0a"
    assert clean("ali\u202ece\u200b") == "ali\\u202ece\\u200b"
    assert clean("\U000e0001\udc80") == "\\U000e0001\\udc80"


def test_a_literal_escape_stays_apart_from_the_character() -> None:
    assert clean("\\x1b") == "\\\\x1b"


def test_a_cut_is_told_and_never_splits_an_escape() -> None:
    assert clean("a" * 300, 8) == "aaaaaaaa…(+292)"
    assert clean("\x1b" * 3, 2) == "\\x1b\\x1b…(+1)"


@given(st.text(max_size=40), st.text(max_size=40))
def test_cleaning_is_printable_and_one_to_one(one: str, other: str) -> None:
    assert clean(one).isprintable()
    assert (clean(one) == clean(other)) == (one == other)


@given(st.text(max_size=40))
def test_printable_leaves_nothing_to_a_terminal(text: str) -> None:
    assert printable(text).isprintable()


def test_printable_keeps_backslashes() -> None:
    assert printable("a\\x1b") == "a\\x1b"
    assert printable("a\x1b[2J") == "a\\x1b[2J"
