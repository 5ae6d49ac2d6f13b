"""What stands behind the gateway: Ray's dashboard server, Serve, Ray Client's server, the service's socket.

A credential belongs to a cluster, not to a route: Ray's token is injected by filters of Ray's two clusters, after the
last removal, so no route can send it elsewhere, and nothing a client sends can stand in its place.
"""

from collections.abc import Sequence
from typing import Final

from rayfence.model.gateway import GatewaySettings, Sidecar
from rayfence.render.envoy.hygiene import NEVER_TO_RAY, NEVER_TO_SERVE, NOT_REQUEST_ID, upstream_mutations
from rayfence.render.envoy.names import (
    CLIENT_SECRET,
    CLIENT_SECRET_FILE,
    CLIENT_TOKEN_SECRET,
    RAY_CLIENT_CLUSTER,
    RAY_CLUSTER,
    RAY_TOKEN_SECRET,
    SERVE_CLUSTER,
    SERVICE_CLUSTER,
    SIDECARS_SECRET,
    SIDECARS_SECRET_FILE,
    client_token_file,
    of_workload,
)
from rayfence.render.envoy.shape import Message, discovery, extension, typed, watched

_HTTP_OPTIONS: Final = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_CLUSTER: Final = "envoy.config.cluster.v3.Cluster"
_LOOPBACK: Final = "127.0.0.1"

#: Headers of a gRPC call that Ray Client must not pass on; its metadata `client_id` must.
NEVER_TO_RAY_CLIENT: Final = (r"authorization", r"cookie", NOT_REQUEST_ID, r"origin", r"referer", r"sec-.*")


def clusters_resource(settings: GatewaySettings, more: Sequence[GatewaySettings] = ()) -> Message:
    """Content of cds.yaml. `more`: further Ray objects behind the same gateway."""
    found = [cluster for one in (settings, *more) for cluster in _clusters(one)]
    return discovery([*found, _service(settings)])


def _clusters(settings: GatewaySettings) -> list[Message]:
    """Ray's dashboard server, Serve and Ray Client of one Ray object."""
    token = _token_injector(settings)
    to_ray = [_strip(NEVER_TO_RAY), token]
    to_client = [_strip(NEVER_TO_RAY_CLIENT), _token_injector(settings, of_client=True)]
    to_serve = [_strip(NEVER_TO_SERVE)]
    if (sidecar := settings.sidecar) is not None:
        doors = (
            (RAY_CLUSTER, sidecar.dashboard_port, to_ray),
            (SERVE_CLUSTER, sidecar.serve_port, to_serve),
            (RAY_CLIENT_CLUSTER, sidecar.client_port, to_client),
        )
        return [_behind_sidecar(settings, sidecar, *door) for door in doors if door[1]]
    return [
        _tcp(RAY_CLUSTER, settings.ray_dashboard_port, to_ray),
        _tcp(SERVE_CLUSTER, settings.serve_port, to_serve),
        {
            **_tcp(RAY_CLIENT_CLUSTER, settings.ray_client_upstream_port, to_client, h2=True),
            "transport_socket": _node_tls(settings),
        },
    ]


def _behind_sidecar(
    settings: GatewaySettings, sidecar: Sidecar, name: str, port: int, filters: list[Message]
) -> Message:
    """The head's pod by the name of its Service; a head that moved is found within seconds."""
    h2 = name == RAY_CLIENT_CLUSTER
    return {
        **_cluster(of_workload(name, settings), {"socket_address": {"address": sidecar.host, "port_value": port}}),
        "type": "STRICT_DNS",
        "dns_lookup_family": "V4_PREFERRED",
        "typed_extension_protocol_options": _http(filters, h2=h2),
        "transport_socket": _sidecar_tls(settings, sidecar, "h2" if h2 else "http/1.1"),
    }


def _tcp(name: str, port: int, filters: list[Message], *, h2: bool = False) -> Message:
    return {
        **_cluster(name, {"socket_address": {"address": _LOOPBACK, "port_value": port}}),
        "typed_extension_protocol_options": _http(filters, h2=h2),
    }


