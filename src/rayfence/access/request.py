"""One request as it reaches the gateway, and what its headers say: host, token carrier, origin, upgrade.

Pure readings without a verdict; `access.authorize` draws the conclusions. Header names are compared without case;
a name that occurs twice keeps both values, because proxies and servers disagree about which one counts.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rayfence.model.gateway import Hosts
from rayfence.model.routes import Surface

DASHBOARD_COOKIE: Final = "__Host-rayfence"
LOGIN_COOKIE: Final = "__Host-rayfence-login"
_PORT: Final = re.compile(r":[0-9]{1,5}$")
#: Words in Connection that name no header to drop.
_KEPT: Final = frozenset({"close", "keep-alive", "upgrade", "te", "connection"})
#: Headers that Connection may not name: dropping them changes who is asked, or for whom.
_ESSENTIAL: Final = frozenset({"host", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"})


class Listener(StrEnum):
    """Which of the two TLS listeners took the connection."""

    FRONT = "front"  # API, dashboard and log-in host
    RAY_CLIENT = "ray-client"


@dataclass(frozen=True, slots=True)
class Request:
    """`target` as on the request line: path and query; anything else is refused. `headers`: in order, not `host`."""

    method: str
    target: str
    host: str
    headers: tuple[tuple[str, str], ...] = ()
    listener: Listener = Listener.FRONT

    def values(self, name: str) -> tuple[str, ...]:
        """All values of a header, in order."""
        return tuple(value for key, value in self.headers if key.lower() == name)

    def end_to_end(self) -> "Request":
        """Without the headers that Connection names: they are for the next hop only, and Envoy drops them first."""
        named = set(_connection_tokens(self)) - _KEPT
        kept = tuple((name, value) for name, value in self.headers if name.lower() not in named)
        return Request(self.method, self.target, self.host, kept, self.listener)


class Carrier(StrEnum):
    """How a request presents its token."""

    NONE = "none"  # none, or not where this surface takes it
    PRESENT = "present"
    CONFLICT = "conflict"  # a bearer and one of our cookies: two subjects could be meant


def host_name(host: str) -> str:
    """Host without a numeric port, lower case. Anything odd (trailing dot, user part) stays and matches no host."""
    return _PORT.sub("", host.lower())


def surface_of(request: Request, hosts: Hosts) -> Surface | None:
    """The surface that `host` names; None: not one of ours, which is what a rebound DNS name looks like."""
    name = host_name(request.host)
    if request.listener is Listener.RAY_CLIENT:
        return Surface.RAY_CLIENT if name in hosts.api else None
    if name in hosts.api:
        return Surface.API
    if name in hosts.logins:
        return Surface.LOGIN
    return Surface.DASHBOARD if name == hosts.dashboard else None


def carrier(request: Request, surface: Surface) -> Carrier:
    """Whether a token is where `surface` takes it.

    API and Ray Client: exactly one `Authorization: Bearer <token>`, the scheme spelled so. Dashboard: our cookie.
    Log-in host: either, never both. Tokens in the query are never read.
    """
    bearers = request.values("authorization")
    cookies = request.values("cookie")
    if bearers and any(DASHBOARD_COOKIE in cookie for cookie in cookies):
        return Carrier.CONFLICT
    bearer = len(bearers) == 1 and bearers[0].startswith("Bearer ") and bool(bearers[0][7:].strip())
    cookie = {Surface.DASHBOARD: DASHBOARD_COOKIE, Surface.LOGIN: LOGIN_COOKIE}.get(surface)
    found = (surface is not Surface.DASHBOARD and bearer) or (cookie is not None and _has_cookie(cookies, cookie))
    return Carrier.PRESENT if found else Carrier.NONE


def _has_cookie(cookies: tuple[str, ...], name: str) -> bool:
    for pair in ";".join(cookies).split(";"):
        key, sign, value = pair.strip().partition("=")
        if key == name and sign and value:
            return True
    return False


def foreign_origin(request: Request, origins: frozenset[str]) -> bool:
    """Whether an Origin is present that is not exactly one of ours. Command-line clients send none."""
    values = request.values("origin")
    return bool(values) and (len(values) > 1 or values[0].lower() not in origins)


def upgrade(request: Request) -> str:
    """The protocol an HTTP/1.1 upgrade asks for, lower case; empty: none asked.

    HTTP/2 in clear text counts as none: Envoy drops that wish and answers the request as it is.
    """
    values = request.values("upgrade")
    asked = ",".join(values).strip().lower() if values and "upgrade" in _connection_tokens(request) else ""
    return "" if asked == "h2c" else asked


def removes_essentials(request: Request) -> bool:
    """Whether Connection names a header that must not be dropped on the way."""
    return any(token in _ESSENTIAL or token.startswith(":") for token in _connection_tokens(request))


def _connection_tokens(request: Request) -> tuple[str, ...]:
    return tuple(token.strip().lower() for value in request.values("connection") for token in value.split(","))
