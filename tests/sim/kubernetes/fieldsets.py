"""Which manager owns which field: server-side apply's bookkeeping, in the form of `metadata.managedFields` (FieldsV1).

A set is a tree of keys: `f:name` for a field, `k:{…}` for an entry of a list with known keys, `v:…` for a member of a
set; `.` is the entry itself, an empty tree a leaf. Source: Kubernetes' structured-merge-diff and the list types that
the kinds declare; a list that declares none is one value (Ray's `workerGroupSpecs` is such a list).
"""

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

FieldSet = dict[str, Any]
Path = tuple[str, ...]

_BY_NAME: Final = frozenset(
    {"containers", "initContainers", "ephemeralContainers", "env", "volumes", "imagePullSecrets", "secrets"}
    | {"matchConditions", "variables"}
)
#: Field to the keys of its entries, where the name alone says it.
_KEYS: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(_BY_NAME, ("name",)),
    "volumeMounts": ("mountPath",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "hostAliases": ("ip",),
}
_SETS: Final = frozenset({"finalizers"})
#: Nobody owns what names the object, or what the server alone writes.
_UNOWNED: Final = frozenset(
    {"name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"}
    | {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"}
)


def keys_of(kind: str, field: str, entries: list[Any]) -> tuple[str, ...]:
    """The keys by which entries of this list are merged; empty: the list is one value."""
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return ()
    if field == "ports":
        if all("containerPort" in entry for entry in entries):
            return ("containerPort", "protocol")
        return ("port", "protocol") if kind == "Service" else ()
    keys = _KEYS.get(field, ())
    return keys if keys and all(keys[0] in entry for entry in entries) else ()


def fields_of(value: Mapping[str, Any]) -> FieldSet:
    """Every field that an applied object sets."""
    kind = str(value.get("kind", ""))
    body = {key: item for key, item in value.items() if key not in ("apiVersion", "kind", "status")}
    metadata = {key: item for key, item in value.get("metadata", {}).items() if key not in _UNOWNED}
    body.pop("metadata", None)
    if metadata:
        body["metadata"] = metadata
    return _map(body, kind)


def paths(fields: FieldSet, before: Path = ()) -> Iterator[Path]:
    """Every leaf of a set."""
    for key, below in fields.items():
        if below:
            yield from paths(below, (*before, key))
        else:
            yield (*before, key)


def has(fields: FieldSet, path: Path) -> bool:
    """Whether the set holds the field, or something below it."""
    for key in path:
        if key not in fields:
            return False
        fields = fields[key]
    return True


def without(fields: FieldSet, gone: set[Path], before: Path = ()) -> FieldSet:
    """The set less some of its leaves; what is empty then goes too."""
    result: FieldSet = {}
    for key, below in fields.items():
        path = (*before, key)
        if below:
            kept = without(below, gone, path)
            if (kept and set(kept) != {"."}) or (kept and (*path, ".") not in gone):
                result[key] = kept
        elif path not in gone:
            result[key] = {}
    return result


def union(first: FieldSet, second: FieldSet) -> FieldSet:
    """Both sets."""
    result = copy.deepcopy(first)
    for key, below in second.items():
        result[key] = union(result.get(key, {}), below)
    return result


def value_at(value: Any, path: Path) -> Any:
    """The value of a field in an object; KeyError when it has none."""
    for key in path:
        if key == ".":
            continue
        if key.startswith("f:"):
            if not isinstance(value, dict):
                raise KeyError(key)
            value = value[key[2:]]
        elif key.startswith("k:"):
            value = value[_index(value, key)]
        else:
            if json.loads(key[2:]) not in value:
                raise KeyError(key)
            value = json.loads(key[2:])
    return value


def remove(value: Any, path: Path) -> None:
    """Take a field out of an object, and what is empty without it; nothing when it is not there."""
    if path[-1] == ".":
        path = path[:-1]
    try:
        parent = value_at(value, path[:-1])
        last = path[-1]
        if last.startswith("f:"):
            del parent[last[2:]]
        elif last.startswith("k:"):
            del parent[_index(parent, last)]
        else:
            parent.remove(json.loads(last[2:]))
    except (KeyError, ValueError):
        return


def merge(live: dict[str, Any], applied: Mapping[str, Any], kind: str) -> None:
    """Write every field of `applied` into `live`."""
    for key, item in applied.items():
        mine = live.get(key)
        if isinstance(item, dict) and item and isinstance(mine, dict):
            merge(mine, item, kind)
        elif isinstance(item, list) and isinstance(mine, list) and keys_of(kind, key, item):
            _merge_list(mine, item, keys_of(kind, key, item), kind)
        elif isinstance(item, list) and isinstance(mine, list) and key in _SETS:
            mine.extend(entry for entry in item if entry not in mine)
        else:
            live[key] = copy.deepcopy(item)


def told(path: Path) -> str:
    """A field as messages name it: `.spec.template.spec.containers[name="ray"].image`."""
    text = ""
    for key in path:
        if key.startswith("f:"):
            text += f".{key[2:]}"
        elif key.startswith("k:"):
            text += "[" + ",".join(f"{name}={json.dumps(item)}" for name, item in json.loads(key[2:]).items()) + "]"
        elif key.startswith("v:"):
            text += f"[={key[2:]}]"
    return text


def _map(value: Mapping[str, Any], kind: str) -> FieldSet:
    return {f"f:{key}": _below(key, item, kind) for key, item in value.items()}


def _below(field: str, value: Any, kind: str) -> FieldSet:
    if isinstance(value, dict):
        return _map(value, kind)
    if isinstance(value, list):
        if field in _SETS:
            return {f"v:{json.dumps(entry)}": {} for entry in value}
        if keys := keys_of(kind, field, value):
            return {_key(entry, keys): {".": {}, **_map(entry, kind)} for entry in value}
    return {}


def _key(entry: Mapping[str, Any], keys: tuple[str, ...]) -> str:
    default = {"protocol": "TCP"}
    known = {key: entry.get(key, default.get(key)) for key in keys}
    return "k:" + json.dumps(known, sort_keys=True, separators=(",", ":"))


def _index(entries: Any, key: str) -> int:
    wanted = json.loads(key[2:])
    if isinstance(entries, list):
        for index, entry in enumerate(entries):
            if _key(entry, tuple(wanted)) == key:
                return index
    raise KeyError(key)


def _merge_list(live: list[Any], applied: list[Any], keys: tuple[str, ...], kind: str) -> None:
    known = {_key(entry, keys): entry for entry in live}
    for entry in applied:
        mine = known.get(_key(entry, keys))
        if mine is None:
            live.append(copy.deepcopy(entry))
        else:
            merge(mine, entry, kind)