def _service(settings: GatewaySettings) -> Message:
    return {
        **_cluster(SERVICE_CLUSTER, {"pipe": {"path": settings.service_socket}}),
        "typed_extension_protocol_options": _http([], h2=False),
    }


def _cluster(name: str, address: Message) -> Message:
    endpoint: Message = {"endpoint": {"address": address}}
    bound: Message = {"max_connections": 4096, "max_pending_requests": 4096, "max_requests": 4096}
    return typed(
        _CLUSTER,
        name=name,
        type="STATIC",
        connect_timeout="2s",
        circuit_breakers={"thresholds": [bound]},
        load_assignment={"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    )


def _http(filters: list[Message], *, h2: bool) -> Message:
    protocol: Message = {"http2_protocol_options": {}} if h2 else {"http_protocol_options": {}}
    codec = extension(
        "envoy.filters.http.upstream_codec", typed("envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec")
    )
    options = typed(
        _HTTP_OPTIONS,
        explicit_http_config=protocol,
        # shorter than the keep-alive of aiohttp (75 s) and uvicorn: a reused connection must not be one just closed
        common_http_protocol_options={"idle_timeout": "4s"},
        http_filters=[*filters, codec],
    )
    return {_HTTP_OPTIONS: options}


def _strip(patterns: tuple[str, ...]) -> Message:
    return extension("rayfence.hygiene", upstream_mutations(patterns))


def _token_injector(settings: GatewaySettings, *, of_client: bool = False) -> Message:
    name, file = RAY_TOKEN_SECRET, settings.ray_token_sds
    if of_client and settings.sidecar is not None:
        # In a cluster the token may come after the gateway. A second user of the same secret is refused while its file
        # is missing, for good; the first waits for it. So each has a secret of its own.
        name, file = CLIENT_TOKEN_SECRET, client_token_file(settings)
    credential = extension(
        "envoy.http.injected_credentials.generic",
        typed(
            "envoy.extensions.http.injected_credentials.generic.v3.Generic",
            credential={"name": name, "sds_config": watched(file)},
            header="authorization",
            header_value_prefix="Bearer ",
        ),
    )
    # allow_request_without_credential stays false: no token, no request
    return extension(
        "envoy.filters.http.credential_injector",
        typed(
            "envoy.extensions.filters.http.credential_injector.v3.CredentialInjector",
            overwrite=True,
            credential=credential,
        ),
    )


def _sidecar_tls(settings: GatewaySettings, sidecar: Sidecar, protocol: str) -> Message:
    """Mutual TLS 1.3 with exactly this head's sidecar: another head of the tenant has another name."""
    name: Message = {"san_type": "DNS", "matcher": {"exact": sidecar.host}}
    files = settings.rendered_dir
    context = typed(
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni=sidecar.host,
        common_tls_context={
            "alpn_protocols": [protocol],
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"},
            "tls_certificate_sds_secret_configs": [
                {"name": CLIENT_SECRET, "sds_config": watched(f"{files}/{CLIENT_SECRET_FILE}")}
            ],
            "combined_validation_context": {
                "default_validation_context": {"match_typed_subject_alt_names": [name]},
                "validation_context_sds_secret_config": {
                    "name": SIDECARS_SECRET,
                    "sds_config": watched(f"{files}/{SIDECARS_SECRET_FILE}"),
                },
            },
        },
    )
    return extension("envoy.transport_sockets.tls", context)


def _node_tls(settings: GatewaySettings) -> Message:
    directory = {"path": settings.ray_client_certificate.rpartition("/")[0]}
    context = typed(
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni="localhost",
        common_tls_context={
            "alpn_protocols": ["h2"],
            "tls_certificates": [
                {
                    "certificate_chain": {"filename": settings.ray_client_certificate},
                    "private_key": {"filename": settings.ray_client_key},
                    "watched_directory": directory,
                }
            ],
            "validation_context": {
                "trusted_ca": {"filename": settings.node_ca},
                "match_typed_subject_alt_names": [{"san_type": "DNS", "matcher": {"exact": "localhost"}}],
            },
        },
    )
    return extension("envoy.transport_sockets.tls", context)
