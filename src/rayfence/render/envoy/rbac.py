"""Who may use which route: one RBAC policy on each route, compiled from the catalogue's permission.

The filter itself has empty rules, which refuse whatever carries no policy of its own. (A filter *without* rules would
let it pass.)
"""

from typing import Final

from rayfence.access.revocation import claim
from rayfence.model.routes import Right, Role, Route, RouteCatalog
from rayfence.render.envoy.shape import Message, typed

_RBAC: Final = "envoy.extensions.filters.http.rbac.v3.RBAC"
_PER_ROUTE: Final = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"

#: Permission held by whoever is logged in; not in the matrix.
SELF: Final = "self"


def deny_all() -> Message:
    """The base filter: refuse."""
    return typed(_RBAC, rules={"action": "ALLOW"})


def rbac_of_route(route: Route, catalog: RouteCatalog) -> Message:
    """The policy of one route. A permission that nobody holds gives empty rules: refused for everyone."""
    if route.public:
        return allow_all()
    holder = catalog.matrix.holder(route.permission) if route.permission else None
    if holder is None and route.permission == SELF:
        return _allow("logged-in", {"any": True})  # the JWT filter before this one has seen to that
    if holder is None:
        return typed(_PER_ROUTE, rbac={"rules": {"action": "ALLOW"}})
    return _allow(
        str(holder), claim(_claim_of(holder), {"list_match": {"one_of": {"string_match": {"exact": str(holder)}}}})
    )


def allow_all() -> Message:
    """For answers that do not depend on who calls."""
    return _allow("anyone", {"any": True})


def required(route: Route, catalog: RouteCatalog) -> str:
    """The role or right a refusal names; empty when none would help."""
    if route.public or route.permission is None:
        return ""
    holder = catalog.matrix.holder(route.permission)
    return str(holder) if holder is not None else ""


def _claim_of(holder: Role | Right) -> str:
    return "roles" if isinstance(holder, Role) else "rights"


def _allow(name: str, principal: Message) -> Message:
    policy: Message = {"permissions": [{"any": True}], "principals": [principal]}
    return typed(_PER_ROUTE, rbac={"rules": {"action": "ALLOW", "policies": {name: policy}}})
