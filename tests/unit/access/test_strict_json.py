"""JSON read one way only."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.strict_json import MAX_DEPTH, parse_strict

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(VALUES)
def test_reads_what_json_writes(value: object) -> None:
    assert parse_strict(json.dumps(value).encode()) == value


def test_escaped_pairs_are_characters_and_escaped_escapes_are_text() -> None:
    assert parse_strict(b'["\\ud83d\\ude00", "\\\\ud800", 1e300]') == ["\U0001f600", "\\ud800", 1e300]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"x": [{"a": 1, "\\u0061": 2}]}', "twice"),
        (b"NaN", "not JSON"),
        (b"[Infinity]", "not JSON"),
        (b"{", "Expecting"),
        (b"", "Expecting"),
        (b"\xff", "utf-8"),
        (b"{} {}", "Extra"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "deep"),
        (b"[" * 100_000, "deep"),
        (b"[1e400]", "too large"),
        (b'{"a": -1e999}', "too large"),
        (b'["\\ud800"]', "half a character"),
        (b'{"\\uDFFF": 1}', "half a character"),
        (b'["\\ude00\\ud83d"]', "half a character"),
    ],
)
def test_refuses(data: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_strict(data)
