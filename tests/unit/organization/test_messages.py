"""Objects read as the API's messages."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.api_messages import ApiMessages, Shape, decode, load_api_messages
from rayfence.catalog.server_defaults import Mirror, ServerDefault
from rayfence.organization.messages import Message, Misfit, NoSuchField, completed, mirrored, misfits, scalar, zero

TYPES = ApiMessages(
    {},
    {
        "a.Top": {
            "flag": "bool",
            "told": "bool?",
            "count": "int",
            "share": "double",
            "text": "string",
            "raw": "bytes",
            "mode": "enum=MODE_UNSPECIFIED",
            "low": "ENUM=OFF",
            "age": "duration",
            "made": "timestamp",
            "wrapped": "null|bool",
            "free": "any",
            "inner": "a.Inner",
            "inners": "[]a.Inner",
            "labels": "{}string",
            "rooms": "{}a.Inner",
        },
        "a.Inner": {"name": "string", "deep": "a.Top"},
    },
)


def top(**body: Any) -> Message:
    return Message(TYPES, "a.Top", body, "", {})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("flag", False),
        ("told", False),
        ("count", 0),
        ("share", 0.0),
        ("text", ""),
        ("raw", b""),
        ("mode", "MODE_UNSPECIFIED"),
        ("low", "OFF"),
        ("age", timedelta(0)),
        ("made", datetime(1970, 1, 1, tzinfo=UTC)),
        ("wrapped", None),
        ("free", {}),
        ("inners", []),
        ("labels", {}),
    ],
)
def test_an_unset_field_reads_as_its_zero_and_is_not_there(field: str, value: object) -> None:
    assert top().get(field) == value
    assert not top().has(field)
    assert not top(**{field: None}).has(field)


def test_an_unset_message_reads_as_an_empty_one() -> None:
    inner = top().get("inner")
    assert isinstance(inner, Message)
    assert inner.get("name") == ""
    assert not top().has("inner")
    assert top(inner={}).has("inner")


@pytest.mark.parametrize(
    ("field", "value", "there"),
    [
        ("flag", False, False),
        ("flag", True, True),
        ("told", False, True),
        ("count", "0", False),
        ("count", "3", True),
        ("text", "", False),
        ("mode", "MODE_UNSPECIFIED", False),
        ("mode", "ON", True),
        ("low", "off", False),
        ("low", "on", True),
        ("age", "0s", True),
        ("wrapped", False, True),
        ("inners", [], False),
        ("inners", [{}], True),
        ("labels", {"a": ""}, True),
        ("free", {"a": 1}, True),
    ],
)
def test_has_asks_whether_a_field_is_set(field: str, value: object, there: bool) -> None:
    assert top(**{field: value}).has(field) is there


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("count", "9223372036854775807", 2**63 - 1),
        ("count", -5, -5),
        ("share", 1, 1.0),
        ("raw", "AQI=", b"\x01\x02"),
        ("low", "transfer", "TRANSFER"),
        ("age", "7776000s", timedelta(days=90)),
        ("age", "-1.5s", timedelta(seconds=-1.5)),
        ("made", "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("labels", {"a": "b"}, {"a": "b"}),
        ("wrapped", False, False),
    ],
)
def test_values_are_read_by_their_type(field: str, value: object, read: object) -> None:
    assert top(**{field: value}).get(field) == read


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("flag", "true"),
        ("flag", 1),
        ("count", "1.5"),
        ("count", True),
        ("count", 2**63),
        ("count", "٣"),
        ("text", 3),
        ("raw", "%"),
        ("age", "90 days"),
        ("age", 90),
        ("age", "9" * 12 + "s"),
        ("made", "yesterday"),
        ("made", "2026-01-02T03:04:05"),
        ("mode", 3),
        ("inner", []),
        ("inners", {}),
        ("labels", {"a": 1}),
        ("labels", {1: "a"}),
    ],
)
def test_a_value_of_another_type_is_a_misfit(field: str, value: object) -> None:
    assert list(misfits(TYPES, "a.Top", {field: value}))
    with pytest.raises(Misfit):
        top(**{field: value}).get(field)


def test_undeclared_fields_are_errors_and_not_unset() -> None:
    with pytest.raises(NoSuchField, match="no field nosuch"):
        top().get("nosuch")
    with pytest.raises(NoSuchField):
        top().has("nosuch")


def test_what_was_read_is_kept_with_its_place() -> None:
    message = top(inner={"name": "n"}, inners=[{}, {"name": "m"}], rooms={"k": {"name": "r"}})
    for field in ("inner", "inners", "rooms"):
        found: Any = message.get(field)
        for item in [found] if isinstance(found, Message) else found if isinstance(found, list) else found.values():
            item.get("name")
    assert {path: value for path, value in message.reads.items() if path.endswith("name")} == {
        "inner.name": "n",
        "inners[0].name": None,
        "inners[1].name": "m",
        "rooms.k.name": "r",
    }


def test_messages_are_equal_by_type_and_content_and_print_briefly() -> None:
    assert top(flag=True) == top(flag=True) != top(flag=False)
    assert top() != {}
    assert repr(top(text="x" * 1000)) == "<a.Top>"


def test_misfits_name_the_place() -> None:
    body = {"inner": {"deep": {"nosuch": 1}}, "inners": [{"name": 1}], "rooms": {"k": 3}, "labels": [], "zz": 1}
    assert [line.partition(":")[0] for line in misfits(TYPES, "a.Top", body)] == [
        "inner.deep.nosuch",
        "inners[0].name",
        "rooms.k",
        "labels",
        "zz",
    ]


def test_an_endless_body_is_a_misfit() -> None:
    body: dict[str, Any] = {}
    for _ in range(100):
        body = {"inner": {"deep": body}}
    assert any("nested deeper" in line for line in misfits(TYPES, "a.Top", body))


def test_defaults_lie_under_what_is_set_wherever_the_type_occurs() -> None:
    defaults = {
        "a.Inner": (
            ServerDefault("a.Inner", ("name",), "given", "s"),
            ServerDefault("a.Inner", ("deep", "inner", "name"), "deeper", "s", unless=(("deep", "flag"),)),
        )
    }
    body = {"inners": [{}, {"name": "own"}], "rooms": {"k": {"deep": {"flag": True}}}, "text": "t"}
    filled = completed(TYPES, defaults, "a.Top", body)
    assert filled == {
        "inners": [
            {"name": "given", "deep": {"inner": {"name": "deeper"}}},
            {"name": "own", "deep": {"inner": {"name": "deeper"}}},
        ],
        "rooms": {"k": {"name": "given", "deep": {"flag": True}}},
        "text": "t",
    }
    assert body["inners"] == [{}, {"name": "own"}]


@given(name=st.sampled_from(sorted(load_api_messages().messages)))
def test_every_type_of_the_catalogue_can_be_read_when_nothing_is_set(name: str) -> None:
    message = Message(load_api_messages(), name, {}, "", {})
    for field in load_api_messages().fields(name):
        message.get(field)
        assert not message.has(field)
    assert list(misfits(load_api_messages(), name, {})) == []


@given(value=st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary())
def test_a_scalar_is_read_or_refused(value: object) -> None:
    for code in ("bool", "int", "double", "string", "bytes", "duration", "timestamp", "enum=A"):
        kind = decode(code, "x")
        assert kind.shape is Shape.ONE
        try:
            assert isinstance(scalar(kind, value, "x"), type(zero(kind)))
        except Misfit:
            continue


def test_older_fields_are_filled_from_newer_ones_where_both_mean_the_same() -> None:
    mirrors = (
        Mirror("a.Top", ("text",), ("inner", "name"), False, ("flag",), "docs"),
        Mirror("a.Other", ("text",), ("inner", "name"), False, ("flag",), "docs"),
    )
    body = {"flag": True, "inner": {"name": "x"}}
    filled, used = mirrored(mirrors, "a.Top", body)
    assert filled == {**body, "text": "x"} and used == mirrors[:1] and "text" not in body
    assert mirrored(mirrors, "a.Top", {**body, "flag": False})[1] == ()
    assert mirrored(mirrors, "a.Top", {**body, "text": "y"}) == ({**body, "text": "y"}, ())
    negated = Mirror("a.Top", ("off",), ("on",), True, ("flag",), "docs")
    assert mirrored([negated], "a.Top", {"flag": True, "on": False})[0]["off"] is True
