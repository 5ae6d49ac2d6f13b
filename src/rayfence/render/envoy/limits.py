"""Bounds on what one caller may cost: body size per route, submissions per principal, connections, headers, time."""

from typing import Final

from rayfence.model.gateway import GatewaySettings, Limits
from rayfence.model.routes import Route, RouteCatalog
from rayfence.render.envoy.names import SUBJECT_HEADER
from rayfence.render.envoy.shape import Message, switched_off, switched_on, typed

_RATE: Final = "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit"

#: What Envoy can call no body.
SMALLEST_BODY: Final = 1

#: Buckets kept at once, least recently used dropped: more than people of one tenant.
MAX_BUCKETS: Final = 10_000

#: Routes that start code and are therefore counted.
COUNTED: Final = frozenset({"jobs.submit"})


def body_filters(*catalogs: RouteCatalog) -> list[Message]:
    """Filters that bound the request's body while it streams, one per size a catalogue names; nothing is buffered.

    Envoy's filter has no settings per route, so each size is a filter of its own, all off but the smallest; a route
    switches. Envoy knows no bound below 1: reads with a body are refused by `guards`, and the one byte left to other
    routes without a body reaches the service only.
    """
    filters: list[Message] = []
    for size in _sizes(catalogs):
        config = typed("envoy.extensions.filters.http.body_size_limit.v3.BodySizeLimit", max_request_bytes=size)
        filters.append({"name": body_filter_name(size), "typed_config": config, "disabled": size != SMALLEST_BODY})
    return filters


def body_limit_of_route(route: Route) -> Message:
    """The route's switches: its own size on, the smallest off. A websocket's stream is not a body: all off."""
    size = _size(route)
    if size == SMALLEST_BODY and not route.websocket:
        return {}
    switches: Message = {body_filter_name(SMALLEST_BODY): switched_off()}
    if size is not None and not route.websocket:
        switches[body_filter_name(size)] = switched_on()
    return switches


def body_filter_name(size: int) -> str:
    """Name of the filter that bounds bodies to `size` bytes."""
    return f"rayfence.body.{size}"


def _size(route: Route) -> int | None:
    """The bound of a route's body; None: unbounded (negative in the catalogue)."""
    return None if route.max_body_bytes < 0 else max(SMALLEST_BODY, route.max_body_bytes)


def _sizes(catalogs: tuple[RouteCatalog, ...]) -> list[int]:
    sizes = {_size(route) for catalog in catalogs for route in catalog.routes}
    return sorted({SMALLEST_BODY, *(size for size in sizes if size is not None)})


def no_rate_limit() -> Message:
    """The filter on the listener: routes bring their own buckets."""
    return typed(_RATE, stat_prefix="rate")


def rate_limit_of_route(route: Route, limits: Limits) -> Message | None:
    """A bucket per subject, on routes that are counted.

    It stands behind JWT and RBAC, else strangers would empty it for users.
    """
    if route.name not in COUNTED:
        return None
    bucket: Message = {
        "max_tokens": limits.submits_per_minute,
        "tokens_per_fill": limits.submits_per_minute,
        "fill_interval": "60s",
    }
    always: Message = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    subject: Message = {"request_headers": {"descriptor_key": "sub", "header_name": SUBJECT_HEADER}}
    return typed(
        _RATE,
        stat_prefix="submits",
        filter_enabled=always,
        filter_enforced=always,
        token_bucket={"max_tokens": 1_000_000, "tokens_per_fill": 1_000_000, "fill_interval": "60s"},
        always_consume_default_token_bucket=False,
        descriptors=[{"entries": [{"key": "sub"}], "token_bucket": bucket}],  # no value: one bucket per value seen
        rate_limits=[{"actions": [subject]}],
        max_dynamic_descriptors=MAX_BUCKETS,
        enable_retry_after_header=True,
    )


def overload_manager(settings: GatewaySettings) -> Message:
    """A bound on open connections of the whole process."""
    monitor = typed(
        "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
        max_active_downstream_connections=settings.limits.max_connections,
    )
    name = "envoy.resource_monitors.global_downstream_max_connections"
    return {"resource_monitors": [{"name": name, "typed_config": monitor}]}
