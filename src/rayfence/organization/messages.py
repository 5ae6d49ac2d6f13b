"""Planned Google Cloud objects read as the API's messages: what an unset field reads as, and what is set.

The API's JSON leaves unset fields out. A message answers for them all the same: an unset field is its type's zero
value, an enum its zero's name, `has` is another question. Values come out as plain Python (`bool`, `int`, `str`,
`timedelta`, `datetime`, lists, mappings, Message): the expression language's own types are `cel`'s matter.

Covers: completion with the server's defaults, conversion by field type (64-bit numbers and durations are strings in
JSON), a check of a body against the types. Leaves out: what the values mean.
Pure. Source: protobuf's JSON mapping; the CEL language definition, "Field Selection".
"""

import base64
import binascii
import copy
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from rayfence.catalog.api_messages import ApiMessages, FieldType, Shape
from rayfence.catalog.server_defaults import Mirror, ServerDefault

#: Deeper than any message type of ours, so that a recursive one can't be driven into the interpreter's limit.
DEEPEST: Final = 24
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DURATION: Final = re.compile(r"(-?)(\d{1,12})(?:\.(\d{1,9}))?s", re.ASCII)
_INTEGER: Final = re.compile(r"-?\d{1,20}", re.ASCII)
#: protobuf's bounds of a Duration, in seconds: 10,000 years.
_LONGEST: Final = 315_576_000_000


class NoSuchField(LookupError):
    """The message type has no field of that name."""


class Misfit(ValueError):
    """A value that its field's type can't hold."""


class Message:
    """One object of a message type. `path` is where it stands in its resource, empty at the top.

    `reads` gets every path that was looked at, with its value, in order; it is shared within a resource.
    """

    __slots__ = ("_body", "_types", "name", "path", "reads")

    def __init__(
        self, types: ApiMessages, name: str, body: Mapping[str, object], path: str, reads: dict[str, object]
    ) -> None:
        self._types, self._body = types, body
        self.name, self.path, self.reads = name, path, reads

    def __repr__(self) -> str:
        return f"<{self.name}>"  # short, because the engine quotes operands in its errors

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and self.name == other.name and self._body == other._body

    __hash__ = None  # type: ignore[assignment]

    def has(self, field: str) -> bool:
        """Whether `field` is set: a list or map that is not empty, a scalar that is not zero or is tracked.

        Raises: NoSuchField, Misfit.
        """
        kind = self._kind(field)
        value = self._body.get(field)
        place = self._place(field)
        if value is None:
            present = False
        elif kind.shape is not Shape.ONE or kind.base == "any":
            present = bool(value)
        elif kind.base in ("message", "duration", "timestamp") or kind.tracked or kind.nullable:
            present = True
        else:
            present = self._converted(kind, value, place) != zero(kind)
        self.reads.setdefault(place, value if present else None)
        return present

    def get(self, field: str) -> object:
        """The value of `field`; its type's zero when unset. Raises: NoSuchField, Misfit."""
        kind = self._kind(field)
        value = self._body.get(field)
        place = self._place(field)
        if value is None:
            if kind.shape is Shape.ONE and kind.base == "message":
                return Message(self._types, kind.detail, {}, place, self.reads)
            self.reads.setdefault(place, None)
            return zero(kind)
        found = self._converted(kind, value, place)
        if not isinstance(found, Message):
            self.reads.setdefault(place, value)
        return found

    def _kind(self, field: str) -> FieldType:
        fields = self._types.fields(self.name)
        if field not in fields:
            raise NoSuchField(f"{self.name} has no field {field}")
        return fields[field]

    def _place(self, field: str) -> str:
        return f"{self.path}.{field}" if self.path else field

    def _converted(self, kind: FieldType, value: object, place: str) -> object:
        if kind.shape is Shape.LIST:
            items = _items(value, place)
            return [self._one(kind, item, f"{place}[{number}]") for number, item in enumerate(items)]
        if kind.shape is Shape.MAP:
            return {key: self._one(kind, item, f"{place}.{key}") for key, item in _mapping(value, place).items()}
        return self._one(kind, value, place)

    def _one(self, kind: FieldType, value: object, place: str) -> object:
        if kind.base == "message":
            return Message(self._types, kind.detail, _mapping(value, place), place, self.reads)
        return scalar(kind, value, place)


def zero(kind: FieldType) -> object:
    """What an unset field that is no message reads as."""
    if kind.shape is Shape.LIST:
        return []
    if kind.shape is Shape.MAP or kind.base == "any":
        return {}
    if kind.nullable:
        return None
    if kind.base == "enum":
        return kind.detail
    return _ZEROS[kind.base]


_ZEROS: Final[Mapping[str, object]] = {
    "bool": False,
    "int": 0,
    "uint": 0,
    "double": 0.0,
    "string": "",
    "bytes": b"",
    "duration": timedelta(0),
    "timestamp": _EPOCH,
}


def scalar(kind: FieldType, value: object, place: str) -> object:
    """One JSON value by its field's type. Raises Misfit."""
    if kind.base == "any":
        return value
    if kind.base == "enum" and isinstance(value, str):
        return value.upper() if kind.lowered else value
    read = _READERS.get(kind.base)
    found = read(value) if read else None
    if found is None:
        raise Misfit(f"{place}: {type(value).__name__} where the API has {kind.base}")
    return found


