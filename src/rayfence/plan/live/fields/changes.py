"""`changes(desired, observed, manager)`: which fields of one live object are not as we want them, and who did it.

Our desired object is walked beside the live one. `managedFields` tell how lists merge (by keys, as a set, as a whole),
which values are ours as a whole, and who wrote a place last; where nobody's entry tells, the well-known keys do.
What the server completes is no change, nor is what others rightly own (`rightful.py`). Pure; Secrets never show a byte
(`secrets.py`). Leaves out whole objects that are missing or extra (`compare.py`).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.live import FieldChange, FieldState, Json, Writer
from rayfence.plan.live.fields.importance import content_importance
from rayfence.plan.live.fields.owned import (
    Entry,
    Node,
    entries,
    field,
    field_path,
    is_leaf,
    is_set,
    item,
    item_path,
    last_writer,
    list_keys,
    member,
    writer_since,
)
from rayfence.plan.live.fields.rightful import is_rightful, matters, yielded
from rayfence.plan.live.fields.secrets import secret_digests
from rayfence.plan.live.fields.values import LIST_KEYS, PORT_KEYS, identical, is_default, is_quantity, left_out, same

#: Of `metadata` only these are wishes; the rest names the object or is the server's.
_METADATA: Final = ("labels", "annotations")
#: The order of these matters: KubeRay takes the first container for Ray's.
_ORDERED: Final = frozenset({"containers", "initContainers"})
_SKIPPED: Final = frozenset({"apiVersion", "kind", "metadata", "status"})
_SECRET_FIELDS: Final = frozenset({"data", "stringData"})
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the walk stands. `fields`: names of the enclosing fields, without list items. `whole`: ours as a whole."""

    path: str
    pointer: str
    fields: tuple[str, ...]
    nodes: tuple[Node, ...]
    whole: bool = False

    @property
    def parent(self) -> str:
        """The field that encloses what is looked at."""
        return self.fields[-1] if self.fields else ""


