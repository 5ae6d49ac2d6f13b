"""Message types of the kinds a platform consists of."""

import json

import pytest

from rayfence.catalog.api_messages import (
    ApiMessages,
    FieldType,
    Shape,
    decode,
    load_api_messages,
    parse_by_hand,
    parse_generated,
)
from rayfence.catalog.documents import read_data
from rayfence.errors import CatalogError
from tools.api_messages import KINDS, PACKAGES, text_of


def test_every_field_of_every_type_can_be_decoded_and_leads_somewhere() -> None:
    messages = load_api_messages()
    for name in messages.messages:
        for field in messages.fields(name).values():
            assert field.base != "message" or field.detail in messages.messages


def test_the_file_names_its_origin_and_is_what_the_tool_would_write() -> None:
    origin = load_api_messages().origin
    assert len(origin) == len(PACKAGES)
    for line, (name, version) in zip(origin, sorted(PACKAGES.items()), strict=True):
        assert f"PyPI {name} {version}, Apache-2.0" in line
    generated = json.loads(read_data("api_messages.json"))
    assert text_of(generated) == read_data("api_messages.json")
    kinds = {f"{service}.googleapis.com/{kind}" for _, service, names in KINDS for kind in names.split()}
    assert set(generated["kinds"]) == kinds


@pytest.mark.parametrize(
    ("kind", "name", "wanted"),
    [
        ("container.googleapis.com/Cluster", "enableKubernetesAlpha", FieldType(Shape.ONE, "bool")),
        ("container.googleapis.com/Cluster", "resourceLabels", FieldType(Shape.MAP, "string")),
        (
            "container.googleapis.com/Cluster",
            "nodePools",
            FieldType(Shape.LIST, "message", "container.v1.NodePool"),
        ),
        ("cloudkms.googleapis.com/CryptoKey", "rotationPeriod", FieldType(Shape.ONE, "duration")),
        (
            "cloudkms.googleapis.com/CryptoKey",
            "purpose",
            FieldType(Shape.ONE, "enum", "CRYPTO_KEY_PURPOSE_UNSPECIFIED"),
        ),
        ("compute.googleapis.com/Firewall", "direction", FieldType(Shape.ONE, "string", tracked=True)),
        ("dns.googleapis.com/ManagedZone", "visibility", FieldType(Shape.ONE, "enum", "PUBLIC", lowered=True)),
    ],
)
def test_fields(kind: str, name: str, wanted: FieldType) -> None:
    messages = load_api_messages()
    assert messages.fields(messages.kinds[kind])[name] == wanted


def test_a_wrapper_reads_as_null() -> None:
    assert decode("null|bool", "x") == FieldType(Shape.ONE, "bool", nullable=True)


@pytest.mark.parametrize("code", ["", "number", "enum", "enum=", "string=x", "[][]", "a.b?", "null|a.b", "any=3"])
def test_a_type_nobody_knows_is_refused(code: str) -> None:
    with pytest.raises(CatalogError, match="not a field type"):
        decode(code, "x")


def test_an_unknown_message_is_refused() -> None:
    with pytest.raises(CatalogError, match="no message type"):
        load_api_messages().fields("container.v1.Nothing")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "mapping"),
        ('{"kinds": {}, "messages": {}}', "missing"),
        ('{"origin": [], "kinds": {}, "messages": {}, "more": 1}', "unknown"),
        ('{"origin": [], "kinds": {"a/B": "a.B"}, "messages": {}}', "not described"),
        ('{"origin": [], "kinds": {}, "messages": {"a.B": {"x": 1}}}', "string"),
        ('{"origin": [], "kinds": {}, "messages": {}, "messages": {}}', "twice"),
    ],
)
def test_a_damaged_file_is_refused(text: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        parse_generated(text, "api_messages.json")


def test_the_other_file_is_read_as_strictly() -> None:
    assert parse_by_hand("kinds: {a/B: a.B}\nmessages: {a.B: {x: string}}", "f").kinds == {"a/B": "a.B"}
    with pytest.raises(CatalogError, match="unknown"):
        parse_by_hand("kinds: {}\nmessages: {}\norigin: []", "f")


GENERATED = ApiMessages({"a/B": "a.B"}, {"a.B": {"x": "string"}, "a.Part": {"y": "int"}})


def test_by_hand_come_kinds_types_and_fields_that_the_packages_lack() -> None:
    text = "kinds: {a/Part: a.Part, c/D: c.D}\nadded: {a.B: {more: c.D}}\nmessages: {c.D: {z: bool}}"
    both = parse_by_hand(text, "f", GENERATED)
    assert both.kinds == {"a/B": "a.B", "a/Part": "a.Part", "c/D": "c.D"}
    assert both.fields("a.B")["x"] == FieldType(Shape.ONE, "string") and both.fields("a.B")["more"].detail == "c.D"


@pytest.mark.parametrize(
    "text",
    [
        "kinds: {a/B: a.B}\nmessages: {}",
        "kinds: {}\nmessages: {a.B: {x: string}}",
        "kinds: {}\nmessages: {}\nadded: {a.B: {x: string}}",
        "kinds: {}\nmessages: {}\nadded: {a.C: {x: string}}",
        "kinds: {}\nmessages: {a.C: {x: string}}\nadded: {a.C: {y: string}}",
    ],
)
def test_nothing_is_described_twice_or_added_to_nothing(text: str) -> None:
    with pytest.raises(CatalogError, match="twice"):
        parse_by_hand(text, "f", GENERATED)
