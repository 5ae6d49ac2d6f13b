"""Loads `data/constraints.yaml`: the constraints of Google's Organization Policy Service that touch this platform.

Names stand without `constraints/`. Leaves out what a constraint demands of a platform (`policy.constraints`) and what
an organisation sets (`organization`): this is Google's side alone.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import CustomConstraint

KINDS: Final = ("boolean", "list", "managed")
FORMS: Final[Mapping[str, frozenset[str]]] = {
    "boolean": frozenset({""}),
    "list": frozenset({"", "allow", "deny"}),
    "managed": frozenset({"", "boolean", "parameters"}),
}
PREFIXES: Final = frozenset({"is", "in", "under"})

_LISTS: Final = ("choices", "examples", "api", "gcloud", "terraform")
_TEXTS: Final = ("note", "equivalent", "ok_when", "conflict", "confidence")


@dataclass(frozen=True, slots=True)
class Constraint:
    """One constraint of Google's, as the catalogue knows it.

    `kind`: boolean, list or managed. `form`: the shape that makes sense where one is known: allow or deny for lists,
    boolean or parameters for managed ones; the API accepts others too. `enforced_by_default`: without any policy a
    boolean is enforced and a list denies all. `prefixes`: of list values, without colon. `choices`: the closed set of
    values, if there is one. `parameters`: name to examples. `equivalent`: the nearest managed constraint, not always
    the same test. `api`, `gcloud`, `terraform`: fields of the cluster it looks at. `ok_when` and `conflict` are prose
    for people, empty where there is nothing to say. `touches`: False for rows known only for their default.
    """

    id: str
    kind: str
    form: str = ""
    article: bool = False
    touches: bool = True
    enforced_by_default: bool = False
    prefixes: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    parameters: Mapping[str, tuple[str, ...]] | None = None
    note: str = ""
    equivalent: str = ""
    api: tuple[str, ...] = ()
    gcloud: tuple[str, ...] = ()
    terraform: tuple[str, ...] = ()
    ok_when: str = ""
    conflict: str = ""
    confidence: str = ""
    sources: tuple[str, ...] = ()


@cache
def load_constraints() -> tuple[Constraint, ...]:
    """The constraints that touch this platform, in file order. Raises CatalogError."""
    return tuple(row for row in load_known_constraints() if row.touches)


@cache
def load_known_constraints() -> tuple[Constraint, ...]:
    """`load_constraints`, and those known only because Google enforces them by default. Raises CatalogError."""
    return parse_constraints(read_data("constraints.yaml"), "constraints.yaml")


@cache
def load_example_constraints() -> tuple[CustomConstraint, ...]:
    """Published custom constraints of a hardened organisation, to test against. Raises CatalogError."""
    return parse_examples(read_data("custom_constraint_examples.yaml"), "custom_constraint_examples.yaml")


def parse_constraints(text: str, name: str) -> tuple[Constraint, ...]:
    """Parse a document of constraints. Raises CatalogError."""
    document = parse_document(text, name)
    check_keys(document, {"sources", "elsewhere", "constraints"}, (), name)
    sources = {
        key: as_text(value, f"{name}: sources.{key}")
        for key, value in as_mapping(document["sources"], f"{name}: sources").items()
    }
    rows = tuple(
        _constraint(item, f"{name}: {part}[{number}]", sources, touches=part == "constraints")
        for part in ("constraints", "elsewhere")
        for number, item in enumerate(as_items(document[part], f"{name}: {part}"))
    )
    _refuse_doubles((row.id for row in rows), name)
    return rows


def parse_examples(text: str, name: str) -> tuple[CustomConstraint, ...]:
    """Parse a document of example custom constraints. Raises CatalogError."""
    document = parse_document(text, name)
    check_keys(document, {"constraints"}, (), name)
    rows = tuple(
        _example(item, f"{name}: constraints[{number}]")
        for number, item in enumerate(as_items(document["constraints"], name))
    )
    _refuse_doubles((row.name for row in rows), name)
    return rows


def _constraint(value: object, where: str, sources: Mapping[str, str], *, touches: bool) -> Constraint:
    item = as_mapping(value, where)
    optional = {"form", "article", "prefixes", "parameters", *_LISTS, *_TEXTS}
    check_keys(item, {"id", "kind", "default", "sources"}, optional, where)
    identifier, kind = as_text(item["id"], where), as_text(item["kind"], where)
    form, default = as_text(item.get("form", ""), where), as_text(item["default"], where)
    if identifier.startswith("constraints/") or "." not in identifier:
        raise CatalogError(f"{identifier!r} is not SERVICE.NAME", where=where)
    if kind not in KINDS or form not in FORMS[kind]:
        raise CatalogError(f"kind {kind!r} with form {form!r} is unknown", where=where)
    if (kind == "managed") != (".managed." in identifier):
        raise CatalogError(f"{identifier!r} and its kind {kind!r} disagree", where=where)
    if default not in {"allow", "deny"}:
        raise CatalogError(f"default {default!r} is neither allow nor deny", where=where)
    cited = _texts(item["sources"], where)
    for problem, wrong in (
        ("unknown source", set(cited) - set(sources)),
        ("unknown prefix", set(_texts(item.get("prefixes", []), where)) - PREFIXES),
    ):
        if wrong:
            raise CatalogError(f"{problem} {sorted(wrong)}", where=where)
    if not cited:
        raise CatalogError("a source is missing", where=where)
    lists = {key: _texts(item.get(key, []), f"{where}: {key}") for key in _LISTS}
    texts = {key: as_text(item.get(key, ""), f"{where}: {key}") for key in _TEXTS}
    return Constraint(
        id=identifier,
        kind=kind,
        form=form,
        article=_flag(item.get("article", False), where),
        touches=touches,
        enforced_by_default=default == "deny",
        prefixes=_texts(item.get("prefixes", []), where),
        parameters=_parameters(item["parameters"], where) if "parameters" in item else None,
        choices=lists["choices"],
        examples=lists["examples"],
        api=lists["api"],
        gcloud=lists["gcloud"],
        terraform=lists["terraform"],
        note=texts["note"],
        equivalent=texts["equivalent"],
        ok_when=texts["ok_when"],
        conflict=texts["conflict"],
        confidence=texts["confidence"],
        sources=tuple(sources[source] for source in cited),
    )


def _example(value: object, where: str) -> CustomConstraint:
    item = as_mapping(value, where)
    check_keys(item, {"id", "kind", "action", "methods", "condition"}, (), where)
    action = as_text(item["action"], where)
    if action not in {"ALLOW", "DENY"}:
        raise CatalogError(f"action {action!r} is neither ALLOW nor DENY", where=where)
    return CustomConstraint(
        name=as_text(item["id"], where),
        kinds=(as_text(item["kind"], where),),
        methods=_texts(item["methods"], where),
        condition=as_text(item["condition"], where),
        denies=action == "DENY",
        title="",
        source=where,
    )


def _parameters(value: object, where: str) -> dict[str, tuple[str, ...]]:
    return {key: _texts(examples, where) for key, examples in as_mapping(value, where).items()}


def _texts(value: object, where: str) -> tuple[str, ...]:
    return tuple(as_text(item, where) for item in as_items(value, where))


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise CatalogError("true or false is wanted", where=where)
    return value


def _refuse_doubles(names: Iterable[str], where: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise CatalogError(f"{name} stands twice", where=where)
        seen.add(name)