def changes(desired: Json, observed: Json, manager: str) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of `desired`, then what is there beyond it.

    `manager`: our field manager. Empty: the live object says what we want.
    """
    found = tuple(_Comparison(yielded(desired, observed), observed, manager).found())
    return (*found, *secret_digests(desired, observed, manager)) if desired.get("kind") == "Secret" else found


class _Comparison:
    """One desired object beside its live one: what is the same for the whole walk."""

    def __init__(self, desired: Json, observed: Json, manager: str) -> None:
        self.desired, self.observed, self.manager = desired, observed, manager
        self.kind = str(desired.get("kind", ""))
        self.entries: tuple[Entry, ...] = entries(observed)
        self.since: Writer | None = writer_since(self.entries, manager)

    def found(self) -> Iterator[FieldChange]:
        top = _Place("", "", (), tuple(entry.fields for entry in self.entries))
        yield from self._metadata(top)
        skipped = _SKIPPED | _SECRET_FIELDS if self.kind == "Secret" else _SKIPPED
        want = {name: value for name, value in self.desired.items() if name not in skipped}
        have = {name: value for name, value in self.observed.items() if name not in skipped}
        yield from self._mapping(want, have, top)

    def _metadata(self, top: _Place) -> Iterator[FieldChange]:
        want, have = self.desired.get("metadata"), self.observed.get("metadata")
        if isinstance(want, Mapping) and isinstance(have, Mapping):
            place = self._below(top, "metadata")
            kept = {name: have.get(name) or {} for name in _METADATA}
            yield from self._mapping({name: want.get(name) or {} for name in _METADATA}, kept, place)

    def _value(self, want: object, have: object, place: _Place) -> Iterator[FieldChange]:
        if isinstance(want, Mapping) and isinstance(have, Mapping):
            yield from self._mapping(want, have, self._held(place))
        elif isinstance(want, list | tuple) and isinstance(have, list):
            yield from self._sequence(want, have, self._held(place))
        elif not same(want, have, amount=is_quantity(self.kind, _enclosing(place), place.parent)):
            yield self._change(place, FieldState.CHANGED, want, have)

    def _mapping(self, want: Mapping[str, object], have: Mapping[str, object], place: _Place) -> Iterator[FieldChange]:
        for name, value in want.items():
            there = have.get(name, _ABSENT)
            if identical(value, there):
                continue  # most fields of most objects: no place is made for them
            below = self._below(place, name)
            if there is _ABSENT or (there is None and value is not None):
                if not left_out(name, value):
                    yield self._change(below, FieldState.MISSING, value, None)
            else:
                yield from self._value(value, there, below)
        for name, there in have.items():
            if name not in want:
                yield from self._beyond(there, self._below(place, name), place)

    def _beyond(self, have: object, place: _Place, around: _Place) -> Iterator[FieldChange]:
        """What is there and we do not ask for: a default, ours of old, or somebody else's."""
        if is_default(around.parent, place.parent, have) or is_rightful(self.desired, place.fields, have):
            return
        if around.whole:
            yield self._change(place, FieldState.ADDED, None, have)
            return
        owners = [entry for entry, node in zip(self.entries, place.nodes, strict=True) if node is not None]
        if any(entry.is_ours(self.manager) for entry in owners):
            yield self._change(place, FieldState.LEFT, None, have)
        elif owners and matters(self.kind, place.fields, owners):
            yield self._change(place, FieldState.FOREIGN, None, have)

    def _sequence(self, want: Sequence[object], have: Sequence[object], place: _Place) -> Iterator[FieldChange]:
        if not place.whole and is_set(place.nodes):
            yield from self._set(want, have, place)
            return
        keys = (None if place.whole else list_keys(place.nodes)) or _known_keys(place, want)
        if keys is not None and (by_key := _keyed(want, keys)) is not None and (live := _keyed(have, keys)) is not None:
            yield from self._items(by_key, live, keys, place)
        elif len(want) != len(have):
            yield self._change(place, FieldState.CHANGED, want, have)
        else:
            for index, (value, there) in enumerate(zip(want, have, strict=True)):
                here = _Place(f"{place.path}[{index}]", f"{place.pointer}/{index}", place.fields, place.nodes, True)
                yield from self._value(value, there, here)

    def _items(self, want: "_Items", have: "_Items", keys: tuple[str, ...], place: _Place) -> Iterator[FieldChange]:
        for key, (_, value) in want.items():
            named = tuple(zip(keys, key, strict=True))
            if key not in have:
                yield self._change(self._item(place, named, None), FieldState.MISSING, value, None)
            else:
                index, there = have[key]
                yield from self._value(value, there, self._item(place, named, index))
        for key, (index, there) in have.items():
            if key not in want:
                yield from self._beyond(there, self._item(place, tuple(zip(keys, key, strict=True)), index), place)
        ordered = [key for key in have if key in want]
        if (place.whole or place.parent in _ORDERED) and ordered != [key for key in want if key in have]:
            yield self._change(place, FieldState.REORDERED, _names(want), _names(have))

    def _set(self, want: Sequence[object], have: Sequence[object], place: _Place) -> Iterator[FieldChange]:
        for value in want:
            if value not in have:
                yield self._change(self._member(place, value, None), FieldState.MISSING, value, None)
        for index, there in enumerate(have):
            if there not in want:
                yield from self._beyond(there, self._member(place, there, index), place)

    def _held(self, place: _Place) -> _Place:
        """The place, marked if the value there is merged as a whole: then every part of it is ours, or was."""
        if place.whole:
            return place
        mine = [node for entry, node in self._with(place) if entry.is_ours(self.manager)]
        held = [node for node in mine or place.nodes if node is not None]
        whole = bool(held) and all(is_leaf(node) for node in held)
        return _Place(place.path, place.pointer, place.fields, place.nodes, whole)

    def _with(self, place: _Place) -> Iterator[tuple[Entry, Node]]:
        return ((entry, node) for entry, node in zip(self.entries, place.nodes, strict=True) if node is not None)

    def _below(self, place: _Place, name: str) -> _Place:
        nodes = place.nodes if place.whole else tuple(field(node, name) for node in place.nodes)
        pointer = f"{place.pointer}/{name.replace('~', '~0').replace('/', '~1')}"
        return _Place(field_path(place.path, name), pointer, (*place.fields, name), nodes, place.whole)

    def _item(self, place: _Place, keys: tuple[tuple[str, object], ...], index: int | None) -> _Place:
        nodes = place.nodes if place.whole else tuple(item(node, tuple(sorted(keys))) for node in place.nodes)
        return _Place(item_path(place.path, keys), _entry(place, index), place.fields, nodes, place.whole)

    def _member(self, place: _Place, value: object, index: int | None) -> _Place:
        nodes = tuple(member(node, value) for node in place.nodes)
        path = f"{place.path}[{json.dumps(value)}]"
        return _Place(path, _entry(place, index), place.fields, nodes)

    def _change(self, place: _Place, state: FieldState, want: object, have: object) -> FieldChange:
        by = last_writer(self.entries, place.nodes, self.manager)
        if state is FieldState.REORDERED or (state is FieldState.MISSING and (by is None or not place.whole)):
            by = self.since  # who took a field away, or moved an item, owns nothing of it
        weight = content_importance(self.desired, place.fields, have if want is None else want)
        return FieldChange(place.path, state, want, have, by, weight.security, weight.belongs, place.pointer)


#: Keys of a list's items to index and item, in the list's order.
_Items = Mapping[tuple[object, ...], tuple[int, object]]


def _keyed(values: Sequence[object], keys: tuple[str, ...]) -> _Items | None:
    """The items by their keys; None where one lacks a key or two have the same."""
    found: dict[tuple[object, ...], tuple[int, object]] = {}
    for index, value in enumerate(values):
        if not isinstance(value, Mapping):
            return None
        key = tuple(value.get(name, "TCP" if name == "protocol" else None) for name in keys)
        if None in key or key in found or not all(isinstance(part, str | int) for part in key):
            return None
        found[key] = (index, value)
    return found


def _known_keys(place: _Place, want: Sequence[object]) -> tuple[str, ...] | None:
    """Keys where no entry tells them: well-known lists."""
    if place.parent == "ports":
        return next((keys for keys in PORT_KEYS if _keyed(want, keys) is not None), None)
    return LIST_KEYS.get(place.parent)


def _entry(place: _Place, index: int | None) -> str:
    """Pointer to one entry of a list; None: to behind its end."""
    return f"{place.pointer}/{'-' if index is None else index}"


def _enclosing(place: _Place) -> str:
    return place.fields[-2] if len(place.fields) > 1 else ""


def _names(values: _Items) -> list[str]:
    return [",".join(map(str, key)) for key in values]
