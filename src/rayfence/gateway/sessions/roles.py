"""Reading roles off a principal: the highest, the lower of two, and lists in the order people know."""

from collections.abc import Iterable

from rayfence.access.principal import Principal
from rayfence.catalog.roles import ROLE_ORDER
from rayfence.model.routes import Right, Role


def highest_role(principal: Principal) -> Role | None:
    """The highest role the token lists; None if it lists none."""
    return next((role for role in reversed(ROLE_ORDER) if role in principal.roles), None)


def lower_role(one: Role, other: Role) -> Role:
    """The lower of two roles."""
    return min(one, other, key=ROLE_ORDER.index)


def role_names(roles: Iterable[Role]) -> list[str]:
    """Names, lowest first."""
    return [role.value for role in sorted(roles, key=ROLE_ORDER.index)]


def right_names(rights: Iterable[Right]) -> list[str]:
    """Names in alphabetical order."""
    return sorted(right.value for right in rights)
