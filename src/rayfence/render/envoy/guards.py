"""Answers that come before and after the catalogue: what is refused whatever the route, and what no route names.

Order inside a virtual host: a bearer with a cookie → a read with a body → the catalogue's routes → nothing matched.
Every refusal here is the gateway's own direct answer; its JSON body is made by `replies` from the route's metadata.
"""

from rayfence.access.authorize import MESSAGES
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Route, Surface
from rayfence.render.envoy.jwt import jwt_of_surface, no_jwt
from rayfence.render.envoy.limits import SMALLEST_BODY, body_filter_name
from rayfence.render.envoy.names import (
    COOKIE_PREFIX,
    EXT_AUTHZ_FILTER,
    JWT_FILTER,
    RBAC_FILTER,
    ROUTE_METADATA,
)
from rayfence.render.envoy.ownership import not_asked
from rayfence.render.envoy.rbac import allow_all
from rayfence.render.envoy.shape import Message, header, one_of, regex, switched_off

_ANY_PATH: Message = {"prefix": "/"}
_LITERAL = str.maketrans({".": r"\.", "[": r"\[", "]": r"\]"})


def metadata(surface: Surface | None, **words: str) -> Message:
    """Route metadata that replies and log lines read; empty words are left out (JSON null)."""
    told = {"surface": str(surface) if surface else "", **words}
    return {"filter_metadata": {ROUTE_METADATA: {key: value for key, value in told.items() if value}}}


def guards(settings: GatewaySettings, surface: Surface) -> list[Message]:
    """What stands before the catalogue on one surface."""
    both = [header("authorization", present_match=True), header("cookie", string_match={"contains": COOKIE_PREFIX})]
    hosts = "|".join(host.translate(_LITERAL) for host in hosts_of(settings, surface))
    # Envoy leaves out whatever follows the colon, digits or not
    odd = [header(":authority", string_match=regex(f"(?i)(?:{hosts})(?::[0-9]{{1,5}})?"), invert_match=True)]
    host = _refusal("refused.host", {**_ANY_PATH, "headers": odd}, 421, "unknown_host", surface)
    carriers = _refusal("refused.carriers", {**_ANY_PATH, "headers": both}, 400, "two_credentials", surface)
    if surface is Surface.RAY_CLIENT:
        return [host, carriers]
    reads = header(":method", string_match=one_of(("GET", "HEAD")))
    length = header("content-length", string_match={"safe_regex": {"regex": "0+"}}, invert_match=True)
    body = [reads, header("content-length", present_match=True), length]
    # A GET with a body is read in two ways by two servers: the door to request smuggling.
    return [host, carriers, _refusal("refused.body", {**_ANY_PATH, "headers": body}, 413, "body_too_large", surface)]


def unknown(surface: Surface) -> Message:
    """What no route of the surface names. Callers with a token get the gateway's own refusal: Ray never hears of it."""
    return _refusal("refused.unknown", _ANY_PATH, 403, "unknown_route", surface, jwt=jwt_of_surface(surface))


def blocked(route: Route, match: Message, surface: Surface) -> Message:
    """A route closed to everyone; callers with a token are told why."""
    return _refusal(route.name, match, 403, "blocked", surface, why=route.why, jwt=jwt_of_surface(surface))


def misdirected() -> Message:
    """The virtual host of every name that is not ours: a page that rebinds its own name to this address lands here."""
    return {
        "name": "misdirected",
        "domains": ["*"],
        "routes": [_refusal("refused.host", _ANY_PATH, 421, "unknown_host", None)],
    }


def hosts_of(settings: GatewaySettings, surface: Surface) -> tuple[str, ...]:
    """Host names of a surface, without port."""
    hosts = settings.hosts
    if surface is Surface.DASHBOARD:
        return (hosts.dashboard,)
    return hosts.logins if surface is Surface.LOGIN else hosts.api


def _refusal(
    name: str,
    match: Message,
    status: int,
    error: str,
    surface: Surface | None,
    why: str = "",
    jwt: Message | None = None,
) -> Message:
    """A route that answers by itself with an error; `jwt`: only to callers with such a token, all others get 401."""
    message = MESSAGES.get(error, "This route takes no body of that size.")
    return {
        "name": name,
        "match": match,
        "direct_response": {"status": status},
        "metadata": metadata(surface, error=error, message=f"{message[:-1]}: {why}." if why else message),
        "typed_per_filter_config": {
            JWT_FILTER: jwt or no_jwt(),
            RBAC_FILTER: allow_all(),
            EXT_AUTHZ_FILTER: not_asked(),
            body_filter_name(SMALLEST_BODY): switched_off(),  # the refusal counts, not the body's size
        },
    }
