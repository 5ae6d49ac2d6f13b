"""Who may use which route: one RBAC policy on each route, compiled from the catalogue's permission.

The filter itself has empty rules, which refuse whatever carries no policy of its own. (A filter *without* rules would
let it pass.) A second filter refuses foreign origins on writes and upgrades, so that the refusal can say so.
"""

from collections.abc import Collection, Iterable
from typing import Final

from rayfence.access.authorize import required_holder
from rayfence.access.revocation import claim
from rayfence.model.routes import Right, Role, Route, RouteCatalog
from rayfence.render.envoy.shape import Message, exact, header, one_of, regex, typed

_RBAC: Final = "envoy.extensions.filters.http.rbac.v3.RBAC"
_PER_ROUTE: Final = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"

#: Name of the policy that refuses; it appears in the details of the refusal.
FOREIGN_ORIGIN: Final = "foreign_origin"


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
    name, known = ("roles", Role) if isinstance(holder, Role) else ("rights", Right)
    ids = [
        # jwt_authn accepts a list of audiences that contains ours; we mint one string, and a token for all is none
        claim("aud", {"string_match": exact(audience)}),
        claim(name, {"list_match": {"one_of": {"string_match": exact(str(holder))}}}),
        # one entry that this version does not know means that it did not mint the token: nothing in it counts
        {"not_id": claim(name, {"list_match": {"one_of": _anything_but([str(one) for one in known])}})},
    ]
    return _per_route("ALLOW", str(holder), {"any": True}, {"and_ids": {"ids": ids}})


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


def complement(words: Collection[str]) -> str:
    """An RE2 expression for every string that is none of `words`, which hold no metacharacters but `-`, `:`.

    RE2 has no negation, so the words are walked as a tree: leave it at any point, or end too early, or go on too long.
    """
    firsts = sorted({word[0] for word in words if word})
    left = [f"[^{''.join(_in_class(c) for c in firsts)}].*" if firsts else ".+"]
    for first in firsts:
        rests = [word[1:] for word in words if word[:1] == first]
        left.append(f"{first}({complement(rests)})")
    if "" not in words:
        left.append("")
    return "|".join(left)


def _in_class(character: str) -> str:
    return f"\\{character}" if character in "-]^\\" else character


def _anything_but(words: Collection[str]) -> Message:
    everything: Message = {"range": {"start": -1e300, "end": 1e300}}
    others: list[Message] = [
        {"string_match": regex(complement(words))},
        {"double_match": everything},
        {"bool_match": True},
        {"bool_match": False},
        {"null_match": {}},
    ]
    return {"or_match": {"value_matchers": others}}


def _per_route(action: str, name: str, permission: Message, principal: Message) -> Message:
    policy: Message = {"permissions": [permission], "principals": [principal]}
    return typed(_PER_ROUTE, rbac={"rules": {"action": action, "policies": {name: policy}}})
