"""Field names and types of Google Cloud objects, from `data/api_messages.json` and `data/api_messages_by_hand.yaml`.

The notation of a field's type: a base (`bool`, `int`, `uint`, `double`, `string`, `bytes`, `duration`, `timestamp`,
`any`, the name of a message, `enum=ZERO` with the name of the enum's value 0, `ENUM=ZERO` for one whose JSON is in
lower case, or `null|BASE` for a wrapper that reads as null when unset); before it `[]` for lists and `{}` for maps with
string keys; after it `?` where the API tells unset from zero.

Leaves out: which enum values exist, what is required, what is output only.
"""

import json
from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from functools import cache
from typing import Final

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass

_SCALARS: Final = frozenset(
    {"bool", "int", "uint", "double", "string", "bytes", "duration", "timestamp", "any", "enum"}
)


class Shape(StrEnum):
    """How many values a field holds."""

    ONE = "one"
    LIST = "list"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class FieldType:
    """One field's type. `base` is a scalar's name or `message`; `detail` a message's name, or the zero of an enum.

    `tracked`: the API tells unset from zero. `nullable`: reads as null when unset. `lowered`: its JSON is lower case.
    """

    shape: Shape
    base: str
    detail: str = ""
    tracked: bool = False
    nullable: bool = False
    lowered: bool = False


@dataclass(frozen=True, slots=True)
class ApiMessages:
    """Kinds (`container.googleapis.com/Cluster`) with their message types, and each type's fields, undecoded."""

    kinds: Mapping[str, str]
    messages: Mapping[str, Mapping[str, str]]
    origin: tuple[str, ...] = ()
    _decoded: dict[str, Mapping[str, FieldType]] = field(default_factory=dict, repr=False, compare=False)

    def fields(self, message: str) -> Mapping[str, FieldType]:
        """Fields of a message type by JSON name. Raises CatalogError: unknown type or a field we can't decode."""
        found = self._decoded.get(message)
        if found is None:
            if message not in self.messages:
                raise CatalogError(f"no message type {message}", where="api_messages")
            found = {name: decode(code, f"{message}.{name}") for name, code in self.messages[message].items()}
            self._decoded[message] = found
        return found


#: What packages describe where there are none.
NONE: Final = ApiMessages({}, {})


def decode(code: str, where: str) -> FieldType:
    """Decode one field's type. Raises CatalogError."""
    shape, rest = Shape.ONE, code
    for mark, marked in (("[]", Shape.LIST), ("{}", Shape.MAP)):
        if rest.startswith(mark):
            shape, rest = marked, rest.removeprefix(mark)
    tracked, rest = rest.endswith("?"), rest.removesuffix("?")
    nullable, rest = rest.startswith("null|"), rest.removeprefix("null|")
    base, _, detail = rest.partition("=")
    if base in ("enum", "ENUM") and detail:
        return FieldType(shape, "enum", detail, tracked, nullable, base == "ENUM")
    if base in _SCALARS - {"enum"} and not detail:
        return FieldType(shape, base, "", tracked, nullable)
    if "." in base and not detail and not tracked and not nullable:
        return FieldType(shape, "message", base)
    raise CatalogError(f"not a field type: {code!r}", where=where)


@cache
def load_api_messages() -> ApiMessages:
    """The shipped message types. Raises CatalogError."""
    generated = parse_generated(read_data("api_messages.json"), "api_messages.json")
    return parse_by_hand(read_data("api_messages_by_hand.yaml"), "api_messages_by_hand.yaml", generated)


def parse_generated(text: str, name: str) -> ApiMessages:
    """Parse what `tools.api_messages` wrote. Raises CatalogError; types are decoded when they are used."""
    try:
        document = json.loads(text, object_pairs_hook=lambda pairs: _once(pairs, name))
    except ValueError as error:
        raise CatalogError(f"not JSON: {error}", where=name) from error
    top = as_mapping(document, name)
    check_keys(top, {"origin", "kinds", "messages"}, (), name)
    origin = tuple(as_text(line, f"{name}: origin") for line in as_items(top["origin"], f"{name}: origin"))
    return _messages(top, origin, name)


def parse_by_hand(text: str, name: str, generated: ApiMessages = NONE) -> ApiMessages:
    """Both together: `generated`, and what the YAML adds: kinds, types, and fields that the packages lack.

    Raises CatalogError, also for what is described twice.
    """
    top = parse_document(text, name)
    check_keys(top, {"kinds", "messages"}, {"added"}, name)
    added = {
        message: {**generated.messages.get(message, {}), **_codes(fields, f"{name}: added: {message}")}
        for message, fields in as_mapping(top.get("added", {}), f"{name}: added").items()
    }
    kinds, messages = as_mapping(top["kinds"], f"{name}: kinds"), as_mapping(top["messages"], f"{name}: messages")
    twice = set(generated.kinds) & set(kinds) | (set(generated.messages) | set(added)) & set(messages)
    twice |= {m for m in added if len(added[m]) != len(generated.messages.get(m, {})) + len(_fields(top, m, name))}
    if twice or not set(added) <= set(generated.messages):
        wrong = sorted(twice or set(added) - set(generated.messages))
        raise CatalogError(f"described twice, or added to nothing: {wrong}", where=name)
    return _messages(
        {"kinds": {**generated.kinds, **kinds}, "messages": {**generated.messages, **added, **messages}},
        generated.origin,
        name,
    )


def _fields(top: Mapping[str, object], message: str, name: str) -> Mapping[str, object]:
    return as_mapping(as_mapping(top["added"], name)[message], name)


def _messages(top: Mapping[str, object], origin: tuple[str, ...], name: str) -> ApiMessages:
    kinds = as_mapping(top["kinds"], f"{name}: kinds")
    messages = as_mapping(top["messages"], f"{name}: messages")
    for kind, message in kinds.items():
        if message not in messages:
            raise CatalogError(f"{kind} is a {message!r}, which is not described", where=name)
    return ApiMessages(
        {kind: as_text(message, f"{name}: {kind}") for kind, message in kinds.items()},
        {message: _codes(fields, f"{name}: {message}") for message, fields in messages.items()},
        origin,
    )


def _codes(value: object, where: str) -> Mapping[str, str]:
    fields = as_mapping(value, where)
    return {name: as_text(code, f"{where}.{name}") for name, code in fields.items()}


def _once(pairs: list[tuple[str, object]], name: str) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CatalogError("a key is given twice", where=name)
    return found
