"""Who owns which field of a live object: its `managedFields`, read.

Covers: entries, the shape of lists as the API server merges them, owned paths as kubectl writes them, and who wrote a
field last. Leaves out values: `changes.py` compares them. Source: fieldsV1 of meta/v1 `ManagedFieldsEntry`:
`f:<field>`, `k:<keys of a list item>`, `v:<value of a set>`, `i:<index>`, and `.` for the thing itself; a leaf is `{}`.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.live import Json, Writer

#: Operation of server-side apply; every other write is an `Update`.
APPLY: Final = "Apply"
#: What one manager owns at one place: a subtree of fieldsV1; None: nothing here.
Node = Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Entry:
    """One manager's entry. `fields`: its fieldsV1 as it stands in the object."""

    manager: str
    operation: str
    time: str
    subresource: str
    fields: Mapping[str, object]

    def is_ours(self, manager: str) -> bool:
        """Whether our server-side applies wrote it. An `Update` under our name is somebody else's doing."""
        return self.manager == manager and self.operation == APPLY and not self.subresource


def entries(observed: Json) -> tuple[Entry, ...]:
    """Every readable entry of the object, in its order; none where they were removed."""
    metadata = observed.get("metadata")
    listed = metadata.get("managedFields") if isinstance(metadata, Mapping) else None
    found: list[Entry] = []
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, Mapping) and isinstance(fields := item.get("fieldsV1"), Mapping):
            words = [str(item.get(name) or "") for name in ("manager", "operation", "time", "subresource")]
            found.append(Entry(words[0], words[1], words[2], words[3], fields))
    return tuple(found)


def field(node: Node, name: str) -> Node:
    """What is owned below a field."""
    below = node.get(f"f:{name}") if node else None
    return below if isinstance(below, Mapping) else None


@lru_cache(maxsize=8192)
def item_keys(segment: str) -> tuple[tuple[str, object], ...] | None:
    """Keys and values of `k:{"name":"ray-head"}`, sorted by key; None for every other segment."""
    if not segment.startswith("k:"):
        return None
    try:
        keys = json.loads(segment[2:])
    except ValueError:
        return None
    return tuple(sorted(keys.items())) if isinstance(keys, dict) else None


def list_keys(nodes: Sequence[Node]) -> tuple[str, ...] | None:
    """Names of the fields that tell the items of a list apart; None where the list is not associative."""
    for node in nodes:
        for segment in node or ():
            if keys := item_keys(segment):
                return tuple(name for name, _ in keys)
    return None


def is_set(nodes: Sequence[Node]) -> bool:
    """Whether the list is a set of scalars."""
    return any(segment.startswith("v:") for node in nodes for segment in node or ())


def item(node: Node, keys: tuple[tuple[str, object], ...]) -> Node:
    """What is owned below the item with these keys."""
    for segment, below in (node or {}).items():
        if isinstance(below, Mapping) and item_keys(segment) == keys:
            return below
    return None


def member(node: Node, value: object) -> Node:
    """What is owned of one value of a set."""
    below = (node or {}).get(f"v:{json.dumps(value)}")
    return below if isinstance(below, Mapping) else None


def is_leaf(node: Node) -> bool:
    """Whether the node owns the value at its place as a whole."""
    return node is not None and not any(segment != "." for segment in node)


def owned_paths(fields: Mapping[str, object]) -> Iterator[str]:
    """Every owned place of one entry, as kubectl writes paths, in the entry's order.

    A list item or map that is owned itself (`.`) is named before what is owned below it.
    """
    yield from _paths(fields, "")


def _paths(fields: Mapping[str, object], path: str) -> Iterator[str]:
    for segment, below in fields.items():
        if segment == ".":
            continue
        here = _joined(path, segment)
        node = below if isinstance(below, Mapping) else {}
        if not node or "." in node:
            yield here
        yield from _paths(node, here)


def _joined(path: str, segment: str) -> str:
    kind, _, rest = segment.partition(":")
    if kind == "f":
        return field_path(path, rest)
    return item_path(path, item_keys(segment) or ()) if kind == "k" else f"{path}[{rest}]"


def field_path(path: str, name: str) -> str:
    """The path of a field: `.name`, or `["a.b/c"]` where the name is no plain word."""
    if name.replace("_", "").replace("-", "").isalnum():
        return f"{path}.{name}" if path else name
    return f"{path}[{json.dumps(name)}]"


def item_path(path: str, keys: Sequence[tuple[str, object]]) -> str:
    """The path of a list item: `[name=ray-head]`, `[containerPort=80,protocol=TCP]`."""
    return f"{path}[{','.join(f'{name}={value}' for name, value in keys)}]"


def last_writer(listed: Sequence[Entry], nodes: Sequence[Node], manager: str) -> Writer | None:
    """Who, other than we, last wrote the place that `nodes` stand for (one per entry); else we ourselves."""
    found = [entry for entry, node in zip(listed, nodes, strict=True) if node is not None]
    others = [entry for entry in found if not entry.is_ours(manager)]
    newest = max(others or found, key=lambda entry: entry.time, default=None)
    return None if newest is None else _writer(newest)


def writer_since(listed: Sequence[Entry], manager: str) -> Writer | None:
    """Who wrote to the object itself after our last apply: the likely remover of a field that nobody owns now."""
    ours = max((entry.time for entry in listed if entry.is_ours(manager)), default="")
    others = [
        entry for entry in listed if not entry.is_ours(manager) and entry.subresource != "status" and entry.time >= ours
    ]
    newest = max(others, key=lambda entry: entry.time, default=None)
    return None if newest is None else _writer(newest, certain=False)


def object_writer(listed: Sequence[Entry]) -> Writer | None:
    """Who last wrote to the object, its status aside."""
    newest = max((entry for entry in listed if entry.subresource != "status"), key=lambda e: e.time, default=None)
    return None if newest is None else _writer(newest)


def _writer(entry: Entry, *, certain: bool = True) -> Writer:
    return Writer(entry.manager, entry.operation, entry.time, entry.subresource, certain)
