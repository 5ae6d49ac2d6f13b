"""Loads `data/roles.yaml`: who holds which permission, and which fields of others' objects a caller may see."""

from functools import cache
from typing import Final

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError
from rayfence.model.routes import Right, Role, RoleMatrix

#: Cumulative order: a later role holds everything of the earlier ones.
ROLE_ORDER: Final = (Role.VIEWER, Role.SUBMITTER, Role.OPERATOR, Role.ADMIN)


def expand_role(role: Role) -> tuple[Role, ...]:
    """`role` and all it includes, lowest first: what a token lists, so that Envoy needs no order."""
    return ROLE_ORDER[: ROLE_ORDER.index(role) + 1]


@cache
def load_matrix() -> RoleMatrix:
    """The shipped matrix. Raises CatalogError."""
    return parse_matrix(read_data("roles.yaml"), "roles.yaml")


def parse_matrix(text: str, name: str) -> RoleMatrix:
    """Parse a matrix document. Raises CatalogError on unknown keys, roles, rights, and doubled names."""
    document = parse_document(text, name)
    check_keys(document, {"permissions", "visible_fields"}, (), name)
    permissions = tuple(
        (permission, _holder(holder, f"{name}: permissions.{permission}"))
        for permission, holder in as_mapping(document["permissions"], f"{name}: permissions").items()
    )
    views = tuple(
        (view, _field_names(names, f"{name}: visible_fields.{view}"))
        for view, names in as_mapping(document["visible_fields"], f"{name}: visible_fields").items()
    )
    return RoleMatrix(permissions=permissions, visible_fields=views)


def _holder(value: object, where: str) -> Role | Right:
    holder = as_mapping(value, where)
    check_keys(holder, (), {"role", "right"}, where)
    if len(holder) != 1:
        raise CatalogError("exactly one of role and right is wanted", where=where)
    try:
        return Role(as_text(holder["role"], where)) if "role" in holder else Right(as_text(holder["right"], where))
    except ValueError as error:
        raise CatalogError(str(error), where=where) from error


def _field_names(value: object, where: str) -> tuple[str, ...]:
    names = tuple(as_text(item, where) for item in as_items(value, where))
    if len(set(names)) != len(names):
        raise CatalogError("a field is named twice", where=where)
    return names
