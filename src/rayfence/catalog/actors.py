"""Loads `data/actors.yaml`: what each actor of a platform needs, with reasons, and what roles mean."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass

#: What a grant of people may be bound on; `policy` turns each into resources.
PLACES: Final = frozenset(
    {"project", "host-project", "access-policy", "registries", "node-accounts", "key", "attestor-key"}
    | {"attestor-note", "backend-services", "existing-key", "workbench-account", "tenant-accounts", "parent"}
    | {"billing-account"}
)
#: When a grant is needed.
OCCASIONS: Final = frozenset(
    {"always", "cmek", "iap", "perimeter", "shared-vpc", "operator-manifests", "binauthz-made", "made-network"}
    | {"own-firewall", "existing-key", "workbench", "annotated", "spoke", "made-project"}
)
#: Roles of before IAM, on everything at once: never granted.
BASIC: Final = frozenset({"roles/owner", "roles/editor", "roles/viewer"})


@dataclass(frozen=True, slots=True)
class ListedGrant:
    """A grant of people or pipelines, as listed. `article`: key of the article's role it is, or replaces."""

    role: str
    on: str
    why: str
    when: str
    condition: str
    worst: str
    article: str


@dataclass(frozen=True, slots=True)
class Actor:
    """`people`: held by persons, by groups only. `why` of grants that follow from the platform."""

    name: str
    people: bool
    to_name: str
    why: str
    worst: str
    grants: tuple[ListedGrant, ...]


@dataclass(frozen=True, slots=True)
class ArticleRole:
    """A role that the article names: what it said, and what holds now."""

    name: str
    role: str
    said: str
    now: str


@dataclass(frozen=True, slots=True)
class Actors:
    """The whole list. `meanings`: of roles, in one sentence."""

    dated: str
    meanings: Mapping[str, str]
    article: Mapping[str, ArticleRole]
    actors: Mapping[str, Actor]

    def meaning(self, role: str) -> str:
        """What `role` permits; for one that is not listed, where to read it."""
        return self.meanings.get(role, f"see Google's reference of {role}; chosen in the spec")


@cache
def load_actors() -> Actors:
    """The shipped list. Raises CatalogError."""
    return parse_actors(read_data("actors.yaml"), "actors.yaml")


def parse_actors(text: str, name: str) -> Actors:
    """Parse a document of actors. Raises CatalogError."""
    document = parse_document(text, name)
    check_keys(document, {"dated", "roles", "article", "actors"}, (), name)
    meanings = {
        role: as_text(value, f"{name}: roles.{role}") for role, value in as_mapping(document["roles"], name).items()
    }
    article = {
        key: _article(value, f"{name}: article.{key}") for key, value in as_mapping(document["article"], name).items()
    }
    actors = {
        key: _actor(key, value, f"{name}: actors.{key}") for key, value in as_mapping(document["actors"], name).items()
    }
    for actor in actors.values():
        for grant in actor.grants:
            if grant.role not in meanings:
                raise CatalogError(f"{grant.role} of {actor.name} has no meaning", where=name)
            if grant.article and grant.article not in article:
                raise CatalogError(f"{grant.article!r} is no role of the article", where=name)
    if basic := sorted(BASIC & set(meanings)):
        raise CatalogError(f"basic roles {basic} are never granted", where=name)
    return Actors(as_text(document["dated"], name), meanings, article, actors)


def _article(value: object, where: str) -> ArticleRole:
    item = as_mapping(value, where)
    check_keys(item, {"name", "role", "said", "now"}, (), where)
    return ArticleRole(*(as_text(item[key], where).strip() for key in ("name", "role", "said", "now")))


def _actor(name: str, value: object, where: str) -> Actor:
    item = as_mapping(value, where)
    check_keys(item, {"people", "worst", "grants"}, {"to_name", "why"}, where)
    if not isinstance(item["people"], bool):
        raise CatalogError("people is true or false", where=where)
    grants = tuple(_grant(entry, where) for entry in as_items(item["grants"], where))
    if grants and "to_name" not in item:
        raise CatalogError("listed grants need to_name: who is to hold them", where=where)
    return Actor(
        name=name,
        people=item["people"],
        to_name=as_text(item.get("to_name", ""), where),
        why=as_text(item.get("why", ""), where),
        worst=as_text(item["worst"], where),
        grants=grants,
    )


def _grant(value: object, where: str) -> ListedGrant:
    item = as_mapping(value, where)
    check_keys(item, {"role", "resource", "why"}, {"when", "condition", "worst", "article"}, where)
    on, when = as_text(item["resource"], where), as_text(item.get("when", "always"), where)
    if on not in PLACES or when not in OCCASIONS:
        raise CatalogError(f"{on!r} is no place, or {when!r} no occasion", where=where)
    role = as_text(item["role"], where)
    if role in BASIC or not role.startswith("roles/"):
        raise CatalogError(f"{role!r} is no predefined role", where=where)
    return ListedGrant(
        role=role,
        on=on,
        why=as_text(item["why"], where),
        when=when,
        condition=as_text(item.get("condition", ""), where),
        worst=as_text(item.get("worst", ""), where),
        article=as_text(item.get("article", ""), where),
    )
