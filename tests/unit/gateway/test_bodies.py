"""Bodies are bounded before they are read, and read in one way only."""

from collections.abc import Iterable

import pytest
from starlette.requests import Request
from starlette.types import Message

from rayfence.gateway.answers import Refused
from rayfence.gateway.bodies import only_fields, parse_object, read_body, read_form, read_json, text_field

pytestmark = pytest.mark.anyio


def request(parts: Iterable[bytes], **headers: str) -> Request:
    """A request whose body arrives in `parts`."""
    waiting = list(parts)

    async def receive() -> Message:
        return {"type": "http.request", "body": waiting.pop(0) if waiting else b"", "more_body": bool(waiting)}

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": raw}, receive)


async def test_a_body_within_the_limit_is_read_whole() -> None:
    assert await read_body(request([b"ab", b"cd"]), 4) == b"abcd"


@pytest.mark.parametrize("length", ["5", "-1", "x", "1e1", "٣"])
async def test_an_announced_excess_or_nonsense_is_refused_unread(length: str) -> None:
    with pytest.raises(Refused) as refused:
        await read_body(Request({"type": "http", "headers": [(b"content-length", length.encode())]}), 4)
    assert refused.value.status == 413


async def test_an_unannounced_excess_is_refused_when_it_arrives() -> None:
    with pytest.raises(Refused):
        await read_body(request([b"abc", b"de"]), 4)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":2}}',
        b'{"a":NaN}',
        b'"x"',
        b"\xff",
        b"[" * 100_000,
        b'{"a":1}x',
    ],
)
async def test_anything_but_one_plain_object_is_refused(body: bytes) -> None:
    with pytest.raises(Refused) as refused:
        await read_json(request([body]), limit=200_000)
    assert refused.value.status == 400


async def test_an_optional_body_may_be_absent() -> None:
    assert await read_json(request([]), optional=True) == {}


def test_unknown_fields_are_named() -> None:
    only_fields({"a": 1}, "a", "b")
    with pytest.raises(Refused, match="unknown field `c`"):
        only_fields({"a": 1, "c": 2}, "a", "b")


@pytest.mark.parametrize("value", [None, 1, "", "x" * 2000, ["x"]])
def test_a_text_field_is_a_text_of_bounded_length(value: object) -> None:
    with pytest.raises(Refused):
        text_field({"name": value}, "name")


def test_parse_object_keeps_order() -> None:
    assert list(parse_object(b'{"b":1,"a":2}')) == ["b", "a"]


FORM = "application/x-www-form-urlencoded"


async def test_a_form_is_read() -> None:
    assert await read_form(request([b"a=1&b=%C3%A9&c="], content_type=FORM)) == {"a": "1", "b": "é", "c": ""}


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"a=1&a=2", FORM, 400),
        (b"a=%ff", FORM, 400),
        (b"{}", "application/json", 415),
        (b"&".join([b"a=1"] * 50), FORM, 400),
    ],
)
async def test_other_forms_are_refused(body: bytes, kind: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        await read_form(request([body], content_type=kind))
    assert refused.value.status == status