def _bool(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _int(value: object) -> int | None:
    """A number; 64-bit ones are strings in JSON."""
    if isinstance(value, str) and _INTEGER.fullmatch(value):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63 else None


def _double(value: object) -> float | None:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if abs(value) < 1e308 else None
    return float(value) if isinstance(value, str) and value in ("NaN", "Infinity", "-Infinity") else None


def _bytes(value: object) -> bytes | None:
    if not isinstance(value, str):
        return None
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None


def _duration(value: object) -> timedelta | None:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None or int(found[2]) > _LONGEST:
        return None
    whole = timedelta(seconds=int(found[2]), microseconds=math.floor(int((found[3] or "").ljust(9, "0")) / 1000))
    return -whole if found[1] else whole


def _timestamp(value: object) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and 1 < found.year < 9999 else None


_READERS: Final[Mapping[str, Callable[[object], object]]] = {
    "bool": _bool,
    "int": _int,
    "uint": _int,
    "double": _double,
    "string": _text,
    "bytes": _bytes,
    "duration": _duration,
    "timestamp": _timestamp,
}


def _items(value: object, place: str) -> list[object]:
    if not isinstance(value, list | tuple):
        raise Misfit(f"{place}: {type(value).__name__} where the API has a list")
    return list(value)


def _mapping(value: object, place: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Misfit(f"{place}: {type(value).__name__} where the API has an object")
    return value


def misfits(types: ApiMessages, name: str, body: object, path: str = "", depth: int = 0) -> Iterator[str]:
    """What in `body` is no message of type `name`: unknown fields and values of another type, each with its path.

    A body that does not fit is not what the API would be sent, so nothing can be said of it. `name` must be a type.
    """
    if depth > DEEPEST:
        yield f"{path}: nested deeper than any API object"
        return
    if not isinstance(body, Mapping):
        yield f"{path or 'body'}: {type(body).__name__} where the API has an object"
        return
    fields = types.fields(name)
    for field, value in body.items():
        place = f"{path}.{field}" if path else str(field)
        if field not in fields:
            yield f"{place}: {name} has no such field"
        elif value is not None:
            yield from _field_misfits(types, fields[field], value, place, depth)


def _field_misfits(types: ApiMessages, kind: FieldType, value: object, place: str, depth: int) -> Iterator[str]:
    try:
        if kind.shape is Shape.LIST:
            values = [(f"{place}[{number}]", item) for number, item in enumerate(_items(value, place))]
        elif kind.shape is Shape.MAP:
            values = [(f"{place}.{key}", item) for key, item in _mapping(value, place).items()]
        else:
            values = [(place, value)]
    except Misfit as misfit:
        yield str(misfit)
        return
    for where, item in values:
        if kind.base == "message":
            yield from misfits(types, kind.detail, item, where, depth + 1)
            continue
        try:
            scalar(kind, item, where)
        except Misfit as misfit:
            yield str(misfit)


def completed(
    types: ApiMessages, defaults: Mapping[str, tuple[ServerDefault, ...]], name: str, body: Mapping[str, object]
) -> dict[str, object]:
    """`body` with the server's defaults underneath, in every message inside it. What `body` sets stays.

    `body` must fit its type (see `misfits`).
    """
    filled: dict[str, object] = {}
    for field, value in body.items():
        kind = types.fields(name)[field]
        if kind.base != "message" or value is None:
            filled[field] = value
        elif kind.shape is Shape.LIST:
            filled[field] = [completed(types, defaults, kind.detail, _mapping(v, field)) for v in _items(value, field)]
        elif kind.shape is Shape.MAP:
            entries = _mapping(value, field).items()
            filled[field] = {key: completed(types, defaults, kind.detail, _mapping(v, key)) for key, v in entries}
        else:
            filled[field] = completed(types, defaults, kind.detail, _mapping(value, field))
    for default in defaults.get(name, ()):
        if not any(_is_set(filled, path) for path in default.unless):
            _put(filled, default.path, default.value)
    return filled


def mirrored(
    mirrors: Sequence[Mirror], name: str, body: Mapping[str, object]
) -> tuple[dict[str, object], tuple[Mirror, ...]]:
    """A copy of a `completed` body with the older fields filled from the newer ones, and which of them that were."""
    used = tuple(
        mirror
        for mirror in mirrors
        if mirror.message == name and _value(body, mirror.when) is True and not _is_set(body, mirror.path)
    )
    filled = copy.deepcopy(dict(body)) if used else dict(body)
    for mirror in used:
        value = _value(body, mirror.origin)
        _put(filled, mirror.path, not value if mirror.negated else value)
    return filled, used


def _value(body: Mapping[str, object], path: tuple[str, ...]) -> object:
    value: object = body
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _is_set(body: Mapping[str, object], path: tuple[str, ...]) -> bool:
    return _value(body, path) not in (None, [], {}, "")


def _put(body: dict[str, object], path: tuple[str, ...], value: object) -> None:
    """Set a value at a path unless something stands there; the messages on the way are made."""
    *way, last = path
    place = body
    for step in way:
        inner = place.get(step)
        if inner is None:
            inner = place[step] = {}
        if not isinstance(inner, dict):
            return
        place = inner
    if place.get(last) is None:
        place[last] = value
