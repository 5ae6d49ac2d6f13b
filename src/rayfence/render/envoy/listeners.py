"""The two listeners: the front (API, dashboard and log-in hosts on one TLS port) and Ray Client (gRPC).

Filter order is the security argument: (1) identity, (2) revocation, (3) Origin, (4) role and route, (5) what the
service is told, (6) rate per principal, (7) body size, (8) ownership, (9) repair of Ray's error bodies. Rate limits
stand behind (1) and (4) so that strangers can't use up a user's share; ownership is asked last because it costs a call.
"""

from collections.abc import Sequence

from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import RouteCatalog, Surface
from rayfence.render.envoy.access_log import access_log, caller_filter
from rayfence.render.envoy.hygiene import identity_filter, on_arrival
from rayfence.render.envoy.limits import body_filters, no_rate_limit
from rayfence.render.envoy.names import (
    CALLER_FILTER,
    CUSTOM_RESPONSE_FILTER,
    EXT_AUTHZ_FILTER,
    FRONT,
    IDENTITY_FILTER,
    JWT_FILE,
    JWT_FILTER,
    ORIGIN_FILTER,
    RATE_LIMIT_FILTER,
    RAY_CLIENT,
    RAY_CLIENT_ROUTES_FILE,
    RBAC_FILTER,
    REVOCATIONS_FILE,
    REVOCATIONS_FILTER,
    ROUTER_FILTER,
    ROUTES_FILE,
    SECRETS_FILE,
    SERVER_SECRET,
    TOKEN_FORM_FILTER,
)
from rayfence.render.envoy.ownership import ownership_filter
from rayfence.render.envoy.rbac import deny_all, no_origin_check
from rayfence.render.envoy.replies import local_replies, upstream_errors
from rayfence.render.envoy.routes import Served
from rayfence.render.envoy.shape import Message, discovery, extension, seconds, typed, watched
from rayfence.render.envoy.tokenform import no_form_check

MAX_HEADERS = 100


def listeners_resource(settings: GatewaySettings, catalog: RouteCatalog, more: Sequence[Served] = ()) -> Message:
    """Content of lds.yaml. It changes only when ports or limits do: a changed listener drains, and cuts log tails.

    `more`: further Ray objects. One that comes or goes does not change the listeners, unless by its Ray version.
    """
    served = ((settings, catalog), *more)
    front = _manager(served, FRONT, "AUTO", "REJECT_REQUEST", None)
    # gRPC metadata of Ray Client has an underscore (`client_id`); refusing it looks like a 30 s timeout to the user.
    ray_client = _manager(served, RAY_CLIENT, "HTTP2", "ALLOW", Surface.RAY_CLIENT)
    return discovery(
        [
            _listener(settings, FRONT, settings.listen_port or settings.port, ["h2", "http/1.1"], front),
            _listener(settings, RAY_CLIENT, settings.ray_client_port, ["h2"], ray_client),
        ]
    )


def _listener(settings: GatewaySettings, name: str, port: int, alpn: list[str], manager: Message) -> Message:
    secret: Message = {"name": SERVER_SECRET, "sds_config": watched(f"{settings.rendered_dir}/{SECRETS_FILE}")}
    tls = typed(
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        common_tls_context={
            "alpn_protocols": alpn,
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
            "tls_certificate_sds_secret_configs": [secret],
        },
    )
    chain: Message = {
        "transport_socket": extension("envoy.transport_sockets.tls", tls),
        "transport_socket_connect_timeout": "10s",  # a client that never ends its handshake holds no connection
        "filters": [extension("envoy.filters.network.http_connection_manager", manager)],
    }
    return typed(
        "envoy.config.listener.v3.Listener",
        name=name,
        address={"socket_address": {"address": settings.bind_address, "port_value": port}},
        per_connection_buffer_limit_bytes=1024 * 1024,
        filter_chains=[chain],
    )


