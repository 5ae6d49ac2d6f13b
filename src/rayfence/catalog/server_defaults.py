"""Loads `data/server_defaults.yaml`: what Google completes in an object, and which objects its controllers add."""

from collections.abc import Mapping
from dataclasses import field
from functools import cache

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ServerDefault:
    """A field the server fills in when it is left out. `path`: field names from the message down.

    `unless`: paths beside it; if one is set, the default does not apply. `source`: where that is written.
    """

    message: str
    path: tuple[str, ...]
    value: object
    source: str
    unless: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ImpliedKind:
    """A kind of which controllers make objects as soon as an object of the kind `after` exists; `by` says who.

    `sample`: such an object as they make it; empty: it can't be told. `when`: paths of which one must be true in the
    object of kind `after`; empty: always.
    """

    kind: str
    after: str
    by: str
    source: str
    sample: Mapping[str, object] = field(default_factory=dict)
    when: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class PartKind:
    """Objects of `kind` that are created inside another one: items of the list `name` in objects of kind `whole`."""

    kind: str
    whole: str
    name: str


@dataclass(frozen=True, slots=True)
class Mirror:
    """An older field of a message, `path`, whose meaning a newer one took over, `origin`; `negated`: the opposite.

    They mean the same only while the field at `when` is true. Whether the server fills the older is not known.
    """

    message: str
    path: tuple[str, ...]
    origin: tuple[str, ...]
    negated: bool
    when: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class ServerModel:
    """The whole model. `defaults` by message type, in file order; `implied` and `parts` by kind; all `mirrors`."""

    defaults: Mapping[str, tuple[ServerDefault, ...]]
    implied: Mapping[str, ImpliedKind]
    parts: Mapping[str, PartKind] = field(default_factory=dict)
    mirrors: tuple[Mirror, ...] = ()


@cache
def load_server_model() -> ServerModel:
    """The shipped model. Raises CatalogError."""
    return parse_server_model(read_data("server_defaults.yaml"), "server_defaults.yaml")


def parse_server_model(text: str, name: str) -> ServerModel:
    """Parse a model. Raises CatalogError on unknown keys, doubled fields and doubled kinds."""
    document = parse_document(text, name)
    check_keys(document, {"defaults", "implied", "parts"}, {"mirrors"}, name)
    defaults: dict[str, tuple[ServerDefault, ...]] = {}
    for number, row in enumerate(as_items(document["defaults"], f"{name}: defaults")):
        default = _default(as_mapping(row, name), f"{name}: defaults[{number}]")
        others = defaults.get(default.message, ())
        if any(other.path == default.path for other in others):
            raise CatalogError(f"{default.message} {'.'.join(default.path)} has two defaults", where=name)
        defaults[default.message] = (*others, default)
    implied: dict[str, ImpliedKind] = {}
    for number, row in enumerate(as_items(document["implied"], f"{name}: implied")):
        kind = _implied(as_mapping(row, name), f"{name}: implied[{number}]")
        if kind.kind in implied:
            raise CatalogError(f"{kind.kind} stands there twice", where=name)
        implied[kind.kind] = kind
    parts: dict[str, PartKind] = {}
    for number, row in enumerate(as_items(document["parts"], f"{name}: parts")):
        where = f"{name}: parts[{number}]"
        values = as_mapping(row, where)
        check_keys(values, {"kind", "in", "field"}, (), where)
        part = PartKind(as_text(values["kind"], where), as_text(values["in"], where), as_text(values["field"], where))
        parts[part.kind] = part
    rows = as_items(document.get("mirrors", []), f"{name}: mirrors")
    mirrors = tuple(_mirror(as_mapping(row, name), f"{name}: mirrors[{number}]") for number, row in enumerate(rows))
    return ServerModel(defaults, implied, parts, mirrors)


def _default(row: Mapping[str, object], where: str) -> ServerDefault:
    check_keys(row, {"message", "field", "value", "source"}, {"unless"}, where)
    unless = as_items(row.get("unless", []), where)
    return ServerDefault(
        message=as_text(row["message"], where),
        path=tuple(as_text(row["field"], where).split(".")),
        value=row["value"],
        source=as_text(row["source"], where),
        unless=tuple(tuple(as_text(path, where).split(".")) for path in unless),
    )


def _mirror(row: Mapping[str, object], where: str) -> Mirror:
    check_keys(row, {"message", "field", "from", "when", "source"}, {"not"}, where)
    path, origin, when = (tuple(as_text(row[key], where).split(".")) for key in ("field", "from", "when"))
    return Mirror(
        as_text(row["message"], where), path, origin, row.get("not") is True, when, as_text(row["source"], where)
    )


def _implied(row: Mapping[str, object], where: str) -> ImpliedKind:
    check_keys(row, {"kind", "after", "by", "source"}, {"sample", "when"}, where)
    when = as_items(row.get("when", []), where)
    return ImpliedKind(
        kind=as_text(row["kind"], where),
        after=as_text(row["after"], where),
        by=as_text(row["by"], where),
        source=as_text(row["source"], where),
        sample=as_mapping(row.get("sample", {}), where),
        when=tuple(tuple(as_text(path, where).split(".")) for path in when),
    )
