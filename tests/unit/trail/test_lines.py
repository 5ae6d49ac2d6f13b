"""Twin of rayfence.trail.lines."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.trail import lines
from rayfence.trail.lines import last_lines, whole_lines, whole_size

#: Pieces with every end of a line that there is; only a newline ends one here.
TEXTS = st.lists(st.sampled_from([b"a", b"bc", b"\r", b"\x85", b"\x0b", b"\n"]), max_size=40).map(b"".join)


def _read(text: bytes, offset: int, size: int) -> bytes:
    return text[offset : offset + size]


@pytest.fixture(params=[1, 3, 1 << 18], autouse=True, scope="module")
def block(request: pytest.FixtureRequest) -> int:
    """Also blocks that cut every line."""
    patch = pytest.MonkeyPatch()
    patch.setattr(lines, "BLOCK", request.param)
    request.addfinalizer(patch.undo)
    return int(request.param)


@given(TEXTS, st.integers(0, 10))
def test_the_last_whole_lines(text: bytes, count: int) -> None:
    whole = text[: text.rfind(b"\n") + 1]
    wanted = [line + b"\n" for line in whole.split(b"\n")[:-1]]
    assert whole_lines(text) == wanted
    assert last_lines(len(text), partial(_read, text), count) == wanted[max(0, len(wanted) - count) :]


@given(TEXTS)
def test_where_whole_lines_end(block: int, text: bytes) -> None:
    """For lines no longer than a block."""
    if max((len(line) for line in text.split(b"\n")), default=0) < block:
        assert whole_size(len(text), partial(_read, text)) == text.rfind(b"\n") + 1


def test_a_forged_line_is_one_line() -> None:
    text = b'{"a": "x\ry"}\n{"b": 1}\n'
    assert last_lines(len(text), partial(_read, text), 2) == [b'{"a": "x\ry"}\n', b'{"b": 1}\n']
