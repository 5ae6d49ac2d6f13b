"""Who may use which route: one RBAC policy on each route, compiled from the catalogue's permission.

The filter itself has empty rules, which refuse whatever carries no policy of its own. (A filter *without* rules would
let it pass.) A second filter refuses foreign origins on writes and upgrades, so that the refusal can say so.
"""

import re
from collections.abc import Iterable
from typing import Final

from rayfence.access.authorize import required_holder
from rayfence.access.claims import GRANT_HEADER, grant_expression, holding
from rayfence.model.routes import Route, RouteCatalog
from rayfence.render.envoy.shape import Message, header, one_of, regex, typed

_RBAC: Final = "envoy.extensions.filters.http.rbac.v3.RBAC"
_PER_ROUTE: Final = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"

#: Name of the policy that refuses; it appears in the details of the refusal.
FOREIGN_ORIGIN: Final = "foreign_origin"


def literal(text: str) -> str:
    """An expression for exactly this text; a dash outside of brackets stands for itself."""
    return re.escape(text).replace(r"\-", "-")


def deny_all() -> Message:
    """The base filter: refuse."""
    return typed(_RBAC, rules={"action": "ALLOW"})


def rbac_of_route(route: Route, catalog: RouteCatalog, audience: str) -> Message:
    """The policy of one route. A permission that nobody holds gives empty rules: refused for everyone."""
    if route.public:
        return allow_all()
    holder = required_holder(route, catalog)
    if holder is None:
        return typed(_PER_ROUTE, rbac={"rules": {"action": "ALLOW"}})
    # the audience once more: jwt_authn accepts a list that contains it; we mint one, and a token for all is none
    expression = grant_expression(audience=literal(audience), authority=holding(holder))
    granted: Message = {"header": header(GRANT_HEADER, string_match=regex(expression))}
    return _per_route("ALLOW", str(holder), {"any": True}, granted)


def allow_all() -> Message:
    """For answers that do not depend on who calls."""
    return _per_route("ALLOW", "anyone", {"any": True}, {"any": True})


def no_origin_check() -> Message:
    """The base of the second filter: routes that write or open sockets bring the rule."""
    return typed(_RBAC)


def origin_of_route(route: Route, origins: Iterable[str]) -> Message | None:
    """Refuses a present Origin that is none of `origins`; on a websocket route only when a socket is asked for."""
    if not route.write and not route.websocket:
        return None
    rules: list[Message] = [{"header": header("origin", present_match=True)}]
    own = sorted(origins)
    if own:
        rules.append({"not_rule": {"header": header("origin", string_match=one_of(own, ignore_case=True))}})
    if not route.write:
        rules.append({"header": header("upgrade", present_match=True)})
    return _per_route("DENY", FOREIGN_ORIGIN, {"and_rules": {"rules": rules}}, {"any": True})


def _per_route(action: str, name: str, permission: Message, principal: Message) -> Message:
    policy: Message = {"permissions": [permission], "principals": [principal]}
    return typed(_PER_ROUTE, rbac={"rules": {"action": action, "policies": {name: policy}}})
