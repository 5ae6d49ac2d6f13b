"""The grant: written one way, read only when written so, and compared by Envoy as it is read."""

import re
from itertools import chain, combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.claims import (
    BROWSER_SESSION,
    Grant,
    before,
    grant_expression,
    holding,
    is_key_id,
    read_grant,
    write_grant,
)
from rayfence.catalog.roles import expand_role
from rayfence.model.routes import Right, Role

RIGHTS = tuple(chain.from_iterable(combinations(Right, size) for size in range(len(Right) + 1)))
SESSION, TOKEN = "5e" * 16, "1d" * 16


def grant(role: Role | None = Role.VIEWER, rights: tuple[Right, ...] = (), issued: int = 1_700_000_000) -> str:
    return write_grant("api", role, rights, session=SESSION, issued_at=issued, token_id=TOKEN, subject="ada b")


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("rights", RIGHTS)
def test_what_is_written_is_read(role: Role | None, rights: tuple[Right, ...]) -> None:
    roles = frozenset(expand_role(role)) if role else frozenset()
    expected = Grant("api", roles, frozenset(rights), SESSION, 1_700_000_000, TOKEN, "ada b")
    for order in (rights, rights[::-1], rights + rights):
        assert read_grant(grant(role, order)) == expected


@pytest.mark.parametrize(
    "wrong", [{"session": "s1"}, {"token_id": ""}, {"subject": ""}, {"subject": "a\nb"}, {"issued_at": 10**10}]
)
def test_what_could_not_be_read_is_not_written(wrong: dict[str, Any]) -> None:
    right = {"session": SESSION, "issued_at": 7, "token_id": TOKEN, "subject": "ada"}
    with pytest.raises(ValueError, match="no grant can say this"):
        write_grant("api", Role.VIEWER, (), **{**right, **wrong})


def test_a_browsers_session_is_a_session() -> None:
    text = write_grant(
        "api", Role.VIEWER, (), session=BROWSER_SESSION + SESSION, issued_at=7, token_id=TOKEN, subject="ada"
    )
    read = read_grant(text)
    assert read is not None and read.session == BROWSER_SESSION + SESSION
    assert re.fullmatch(grant_expression(), text)


@pytest.mark.parametrize("role", [None, *Role])
@pytest.mark.parametrize("rights", RIGHTS)
def test_an_expression_says_who_holds_what(role: Role | None, rights: tuple[Right, ...]) -> None:
    """Envoy compares, the reference expands: both say the same of every token."""
    text = grant(role, rights)
    read = read_grant(text)
    assert read is not None
    for holder in (*Role, *Right):
        expression = grant_expression(audience="api", authority=holding(holder))
        assert bool(re.fullmatch(expression, text)) == (holder in read.roles or holder in read.rights)
        assert not re.fullmatch(grant_expression(audience="login", authority=holding(holder)), text)


RIGHT = grant(Role.VIEWER, (Right.RAY_CLIENT,))
WRONG = {
    "nothing": None,
    "empty": "",
    "number": 7,
    "true": True,
    "list": [RIGHT],
    "bytes": RIGHT.encode(),
    "space-before": f" {RIGHT}",
    "double-space": RIGHT.replace(" ", "  "),
    "tab": RIGHT.replace(" ", "\t"),
    "upper": RIGHT.replace("viewer", "VIEWER"),
    "unknown-role": RIGHT.replace("viewer", "root"),
    "unknown-right": RIGHT.replace("ray-client", "root"),
    "doubled-right": RIGHT.replace("ray-client", "ray-client,ray-client"),
    "disorder": RIGHT.replace("ray-client", "serve:call,ray-client"),
    "two-roles": RIGHT.replace("viewer", "viewer,admin"),
    "right-as-role": RIGHT.replace("viewer,", ""),
    "short-session": RIGHT.replace(SESSION, SESSION[1:]),
    "letters-for-a-time": RIGHT.replace("1700000000", "yesterdays"),
    "other-digits": RIGHT.replace("1700000000", "\u0661" * 10),
    "no-subject": RIGHT.removesuffix("ada b"),
    "line-in-subject": f"{RIGHT}\nx",
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
def test_anything_else_grants_nothing(wrong: object) -> None:
    assert read_grant(RIGHT) is not None
    assert read_grant(wrong) is None


times = st.integers(0, 10**10 - 1)


@given(times, st.integers(-5, 10**10 + 5))
def test_times_are_compared_by_an_expression(issued: int, limit: int) -> None:
    for bound in (limit, issued, issued + 1, issued - 1):
        # Python has no \\x{...}; the class of no character is written otherwise there
        expression = before(bound).replace(r"[^\x00-\x{10ffff}]", r"[^\s\S]")
        assert bool(re.fullmatch(expression, f"{issued:010d}")) == (issued < bound)


def test_a_key_id_is_sixteen_hex_digits() -> None:
    assert is_key_id("0123456789abcdef")
    assert not any(is_key_id(text) for text in ("0" * 15, "0" * 17, "G" * 16, "", '","crit":["b64"'))
