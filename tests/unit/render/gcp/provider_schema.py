"""Checks Terraform JSON against the provider's schema, without provider or network, and that every `${…}` resolves.

Own code on data of `tests/data/terraform`. It can't know what the data do not hold: exclusions, counts, allowed values.
"""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from rayfence.model.cloud import CloudDesired, CloudResource

DATA: Final = Path(__file__).resolve().parents[3] / "data" / "terraform" / "google-6.50.0.schema.json.gz"
#: What Terraform itself reads of a resource.
META: Final = frozenset({"count", "depends_on", "for_each", "lifecycle", "provider"})
#: Attributes that the provider has and the extraction lost: their type, by the last names of their path.
LOST: Final = {
    "guest_accelerator.count": "number",
    "network_policy.provider": "string",
    "egress_from.identities": "array(string)",
    "ingress_from.identities": "array(string)",
}
#: Blocks of the provider google-beta, allowed only on a resource that asks for it.
BETA: Final = frozenset({"node_config.sandbox_config"})
#: Names of keys; `encryption` and friends hold one.
KEY_NAME: Final = re.compile(r"(^|_)kms_key(_name)?$|^default_kms_key_name$|^boot_disk_kms_key$")

Attributes = Mapping[str, Mapping[str, object]]


@cache
def resources() -> Mapping[str, Attributes]:
    """Attributes of each resource type."""
    with gzip.open(DATA) as file:
        document = json.load(file)
    return {kind: item["attrs"] for kind, item in document["resources"].items()}


def schema_errors(made: CloudResource) -> list[str]:
    """What the provider would not take, each with its path."""
    known = resources().get(made.block)
    if known is None:
        return [f"{made.block}: unknown resource type"]
    given = {name: value for name, value in made.attributes.items() if name not in META}
    beta = made.attributes.get("provider") == "google-beta"
    return list(_block(given, known, f"{made.block}.{made.label}", beta))


def _block(value: object, known: Attributes, path: str, beta: bool) -> Iterator[str]:
    for body in value if isinstance(value, list) else [value]:
        if not isinstance(body, Mapping):
            yield f"{path}: a block wants an object, got {type(body).__name__}"
            continue
        for name, item in body.items():
            where = f"{path}.{name}"
            tail = ".".join(where.split(".")[-2:])
            if name not in known and tail in LOST:
                yield from _scalar(LOST[tail], item, where)
            elif name not in known and not (beta and tail in BETA):
                yield f"{where}: unknown attribute"
            elif name in known:
                yield from _attribute(item, known[name], where, beta)
        yield from (
            f"{path}: missing required {name}" for name, kind in known.items() if kind["required"] and name not in body
        )


def _attribute(value: object, kind: Mapping[str, object], path: str, beta: bool) -> Iterator[str]:
    block = kind.get("block")
    if isinstance(block, Mapping):
        if isinstance(value, list) and len(value) > 1 and kind["type"] == "block":
            yield f"{path}: one block at most, got {len(value)}"
        yield from _block(value, block, path, beta)
    else:
        yield from _scalar(str(kind["type"]), value, path)


def _scalar(kind: str, value: object, path: str) -> Iterator[str]:
    if isinstance(value, str) and re.fullmatch(r"\$\{[^{}]*\}", value):
        return  # an expression can stand where any type is wanted
    inner = kind.partition("(")[2].removesuffix(")")
    fits = {
        "boolean": isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "string": isinstance(value, str),
        "array": isinstance(value, list),
        "map": isinstance(value, Mapping),
    }[kind.partition("(")[0]]
    if not fits:
        yield f"{path}: want {kind}, got {value!r}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _scalar(inner, item, f"{path}[{number}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _scalar(inner, item, f"{path}.{name}")


def key_paths(known: Attributes, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Paths of attributes that name a customer-managed key."""
    for name, kind in known.items():
        block = kind.get("block")
        if isinstance(block, Mapping):
            yield from key_paths(block, (*path, name))
        elif KEY_NAME.search(name) or (path[-1:] == ("database_encryption",) and name == "key_name"):
            yield (*path, name)


def expressions(value: object) -> Iterator[str]:
    """Every expression in templates of a value, escapes understood: `$${` opens none."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from expressions(key)
            yield from expressions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from expressions(item)
    elif isinstance(value, str):
        for match in re.finditer(r"(\$+)\{((?:[^{}\"]|\"[^\"]*\")*)\}", value):
            if match.group(1) == "$":
                yield match.group(2)


def unresolved(desired: CloudDesired) -> list[str]:
    """References and dependencies that lead nowhere."""
    addresses = {f"{item.block}.{item.label}" for item in desired.resources}
    addresses |= {f"data.{kind}.{name}" for kind, entries in desired.lookups.items() for name in entries}
    addresses |= {f"local.{name}" for name in desired.local_values} | {f"var.{name}" for name in desired.variables}
    wrong = []
    for item in desired.resources:
        here = f"{item.block}.{item.label}"
        scoped = addresses | ({"each.value", "each.key"} if "for_each" in item.attributes else set())
        wrong += [f"{here}: {name}" for name in _leading_nowhere(item.attributes, scoped)]
        depends = item.attributes.get("depends_on", [])
        assert isinstance(depends, list)
        wrong += [f"{here}: depends on {name}" for name in depends if name not in addresses]
    for place in (desired.outputs, desired.local_values, desired.lookups):
        wrong += [f"root: {name}" for name in _leading_nowhere(place, addresses)]
    return wrong


def _leading_nowhere(value: object, addresses: set[str]) -> Iterator[str]:
    for expression in expressions(value):
        bare = re.sub(r"\"[^\"]*\"", "", expression)
        roots = r"\b(?:data\.\w[\w-]*|google_\w+|local|var|each)\.\w[\w-]*"
        found = re.findall(roots, bare)
        if not found and bare:
            yield f"{expression} refers to nothing"
        yield from (name for name in found if name not in addresses)


def cycles(desired: CloudDesired) -> list[str]:
    """Objects that wait for each other."""
    edges = {
        f"{item.block}.{item.label}": {
            name
            for text in (*expressions(item.attributes), *map(str, _listed(item.attributes.get("depends_on"))))
            for name in re.findall(r"(?<!data\.)\bgoogle_\w+\.\w[\w-]*", text)
        }
        for item in desired.resources
    }
    done: set[str] = set()
    for _ in range(len(edges) + 1):
        ready = {name for name, needs in edges.items() if needs <= done}
        if ready == done:
            break
        done = ready
    return sorted(set(edges) - done)


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else []
