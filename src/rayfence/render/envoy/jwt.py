"""Who calls: the jwt_authn filter, delivered by ECDS so that keys rotate without draining a listener.

Covers: one provider per carrier and surface, the requirement each route names. Leaves out: what a role may do (`rbac`).
Envoy does not watch the key set itself: `access.signing_keys` says how a rotation makes it read the keys again.
"""

from typing import Final

from rayfence.access.claims import GRANT, GRANT_HEADER
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Backend, Ownership, Route, Surface
from rayfence.render.envoy.names import DASHBOARD_COOKIE, JWT_FILTER, LOGIN_COOKIE, PAYLOAD_HEADER, SUBJECT_HEADER
from rayfence.render.envoy.shape import Message, discovery, typed

_PER_ROUTE: Final = "envoy.extensions.filters.http.jwt_authn.v3.PerRouteConfig"
_BEARER: Final[Message] = {"from_headers": [{"name": "authorization", "value_prefix": "Bearer "}]}
_HANDED_ON: Final[tuple[Message, ...]] = ({"claim_name": GRANT, "header_name": GRANT_HEADER},)
CLOCK_SKEW_SECONDS: Final = 10
#: Ends the name of a requirement, and its provider's, that hands the verified claims to the service.
TOLD: Final = "_told"


def jwt_resource(settings: GatewaySettings) -> Message:
    """Content of the ECDS file: providers and requirements."""
    audiences = settings.audiences
    dashboard_cookie: Message = {"from_cookies": [DASHBOARD_COOKIE]}
    providers = {
        "api": _provider(settings, audiences.api, _BEARER),
        f"api{TOLD}": _told(_provider(settings, audiences.api, _BEARER)),
        "dashboard": _provider(settings, audiences.dashboard, dashboard_cookie),
        f"dashboard{TOLD}": _told(_provider(settings, audiences.dashboard, dashboard_cookie)),
        "login_bearer": _told(_provider(settings, audiences.login, _BEARER)),
        "login_cookie": _told(_provider(settings, audiences.login, {"from_cookies": [LOGIN_COOKIE]})),
    }
    either: Message = {"requirements": [{"provider_name": "login_bearer"}, {"provider_name": "login_cookie"}]}
    requirements: Message = {
        Surface.API: {"provider_name": "api"},
        Surface.RAY_CLIENT: {"provider_name": "api"},
        Surface.DASHBOARD: {"provider_name": "dashboard"},
        Surface.LOGIN: {"requires_any": either},
        f"{Surface.API}{TOLD}": {"provider_name": f"api{TOLD}"},
        f"{Surface.RAY_CLIENT}{TOLD}": {"provider_name": f"api{TOLD}"},
        f"{Surface.DASHBOARD}{TOLD}": {"provider_name": f"dashboard{TOLD}"},
        f"{Surface.LOGIN}{TOLD}": {"requires_any": either},
    }
    config = typed(
        "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
        providers=providers,
        requirement_map={str(surface): value for surface, value in requirements.items()},
        stat_prefix="keys_0",
    )
    return discovery([typed("envoy.config.core.v3.TypedExtensionConfig", name=JWT_FILTER, typed_config=config)])


def jwt_of_route(route: Route, surface: Surface) -> Message:
    """The route's own requirement. A public route has none: then no verified claim exists either."""
    if route.public:
        return no_jwt()
    return jwt_of_surface(surface, told=is_told(route))


def is_told(route: Route) -> bool:
    """Whether the service hears of requests of this route, as their end or as the judge of ownership."""
    return route.backend is Backend.SERVICE or route.ownership is not Ownership.NONE


def jwt_of_surface(surface: Surface, *, told: bool = False) -> Message:
    """A token of the surface, from its carrier; `told`: its claims go to the service."""
    return typed(_PER_ROUTE, requirement_name=f"{surface}{TOLD}" if told else str(surface))


def no_jwt() -> Message:
    """For answers that do not depend on who calls."""
    return typed(_PER_ROUTE, disabled=True)


def _provider(settings: GatewaySettings, audience: str, carrier: Message) -> Message:
    return {
        "issuer": settings.issuer,
        "audiences": [audience],
        "subjects": {"safe_regex": {"regex": r"[^\x00-\x1f\x7f]{1,256}"}},  # a token without a subject is nobody's
        "require_expiration": True,
        "clock_skew_seconds": CLOCK_SKEW_SECONDS,
        "max_lifetime": f"{max(settings.limits.max_token_seconds, settings.limits.session_seconds)}s",
        **carrier,  # exactly one: Envoy's default would also take `?access_token=`
        "forward": False,
        # not `payload_in_metadata`: see `access.claims`
        "claim_to_headers": list(_HANDED_ON),
        "jwt_cache_config": {"jwt_cache_size": 1000},
        "local_jwks": {"filename": settings.jwks},
    }


def _told(provider: Message) -> Message:
    """The same, with the claims as a header. Routes that the service never hears of neither need nor pay for it."""
    told: list[Message] = [*_HANDED_ON, {"claim_name": "sub", "header_name": SUBJECT_HEADER}]
    return {**provider, "forward_payload_header": PAYLOAD_HEADER, "claim_to_headers": told}
