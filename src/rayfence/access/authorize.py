"""The reference decision: what the gateway answers to a request, in pure Python. Envoy is compiled to the same answers.

Leaves out: verification of tokens (the caller passes the principal of the token the request carries), revocation, rate
and size limits, and who owns a job: those are `Outcome.ASK`, put to the service.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from rayfence.access.paths import normalize_path
from rayfence.access.principal import Principal
from rayfence.access.request import (
    Carrier,
    Listener,
    Request,
    carrier,
    foreign_origin,
    removes_essentials,
    surface_of,
    upgrade,
)
from rayfence.catalog.matching import match
from rayfence.model.gateway import Audiences, GatewaySettings, Hosts
from rayfence.model.routes import Ownership, Right, Role, Route, RouteCatalog, Surface


class Outcome(StrEnum):
    """What happens to a request."""

    ALLOW = "allow"  # passed to the route's backend
    ASK = "ask"  # roles and route allow it; the service decides about the object it names
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Decision:
    """`status` and `error` are set on DENY, else 0 and empty; `required` names the role or right that is missing."""

    outcome: Outcome
    route: str = ""  # empty: no route was found, or none was looked for
    status: int = 0
    error: str = ""
    required: str = ""


@dataclass(frozen=True, slots=True)
class Gate:
    """What of the settings decides. `port` and `ray_client_port` appear in own origins."""

    hosts: Hosts
    audiences: Audiences
    port: int

    @classmethod
    def of(cls, settings: GatewaySettings) -> "Gate":
        """The gate of one instance."""
        return cls(hosts=settings.hosts, audiences=settings.audiences, port=settings.port)

    def origins(self, surface: Surface) -> frozenset[str]:
        """Origins a browser may act from: the surface's own only, lest the dashboard act on the log-in host."""
        names = {
            Surface.API: self.hosts.api,
            Surface.DASHBOARD: (self.hosts.dashboard,),
            Surface.LOGIN: (self.hosts.login,),
            Surface.RAY_CLIENT: (),
        }[surface]
        suffix = "" if self.port == 443 else f":{self.port}"  # browsers leave the default port out
        return frozenset(f"https://{name}{suffix}" for name in names)

    def audience(self, surface: Surface) -> str:
        """The audience a token for `surface` carries."""
        return {Surface.DASHBOARD: self.audiences.dashboard, Surface.LOGIN: self.audiences.login}.get(
            surface, self.audiences.api
        )


#: One sentence per error word; the service and Envoy's local replies use the same.
MESSAGES: Final = {
    "malformed": "The request's path or headers are malformed.",
    "unknown_host": "This host name is not served here.",
    "two_credentials": "The request carries a bearer token and a session cookie; send one.",
    "unauthenticated": "A valid token is needed; log in with `rayfence login`.",
    "login_required": "Log in first.",
    "wrong_audience": "This token was made for another surface of the gateway.",
    "unknown_route": "The gateway's catalogue names no such route.",
    "blocked": "This route is closed to everyone.",
    "upgrade_refused": "This route can't be upgraded.",
    "foreign_origin": "Requests that change something are not taken from other origins.",
    "forbidden": "Your role does not allow this.",
}


def authorize(principal: Principal | None, request: Request, catalog: RouteCatalog, gate: Gate) -> Decision:
    """Decide about one request.

    `principal`: whom the token at this surface's carrier verified to (signature, issuer, times); None if it did not.

    1. Refuse what two readers could read differently: header names with underscores (front listener), odd paths,
       a Connection header that removes what others rely on.
    2. Find surface (by Host), carrier and route. Refuse upgrades to all but a websocket where the route has one: the
       server refuses them before it looks at anything else.
    3. Refuse foreign host names (DNS rebinding).
    4. Refuse a bearer together with one of our cookies. Public routes skip 5, 6 and 9.
    5. Refuse without a valid token where this surface takes it.
    6. Refuse a token made for another surface.
    7. Refuse what the catalogue does not name, or names as closed. Method overrides are not read; TRACE and CONNECT are
       named nowhere.
    8. Refuse foreign origins on writes and upgrades.
    9. Refuse without the role or right.
    """
    path = normalize_path(request.target)
    if path is None or removes_essentials(request) or _underscores(request):  # 1
        return _deny(400, "malformed")
    request = request.end_to_end()
    surface = surface_of(request, gate.hosts)  # 2
    carried = carrier(request, surface) if surface is not None else Carrier.NONE
    found = match(catalog, surface, request.method, path) if surface and carried is not Carrier.CONFLICT else None
    route = found[0] if found else None
    if upgrade(request) and not _opens_socket(request, route):
        return _deny(403, "upgrade_refused", route)
    if surface is None:  # 3
        return _deny(421, "unknown_host")
    if carried is Carrier.CONFLICT:  # 4
        return _deny(400, "two_credentials")
    if route is None or not route.public:
        if principal is None or carried is Carrier.NONE:  # 5
            return _unauthenticated(request, surface, route)
        if principal.audience != gate.audience(surface):  # 6
            return _deny(403, "wrong_audience", route)
    if route is None:  # 7
        return _deny(403, "unknown_route")
    if route.permission is None and not route.public:
        return _deny(403, "blocked", route)
    if (route.write or upgrade(request)) and foreign_origin(request, gate.origins(surface)):  # 8
        return _deny(403, "foreign_origin", route)
    return _check_role(principal, route, catalog)


def required_holder(route: Route, catalog: RouteCatalog) -> Role | Right | None:
    """The role or right that opens `route`; None: public or closed."""
    return None if route.permission is None else catalog.matrix.holder(route.permission)


def _unauthenticated(request: Request, surface: Surface, route: Route | None) -> Decision:
    # A person's browser is sent to the log-in page; programs and the dashboard's own XHRs are told plainly.
    reads = request.method in {"GET", "HEAD"}
    page = any("text/html" in value for value in request.values("accept"))
    if reads and page and surface in {Surface.DASHBOARD, Surface.LOGIN}:
        return _deny(302, "login_required", route)
    return _deny(401, "unauthenticated", route)


def _underscores(request: Request) -> bool:
    # `X_Rayfence_Payload` becomes `X-Rayfence-Payload` in many servers; Ray Client's own metadata has underscores
    return request.listener is Listener.FRONT and any("_" in name for name, _ in request.headers)


def _opens_socket(request: Request, route: Route | None) -> bool:
    return route is not None and route.websocket and upgrade(request) == "websocket" and request.method == "GET"


def _check_role(principal: Principal | None, route: Route, catalog: RouteCatalog) -> Decision:  # 9
    if not route.public:
        holder = required_holder(route, catalog)
        if holder is None or principal is None or not principal.holds(holder):
            return _deny(403, "forbidden", route, holder or "")
    outcome = Outcome.ALLOW if route.ownership is Ownership.NONE else Outcome.ASK
    return Decision(outcome, route=route.name)


def _deny(status: int, error: str, route: Route | None = None, required: str = "") -> Decision:
    return Decision(Outcome.DENY, route.name if route else "", status, error, str(required))
