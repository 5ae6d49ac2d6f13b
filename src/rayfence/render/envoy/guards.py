"""Answers that come before and after the catalogue: what is refused whatever the route, and what no route names.

Order inside a virtual host: two carriers → foreign Origin → the catalogue's routes → nothing matched. Every refusal
here is the gateway's own direct answer; its JSON body is made by `replies` from the route's metadata.
"""

from collections.abc import Sequence

from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Surface
from rayfence.render.envoy.jwt import no_jwt
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
from rayfence.render.envoy.shape import Message, header, one_of, switched_off


def refusal(
    name: str, match: Message, status: int, error: str, message: str, surface: Surface | None = None
) -> Message:
    """A route that answers by itself with an error, to anyone."""
    return {
        "name": name,
        "match": match,
        "direct_response": {"status": status},
        "metadata": metadata(surface, error=error, message=message),
        "typed_per_filter_config": unguarded(),
    }


def unguarded() -> Message:
    """Filter settings of an answer that depends on nobody."""
    return {
        JWT_FILTER: no_jwt(),
        RBAC_FILTER: allow_all(),
        EXT_AUTHZ_FILTER: not_asked(),
        body_filter_name(SMALLEST_BODY): switched_off(),
    }


def metadata(surface: Surface | None, **words: str) -> Message:
    """Route metadata that replies and log lines read; empty words are left out (JSON null)."""
    told = {"surface": str(surface) if surface else "", **words}
    return {"filter_metadata": {ROUTE_METADATA: {key: value for key, value in told.items() if value}}}


def guards(settings: GatewaySettings, surface: Surface) -> list[Message]:
    """What stands before the catalogue on one surface."""
    both = [header("authorization", present_match=True), header("cookie", string_match={"contains": COOKIE_PREFIX})]
    foreign = [
        header("origin", present_match=True),
        header("origin", string_match=one_of(own_origins(settings, surface)), invert_match=True),
    ]
    writes = header(":method", string_match=one_of(("GET", "HEAD")), invert_match=True)
    upgrades = header("upgrade", present_match=True)
    why = "this Origin may not write here or open sockets"
    carriers = "one request carries an Authorization header and a session cookie: send one"
    return [
        refusal("refused.carriers", {"prefix": "/", "headers": both}, 400, "two-carriers", carriers, surface),
        refusal("refused.origin", {"prefix": "/", "headers": [*foreign, writes]}, 403, "foreign-origin", why, surface),
        refusal(
            "refused.origin", {"prefix": "/", "headers": [*foreign, upgrades]}, 403, "foreign-origin", why, surface
        ),
        *_bodies_of_reads(surface),
    ]


def _bodies_of_reads(surface: Surface) -> list[Message]:
    """A GET with a body is read in two ways by two servers: the door to request smuggling."""
    reads = header(":method", string_match=one_of(("GET", "HEAD")))
    length = header("content-length", string_match={"safe_regex": {"regex": "0+"}}, invert_match=True)
    bodies = ([header("content-length", present_match=True), length], [header("transfer-encoding", present_match=True)])
    why = "a read takes no body"
    return [
        refusal("refused.body", {"prefix": "/", "headers": [reads, *body]}, 413, "body-too-large", why, surface)
        for body in bodies
    ]


def unknown(surface: Surface) -> Message:
    """What no route of the surface names. The gateway's own 404: Ray never hears of it."""
    return refusal("refused.unknown", {"prefix": "/"}, 404, "not-found", "the gateway knows no such route", surface)


def own_origins(settings: GatewaySettings, surface: Surface) -> tuple[str, ...]:
    """Origins that count as the surface itself."""
    return tuple(f"https://{host}{port}" for host in hosts_of(settings, surface) for port in _ports(settings))


def hosts_of(settings: GatewaySettings, surface: Surface) -> Sequence[str]:
    """Host names of a surface, without port."""
    hosts = settings.hosts
    if surface is Surface.DASHBOARD:
        return (hosts.dashboard,)
    return (hosts.login,) if surface is Surface.LOGIN else hosts.api


def _ports(settings: GatewaySettings) -> tuple[str, ...]:
    return (f":{settings.port}", "") if settings.port == 443 else (f":{settings.port}",)


def misdirected() -> Message:
    """The virtual host of every name that is not ours: a page that rebinds its own name to this address lands here."""
    refused = refusal(
        "refused.host", {"prefix": "/"}, 421, "wrong-host", "this address serves no host of that name", None
    )
    return {"name": "misdirected", "domains": ["*"], "routes": [refused]}
