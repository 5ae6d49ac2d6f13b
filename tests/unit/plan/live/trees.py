"""Objects of any shape with the `managedFields` that an API server would write for them, for properties.

A tree knows how each of its parts merges: fields apart, items by a key, values of a set, or as a whole. So the same
tree gives the value, the fieldsV1 of its owner, and every place where one change can be made.
"""

import copy
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

OURS = "rayfence"
EARLY, LATE = "2026-11-26T06:00:00Z", "2026-11-26T06:30:00Z"

Json = dict[str, Any]


@dataclass(frozen=True)
class Scalar:
    """A string, number or boolean."""

    value: object


@dataclass(frozen=True)
class Fields:
    """A map whose fields have owners of their own."""

    parts: Mapping[str, "Tree"]


@dataclass(frozen=True)
class Items:
    """A list whose items are told apart by `name`."""

    parts: Mapping[str, Fields]


@dataclass(frozen=True)
class Values:
    """A set of strings."""

    parts: tuple[str, ...]


@dataclass(frozen=True)
class Whole:
    """Anything that is merged as a whole."""

    value: object


Tree = Scalar | Fields | Items | Values | Whole


def value_of(tree: Tree) -> Any:
    """The JSON value."""
    if isinstance(tree, Fields):
        return {name: value_of(part) for name, part in tree.parts.items()}
    if isinstance(tree, Items):
        return [{"name": name, **value_of(part)} for name, part in tree.parts.items()]
    if isinstance(tree, Values):
        return list(tree.parts)
    return copy.deepcopy(tree.value)


def owned(tree: Tree) -> Json:
    """fieldsV1 of whoever applied all of it."""
    if isinstance(tree, Fields):
        return {f"f:{name}": owned(part) for name, part in tree.parts.items()}
    if isinstance(tree, Items):
        return {
            f"k:{json.dumps({'name': name}, separators=(',', ':'))}": {".": {}, "f:name": {}, **owned(part)}
            for name, part in tree.parts.items()
        }
    if isinstance(tree, Values):
        return {f"v:{json.dumps(part)}": {} for part in tree.parts}
    return {}


def wished(tree: Fields) -> Json:
    """A desired object with the tree as its spec."""
    return {
        "apiVersion": "example.com/v1",
        "kind": "Example",
        "metadata": {"name": "one", "namespace": "vision", "labels": {"app.kubernetes.io/managed-by": OURS}},
        "spec": value_of(tree),
    }


def entry(manager: str, fields: Json, time: str = EARLY, operation: str = "Apply", subresource: str = "") -> Json:
    """One entry of `managedFields`."""
    found: Json = {
        "manager": manager,
        "operation": operation,
        "apiVersion": "example.com/v1",
        "time": time,
        "fieldsType": "FieldsV1",
        "fieldsV1": fields,
    }
    return {**found, "subresource": subresource} if subresource else found


def applied(tree: Fields) -> Json:
    """The same object as the API server holds it after our apply."""
    observed = wished(tree)
    labels: Json = {"f:labels": {"f:app.kubernetes.io/managed-by": {}}}
    observed["metadata"] |= {
        "uid": "9a1c",
        "resourceVersion": "7",
        "generation": 1,
        "creationTimestamp": EARLY,
        "managedFields": [entry(OURS, {"f:metadata": labels, "f:spec": owned(tree)})],
    }
    observed["status"] = {"phase": "whatever"}
    return observed


@dataclass
class Spot:
    """One place where something can change. `path` as kubectl writes it; `within`: the part that holds `key`.

    `marks`: the parts of our fieldsV1 that lead there, so that it can be given to somebody else.
    """

    path: str
    within: Any
    key: Any
    whole: bool
    marks: list[str] = field(default_factory=list)


def spots(tree: Fields, observed: Json) -> list[Spot]:
    """Every field of the spec that is owned by itself, and every scalar inside parts that are owned as a whole."""
    return list(_spots(tree, observed["spec"], "spec", ["f:spec"]))


def _spots(tree: Tree, value: Any, path: str, marks: list[str]) -> Iterator[Spot]:
    if isinstance(tree, Fields):
        for name, part in tree.parts.items():
            here, down = f"{path}.{name}", [*marks, f"f:{name}"]
            yield Spot(here, value, name, False, down)
            yield from _inside(part, value[name], here, down)
    elif isinstance(tree, Items):
        for index, (name, part) in enumerate(tree.parts.items()):
            down = [*marks, f"k:{json.dumps({'name': name}, separators=(',', ':'))}"]
            yield Spot(f"{path}[name={name}]", value, index, False, down)
            yield from _inside(part, value[index], f"{path}[name={name}]", down)


def _inside(part: Tree, value: Any, path: str, marks: list[str]) -> Iterator[Spot]:
    if isinstance(part, Whole):
        yield from _scalars(value, path, marks)
    else:
        yield from _spots(part, value, path, marks)


def _scalars(value: Any, path: str, marks: list[str]) -> Iterator[Spot]:
    pairs: list[tuple[Any, Any, str]] = []
    if isinstance(value, dict):
        pairs = [(name, item, f"{path}.{name}") for name, item in value.items()]
    elif isinstance(value, list):
        pairs = [(index, item, f"{path}[{index}]") for index, item in enumerate(value)]
    for key, item, here in pairs:
        if isinstance(item, dict | list) and item:
            yield from _scalars(item, here, marks)
        elif not isinstance(item, dict | list):
            yield Spot(here, value, key, True, marks)


#: Plain names that no list of well-known keys and no table of defaults has.
NAMES = st.sampled_from([f"field{letter}" for letter in "ABCDEFGH"])
TEXTS = st.text("abcxyz", min_size=1, max_size=6)
SCALARS: st.SearchStrategy[object] = st.one_of(TEXTS, st.integers(1, 99), st.just(True))
WHOLES: st.SearchStrategy[object] = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3), st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=6,
).filter(lambda value: isinstance(value, dict | list))


def _fields(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Fields]:
    return st.dictionaries(NAMES, part, min_size=1, max_size=4).map(Fields)


_PARTS: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        SCALARS.map(Scalar),
        WHOLES.map(Whole),
        st.lists(TEXTS, min_size=1, max_size=3, unique=True).map(lambda found: Values(tuple(found))),
    ),
    lambda inner: st.one_of(_fields(inner), st.dictionaries(TEXTS, _fields(inner), min_size=1, max_size=3).map(Items)),
    max_leaves=8,
)
TREES: st.SearchStrategy[Fields] = _fields(_PARTS)