def _manager(served: tuple[Served, ...], name: str, codec: str, underscores: str, surface: Surface | None) -> Message:
    settings = served[0][0]
    limits = settings.limits
    table = ROUTES_FILE if surface is None else RAY_CLIENT_ROUTES_FILE
    return typed(
        "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        stat_prefix=name,
        codec_type=codec,
        rds={"route_config_name": name, "config_source": watched(f"{settings.rendered_dir}/{table}")},
        # The peer is the client; nothing in front of us may speak for it. No address is "internal", whose x-envoy-*
        # would count.
        use_remote_address=True,
        skip_xff_append=True,  # nobody behind reads it but the service, which is told by `identity_filter`
        internal_address_config={
            "unix_sockets": False,
            "cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}],
        },
        early_header_mutation_extensions=[on_arrival()],
        # Route and policy must see the path that Ray will see.
        normalize_path=True,
        merge_slashes=True,
        path_with_escaped_slashes_action="REJECT_REQUEST",
        common_http_protocol_options={
            "headers_with_underscores_action": underscores,
            "max_headers_count": MAX_HEADERS,
            "idle_timeout": "300s",
        },
        http_protocol_options={"allow_absolute_url": False, "accept_http_10": False},
        http2_protocol_options={
            "max_concurrent_streams": 128,
            "initial_stream_window_size": 256 * 1024,
            "initial_connection_window_size": 1024 * 1024,
            "override_stream_error_on_invalid_http_message": True,
        },
        max_request_headers_kb=limits.max_header_kib,
        request_headers_timeout="10s",
        # Ray Client's streams are requests that never end.
        request_timeout="0s" if surface is Surface.RAY_CLIENT else seconds(limits.request_seconds),
        stream_idle_timeout=seconds(
            limits.stream_idle_seconds if surface is Surface.RAY_CLIENT else limits.request_seconds
        ),
        server_header_transformation="OVERWRITE",
        server_name="rayfence",
        upgrade_configs=[{"upgrade_type": "websocket", "enabled": False}],
        access_log=[access_log(settings, surface)],
        local_reply_config=local_replies(*(one for one, _ in served)),
        http_filters=_filters(served, surface),
    )


def _filters(served: tuple[Served, ...], surface: Surface | None) -> list[Message]:
    front = surface is None
    settings = served[0][0]
    filters = [
        _off(TOKEN_FORM_FILTER, no_form_check()),
        _discovered(settings, JWT_FILTER, JWT_FILE, "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"),
        extension(CALLER_FILTER, caller_filter()),
        _discovered(settings, REVOCATIONS_FILTER, REVOCATIONS_FILE, "envoy.extensions.filters.http.rbac.v3.RBAC"),
        _off(ORIGIN_FILTER, no_origin_check()),
        extension(RBAC_FILTER, deny_all()),
        _off(IDENTITY_FILTER, identity_filter(surface, several=bool(settings.workload))),
    ]
    if front:
        filters += [_off(RATE_LIMIT_FILTER, no_rate_limit()), *body_filters(*(routes for _, routes in served))]
    filters.append(extension(EXT_AUTHZ_FILTER, ownership_filter()))
    if front:
        filters.append(_off(CUSTOM_RESPONSE_FILTER, upstream_errors()))
    return [
        *filters,
        extension(ROUTER_FILTER, typed("envoy.extensions.filters.http.router.v3.Router", suppress_envoy_headers=True)),
    ]


def _off(name: str, config: Message) -> Message:
    """A filter that does nothing unless a route has settings for it; off, it costs nothing either.

    Never for one that refuses by itself: a route that forgot it would be open.
    """
    return {**extension(name, config), "disabled": True}


def _discovered(settings: GatewaySettings, name: str, file: str, message: str) -> Message:
    """A filter read from a file of its own, so that keys and revocations change without draining the listener."""
    return {
        "name": name,
        "config_discovery": {
            "config_source": watched(f"{settings.envoy_dir}/{file}"),
            "type_urls": [f"type.googleapis.com/{message}"],
        },
    }
