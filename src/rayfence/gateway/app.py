"""The ASGI application: finds the handler of the route that Envoy named, and turns every ending into one answer.

1. Envoy names the route and hands over the verified payload; both are checked again here, against the same catalogue.
A request that does not fit the route it came by is refused: two readers of one path must not disagree unnoticed.
2. Revoked tokens are refused at once, before Envoy has read the new list.
3. The handler answers, or raises Refused; anything else is logged and answered without a word of its text.

Leaves out roles and rights (Envoy's, checked by `access.authorize` here once more) and Starlette's router: the
catalogue is the only list of paths.
"""

import logging
from collections.abc import Mapping
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from rayfence.access.authorize import MESSAGES, Gate, required_holder
from rayfence.access.principal import Principal, principal_from_payload
from rayfence.catalog.matching import route_methods
from rayfence.catalog.paths import match_template, parse_template
from rayfence.gateway.answers import Refused
from rayfence.gateway.service import Call, Handler, Service, unauthenticated
from rayfence.model.routes import Backend, Ownership, Route, RouteCatalog, Surface

LOGGER = logging.getLogger(__name__)

PAYLOAD_HEADER: Final = "x-rayfence-payload"
ROUTE_HEADER: Final = "x-rayfence-route"
SURFACE_HEADER: Final = "x-rayfence-surface"
WORKLOAD_HEADER: Final = "x-rayfence-workload"

#: All that a session from the log-in form opens on the log-in host. Cookies know no ports: Chromium sends even Secure
#: ones, in clear, to any program of this machine that a page leads it to, at `http://login.NAME.localhost:<any port>`.
#: What is stolen so must neither mint tokens nor change accounts.
PAGES: Final = frozenset({"login.home", "session.logout"})

#: Envoy asks about ownership under this prefix, followed by the original path.
AUTHZ_PREFIX: Final = "/authz"


class GatewayApp:
    """`handlers` by route name for Backend.SERVICE, `judges` by ownership for Envoy's questions.

    `others`: further Ray objects behind the same gateway, by workload; what names none of them is the first one's.
    """

    def __init__(
        self,
        service: Service,
        catalog: RouteCatalog,
        handlers: Mapping[str, Handler],
        judges: Mapping[Ownership, Handler],
        others: Mapping[str, tuple[Service, RouteCatalog]] | None = None,
    ) -> None:
        self._first = _Door(service, catalog)
        self._doors = {name: _Door(*one) for name, one in (others or {}).items()}
        self._handlers = handlers
        self._judges = judges

    @property
    def others(self) -> tuple[Service, ...]:
        """Services of the further Ray objects."""
        return tuple(door.service for door in self._doors.values())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One ASGI connection. WebSockets never come here: Envoy passes them to Ray."""
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        request_id = request.headers.get("x-request-id", "")[:64]
        try:
            response = await self._answer(request, request_id)
        except Refused as refused:
            response = refused.response(request_id)
        except ClientDisconnect:
            # Nobody reads it; what was begun has its outcome in the trail.
            response = Refused(400, "disconnected", "the client left in the middle").response(request_id)
        except Exception:
            LOGGER.exception("request %s failed", request_id)
            response = Refused(500, "internal", "the gateway failed; an operator finds the reason in its log").response(
                request_id
            )
        await response(scope, receive, send)

    async def _answer(self, request: Request, request_id: str) -> Response:
        path = request.scope["raw_path"].decode("latin-1")
        asked = path.startswith(f"{AUTHZ_PREFIX}/")
        # Envoy sets it from the route, and takes it from clients; "-" is its word for nothing.
        workload = request.headers.get(WORKLOAD_HEADER, "")
        door = self._doors.get(workload, self._first)
        if door.service.settings.workload != workload and workload not in {"", "-"}:
            raise misrouted()
        call = self._call(door, request, path.removeprefix(AUTHZ_PREFIX) if asked else path, request_id)
        if asked:
            judge = self._judges.get(call.route.ownership)
            if judge is None or call.route.backend is Backend.SERVICE:
                raise misrouted()
            return await judge(door.service, call)
        handler = self._handlers.get(call.route.name)
        if handler is None:
            raise misrouted()
        return await handler(door.service, call)

    @staticmethod
    def _call(door: "_Door", request: Request, path: str, request_id: str) -> Call:
        headers = request.headers
        route = door.routes.get(headers.get(ROUTE_HEADER, ""))
        surface = headers.get(SURFACE_HEADER, "")
        if route is None or surface not in route.surfaces or request.method not in route_methods(route):
            raise misrouted()
        params = match_template(parse_template(route.path), path)
        if params is None:
            raise misrouted()
        principal = None if route.public else door.principal(headers.get(PAYLOAD_HEADER, ""), route, Surface(surface))
        # Envoy sets it; its last entry is the peer Envoy saw, earlier ones a client may have written.
        source = headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
        return Call(request, route, params, Surface(surface), principal, request_id, source)


class _Door:
    """One Ray object: its service, the routes of its Ray version, and who may come in."""

    def __init__(self, service: Service, catalog: RouteCatalog) -> None:
        self.service = service
        self.routes = {route.name: route for route in catalog.routes}
        self._catalog = catalog
        self._gate = Gate.of(service.settings)

    def principal(self, payload: str, route: Route, surface: Surface) -> Principal:
        """The verified caller. Raises Refused."""
        principal = principal_from_payload(payload)
        if principal is None:
            raise unauthenticated()
        if principal.audience != self._gate.audience(surface):
            raise Refused(403, "wrong_audience", MESSAGES["wrong_audience"])
        if surface is Surface.LOGIN and principal.browser and route.name not in PAGES:
            raise Refused(
                403, "browser_session", "A browser's session opens pages only; use `rayfence login` for this."
            )
        if self.service.revocations.covers(principal):
            raise Refused(401, "revoked", "This token was revoked; log in again.")
        holder = required_holder(route, self._catalog)
        if holder is None or not principal.holds(holder):
            required = None if holder is None else holder.value
            raise Refused(403, "forbidden", MESSAGES["forbidden"], required=required)
        return principal


def misrouted() -> Refused:
    """Envoy and the service disagree about a request: nobody's fault but the gateway's, and refused all the same."""
    return Refused(500, "misrouted", "the gateway does not serve this request")
