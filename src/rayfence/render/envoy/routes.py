"""The route tables: one virtual host per surface, one Envoy route per route of the catalogue, first match wins in both.

Each route carries its own decision (JWT requirement, RBAC policy, ownership, body size, rate), so that no list
elsewhere can drift from it.
"""

from collections.abc import Sequence
from typing import Final

from rayfence.access.authorize import Gate, required_holder
from rayfence.catalog.matching import surface_methods
from rayfence.catalog.paths import Template, parse_template
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Backend, Route, RouteCatalog, Surface
from rayfence.render.envoy import guards
from rayfence.render.envoy.hygiene import NEVER_TO_CLIENT, answer_headers, fetch_metadata
from rayfence.render.envoy.jwt import is_told, jwt_of_route
from rayfence.render.envoy.limits import body_limit_of_route, rate_limit_of_route
from rayfence.render.envoy.names import (
    CUSTOM_RESPONSE_FILTER,
    EXT_AUTHZ_FILTER,
    FRONT,
    IDENTITY_FILTER,
    JWT_FILTER,
    ORIGIN_FILTER,
    RATE_LIMIT_FILTER,
    RAY_CLIENT,
    RAY_CLIENT_CLUSTER,
    RAY_CLUSTER,
    RBAC_FILTER,
    SERVE_CLUSTER,
    SERVICE_CLUSTER,
    TOKEN_FORM_FILTER,
    of_workload,
)
from rayfence.render.envoy.ownership import ownership_of_route
from rayfence.render.envoy.rbac import origin_of_route, rbac_of_route
from rayfence.render.envoy.shape import (
    Message,
    discovery,
    exact,
    header,
    one_of,
    seconds,
    set_header,
    switched_on,
    typed,
)
from rayfence.render.envoy.tokenform import form_of_route

_CLUSTERS: Final = {
    Backend.RAY: RAY_CLUSTER,
    Backend.SERVE: SERVE_CLUSTER,
    Backend.SERVICE: SERVICE_CLUSTER,
    Backend.RAY_CLIENT: RAY_CLIENT_CLUSTER,
}
_READS: Final = ("GET", "HEAD")


#: A Ray object's settings, and the routes of its Ray version.
Served = tuple[GatewaySettings, RouteCatalog]


def routes_resource(settings: GatewaySettings, catalog: RouteCatalog, more: Sequence[Served] = ()) -> Message:
    """Content of rds.yaml, the front's table. An update reaches new requests only; streams go on.

    `more`: further Ray objects, each with hosts of its own. The log-in is the tenant's, so there is one.
    """
    served = ((settings, catalog), *more)
    hosts = [virtual_host(*one, surface) for one in served for surface in (Surface.API, Surface.DASHBOARD)]
    return discovery([_table(FRONT, [*hosts, virtual_host(settings, catalog, Surface.LOGIN)])])


def ray_client_routes_resource(
    settings: GatewaySettings, catalog: RouteCatalog, more: Sequence[Served] = ()
) -> Message:
    """Content of rds_ray_client.yaml, the table of Ray Client's listener."""
    served = [one for one in ((settings, catalog), *more) if one[0].sidecar is None or one[0].sidecar.client_port]
    return discovery([_table(RAY_CLIENT, [virtual_host(*one, Surface.RAY_CLIENT) for one in served])])


def virtual_host(settings: GatewaySettings, catalog: RouteCatalog, surface: Surface) -> Message:
    """One surface: what is refused whatever the route, the catalogue in its order, and the refusal of all else."""
    named = [
        found
        for route in catalog.routes
        if surface in route.surfaces and _offered(settings, route)
        for found in _compile(settings, catalog, route, surface)
    ]
    hosts = guards.hosts_of(settings, surface)
    return {
        "name": str(surface) if surface is Surface.LOGIN else of_workload(str(surface), settings),
        "domains": list(hosts),
        "response_headers_to_add": answer_headers(surface, public_host=not all(_is_local(host) for host in hosts)),
        "routes": [*guards.guards(settings, surface), *named, guards.unknown(surface)],
    }


def _offered(settings: GatewaySettings, route: Route) -> bool:
    """Whether a route's backend is there: Ray objects of a cluster have Serve or Ray Client, or neither."""
    if settings.sidecar is None or route.backend not in {Backend.SERVE, Backend.RAY_CLIENT}:
        return True
    return bool(settings.sidecar.serve_port if route.backend is Backend.SERVE else settings.sidecar.client_port)


def _table(name: str, hosts: list[Message]) -> Message:
    return typed(
        "envoy.config.route.v3.RouteConfiguration",
        name=name,
        ignore_port_in_host_matching=True,
        virtual_hosts=[*hosts, guards.misdirected()],
        # the most specific removal or addition would win; ours all stand here and on the clusters
        most_specific_header_mutations_wins=True,
    )


