"""What jwt_authn does not look at in a token: its exact written form before it, critical headers after it.

jwt_authn finds its token anywhere behind the prefix, reads padded base64, takes the first 64 bytes of a longer
signature, and ignores `crit`, which RFC 7515 4.1.11 forbids. None of that makes a token out of nothing; but a token
that two readers take differently is none of ours. Two RBAC filters, action DENY.
"""

from typing import Final

from rayfence.access.revocation import JWT_FILTER
from rayfence.model.routes import Route, Surface
from rayfence.render.envoy.names import DASHBOARD_COOKIE, LOGIN_COOKIE
from rayfence.render.envoy.shape import Message, header, regex, typed

_RBAC: Final = "envoy.extensions.filters.http.rbac.v3.RBAC"
_PER_ROUTE: Final = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"

#: Names of the policies that refuse; they appear in the details of the refusal.
MALFORMED_TOKEN: Final = "malformed_token"  # noqa: S105 - a policy's name
CRITICAL_HEADER: Final = "critical_header"
#: Where jwt_authn puts the verified token's header.
HEADER_METADATA: Final = "jwt_header"

#: Compact form of an ES256 token: 64 bytes of signature are 86 characters.
_TOKEN: Final = r"[0-9A-Za-z_-]+\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]{86}"  # noqa: S105 - an expression


def no_form_check() -> Message:
    """The base of the first filter: routes that ask for a token bring the rule."""
    return typed(_RBAC)


def form_of_route(route: Route, surface: Surface) -> Message | None:
    """Refuses a token at the surface's carrier that is not written as we write them. Public routes look at none."""
    if route.public:
        return None
    cookie = {Surface.DASHBOARD: DASHBOARD_COOKIE, Surface.LOGIN: LOGIN_COOKIE}.get(surface)
    wrong: list[Message] = []
    if surface is not Surface.DASHBOARD:
        wrong.append(_present_but_not("authorization", {"present_match": True}, f"Bearer {_TOKEN}"))
    if cookie is not None:
        carried: Message = {"string_match": {"contains": f"{cookie}="}}
        wrong.append(_present_but_not("cookie", carried, rf"(.*; ?)?{cookie}={_TOKEN}(;.*)?"))
    policy: Message = {"permissions": wrong, "principals": [{"any": True}]}
    return typed(_PER_ROUTE, rbac={"rules": {"action": "DENY", "policies": {MALFORMED_TOKEN: policy}}})


def refuse_critical_headers() -> Message:
    """The second filter, on every route: nobody here understands a critical header, so no token may carry one."""
    matcher: Message = {
        "filter": JWT_FILTER,
        "path": [{"key": HEADER_METADATA}, {"key": "crit"}],
        "value": {"present_match": True},
    }
    critical: Message = {"sourced_metadata": {"metadata_source": "DYNAMIC", "metadata_matcher": matcher}}
    policy: Message = {"permissions": [{"any": True}], "principals": [critical]}
    return typed(_RBAC, rules={"action": "DENY", "policies": {CRITICAL_HEADER: policy}})


def _present_but_not(name: str, present: Message, expression: str) -> Message:
    """Two headers of one name reach a matcher joined by a comma, which no token holds."""
    right = header(name, string_match=regex(expression))
    return {"and_rules": {"rules": [{"header": header(name, **present)}, {"not_rule": {"header": right}}]}}