def _compile(settings: GatewaySettings, catalog: RouteCatalog, route: Route, surface: Surface) -> list[Message]:
    """Envoy's form of one route on one surface: none, or one for each kind of method that is treated apart."""
    methods = surface_methods(route, surface)
    reads = tuple(method for method in methods if method in _READS)
    writes = tuple(method for method in methods if method not in _READS)
    parts = (("GET",), ("HEAD",), writes) if route.websocket else (reads, writes)  # only a GET opens a socket
    return [_route(settings, catalog, route, surface, part) for part in parts if part]


def _route(
    settings: GatewaySettings, catalog: RouteCatalog, route: Route, surface: Surface, methods: tuple[str, ...]
) -> Message:
    template = parse_template(route.path)
    matcher: Message = {**_path(template), "headers": [header(":method", string_match=_any_method(methods))]}
    if route.permission is None and not route.public:
        return guards.blocked(route, matcher, surface)
    built: Message = {
        "name": route.name,
        "match": matcher,
        "metadata": guards.metadata(
            surface,
            required=str(required_holder(route, catalog) or ""),
            workload="" if surface is Surface.LOGIN else settings.workload,
        ),
        "typed_per_filter_config": _filters(settings, catalog, route, surface),
    }
    if route.backend is Backend.FIXED:
        built["direct_response"] = {"status": 200, "body": {"inline_string": route.fixed_body}}
        built["response_headers_to_add"] = [set_header("content-type", "application/json")]
        return built
    built["route"] = _action(settings, route, template, opens_socket=route.websocket and methods == ("GET",))
    if route.backend is Backend.SERVICE:
        # jwt_authn takes the token away where it verified one; a public route must not carry one further either
        own_cookies = surface is Surface.LOGIN
        built["request_headers_to_remove"] = ["authorization"] if own_cookies else ["authorization", "cookie"]
        return built
    built["response_headers_to_remove"] = list(NEVER_TO_CLIENT)
    if route.backend is Backend.RAY:
        built |= fetch_metadata(reads=methods[0] in _READS)
    return built


def _filters(settings: GatewaySettings, catalog: RouteCatalog, route: Route, surface: Surface) -> Message:
    gate = Gate.of(settings)
    filters: Message = {
        JWT_FILTER: jwt_of_route(route, surface),
        RBAC_FILTER: rbac_of_route(route, catalog, gate.audience(surface)),
    }
    form = form_of_route(route, surface)
    if form is not None:
        filters[TOKEN_FORM_FILTER] = form
    origin = origin_of_route(route, gate.origins(surface))
    if origin is not None:
        filters[ORIGIN_FILTER] = origin
    if is_told(route):
        filters[IDENTITY_FILTER] = switched_on()  # nobody else is told anything
    ownership = ownership_of_route(route)
    if ownership is not None:
        filters[EXT_AUTHZ_FILTER] = ownership
    if surface is Surface.RAY_CLIENT:
        return filters
    filters.update(body_limit_of_route(route))
    rate = rate_limit_of_route(route, settings.limits)
    if rate is not None:
        filters[RATE_LIMIT_FILTER] = rate
    if route.backend is Backend.RAY and not route.websocket:
        filters[CUSTOM_RESPONSE_FILTER] = switched_on()
    return filters


def _action(settings: GatewaySettings, route: Route, template: Template, *, opens_socket: bool) -> Message:
    limits = settings.limits
    long = route.streaming or route.websocket or route.backend is Backend.RAY_CLIENT
    action: Message = {
        "cluster": _cluster(settings, route.backend),
        "timeout": "0s" if long else seconds(limits.request_seconds),
        "idle_timeout": seconds(limits.stream_idle_seconds if long else limits.request_seconds),
    }
    if long:
        # a token is checked when a stream begins; none outlives the longest token there is
        action["max_stream_duration"] = {"max_stream_duration": seconds(limits.max_token_seconds)}
    if opens_socket:
        action["upgrade_configs"] = [{"upgrade_type": "websocket", "enabled": True}]
    if route.backend is Backend.RAY:
        action["host_rewrite_literal"] = f"127.0.0.1:{settings.ray_dashboard_port}"
    if route.backend is Backend.SERVE and template.prefix:
        action["prefix_rewrite"] = "/"
    return action


def _cluster(settings: GatewaySettings, backend: Backend) -> str:
    return SERVICE_CLUSTER if backend is Backend.SERVICE else of_workload(_CLUSTERS[backend], settings)


def _path(template: Template) -> Message:
    if template.literal:
        return {"path": template.text}
    if template.prefix:
        return {"prefix": template.prefix}
    return {"safe_regex": {"regex": template.expression}}


def _any_method(methods: tuple[str, ...]) -> Message:
    return exact(methods[0]) if len(methods) == 1 else one_of(methods)


def _is_local(host: str) -> bool:
    return host in {"localhost", "127.0.0.1", "[::1]"} or host.endswith(".localhost")
