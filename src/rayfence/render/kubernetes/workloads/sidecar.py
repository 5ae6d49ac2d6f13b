"""The head's sidecar: an Envoy that lets the tenant's gateway in by mutual TLS, and speaks to Ray on loopback.

Covers its configuration, container and headless Service. It demands the gateway's certificate (one authority, one
name), TLS 1.3 only, and has no admin interface. Certificates come from a Secret that is only named here, and are read
again when they change. Leaves out who may do what: that is the gateway's. Source: Envoy 1.40 v3 API.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from rayfence.model.tenancy import ClusterTenant
from rayfence.render.envoy.shape import Message, discovery, extension, to_text, typed, watched
from rayfence.render.kubernetes.names import (
    DASHBOARD_PORT,
    RAY_CLIENT_PORT,
    RAY_NODE_TYPE_LABEL,
    SERVE_PORT,
    SIDECAR_CLIENT,
    SIDECAR_DASHBOARD,
    SIDECAR_SERVE,
    WORKLOAD,
    gateway_identity,
)
from rayfence.render.kubernetes.shape import Json, fixed_resources, resource, restricted_container
from rayfence.render.kubernetes.workloads.listing import Workload

CONFIG_PATH: Final = "/etc/rayfence/sidecar"
LEAF_PATH: Final = "/etc/rayfence/sidecar-tls"
RAY_TLS_PATH: Final = "/etc/rayfence/ray-tls"
NAME: Final = "rayfence-sidecar"
#: Sidecar port to its name and to Ray's port on loopback.
_UPSTREAMS: Final = {
    SIDECAR_DASHBOARD: ("dashboard", DASHBOARD_PORT),
    SIDECAR_CLIENT: ("client", RAY_CLIENT_PORT),
    SIDECAR_SERVE: ("serve", SERVE_PORT),
}
_SECRET: Final = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - a message type
_CONNECTIONS: Final = "envoy.resource_monitors.global_downstream_max_connections"
#: Also of connections that have shown no certificate yet.
_CONNECTION_BOUND: Final = typed(
    "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig",
    max_active_downstream_connections=4096,
)
_MANAGER: Final = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def sidecar_objects(workload: Workload, tenant: ClusterTenant, *, ray_tls: bool) -> tuple[Json, ...]:
    """ConfigMap of the sidecar, and the headless Service by which the gateway finds the head.

    The Service lists a head before it is ready: whether it is, is for the gateway to see.
    """
    data = dict(sidecar_files(workload.sidecar_ports, tenant.name, ray_tls=ray_tls))
    ports = [{"name": _UPSTREAMS[port][0], "port": port, "targetPort": port} for port in workload.sidecar_ports]
    service: Json = {
        "clusterIP": "None",
        "publishNotReadyAddresses": True,
        "selector": {WORKLOAD: workload.label, RAY_NODE_TYPE_LABEL: "head"},
        "ports": ports,
    }
    return (
        resource("v1", "ConfigMap", f"sidecar-{workload.label}", tenant.name, data=data),
        resource("v1", "Service", workload.label, tenant.name, spec=service),
    )


def sidecar_container(workload: Workload, image: str, *, ray_tls: bool) -> Json:
    """Envoy with a read-only root; ready when it listens."""
    mounts = {"sidecar-config": CONFIG_PATH, "sidecar-tls": LEAF_PATH}
    if _speaks_ray_tls(workload, ray_tls):
        mounts["sidecar-ray-tls"] = RAY_TLS_PATH
    return {
        "name": NAME,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["envoy"],
        "args": ["--config-path", f"{CONFIG_PATH}/envoy.yaml", "--disable-hot-restart", "--concurrency", "1"],
        "ports": [
            {"name": f"tls-{_UPSTREAMS[port][0]}", "containerPort": port, "protocol": "TCP"}
            for port in workload.sidecar_ports
        ],
        "readinessProbe": {"tcpSocket": {"port": SIDECAR_DASHBOARD}, "periodSeconds": 5},
        "resources": fixed_resources("200m", "256Mi"),
        "securityContext": restricted_container(read_only_root=True),
        "volumeMounts": [{"name": name, "mountPath": path, "readOnly": True} for name, path in mounts.items()],
    }


def sidecar_volumes(workload: Workload, *, ray_tls: bool) -> list[Json]:
    """Its configuration, and the Secret `sidecar-<workload>` with `tls.crt`, `tls.key` and `ca.crt`.

    Where Ray Client's port asks for a certificate, also the head's own, from the Secret that KubeRay makes for it.
    """
    name = f"sidecar-{workload.label}"
    found: list[Json] = [
        {"name": "sidecar-config", "configMap": {"name": name, "defaultMode": 0o444}},
        {"name": "sidecar-tls", "secret": {"secretName": name, "defaultMode": 0o440}},
    ]
    if _speaks_ray_tls(workload, ray_tls):
        secret = {"secretName": f"ray-head-secret-{workload.name}", "defaultMode": 0o440}
        found.append({"name": "sidecar-ray-tls", "secret": secret})
    return found


def _speaks_ray_tls(workload: Workload, ray_tls: bool) -> bool:
    return ray_tls and SIDECAR_CLIENT in workload.sidecar_ports


def sidecar_files(ports: tuple[int, ...], tenant: str, *, ray_tls: bool) -> Mapping[str, str]:
    """Files of the ConfigMap: bootstrap, and the two resources that point to the certificate and the authority."""
    return {
        "authority.yaml": _authority(tenant),
        "envoy.yaml": _bootstrap(ports, ray_tls=ray_tls),
        "leaf.yaml": _leaf(),
    }


@lru_cache(maxsize=1)
def _authority(tenant: str) -> str:
    """The same for every Ray object of a tenant, which are rendered one after the other."""
    names: Message = {"san_type": "DNS", "matcher": {"exact": gateway_identity(tenant)}}
    peers: Message = {
        "trusted_ca": {"filename": f"{LEAF_PATH}/ca.crt"},
        "watched_directory": {"path": LEAF_PATH},
        "match_typed_subject_alt_names": [names],
    }
    return to_text(discovery([typed(_SECRET, name="authority", validation_context=peers)]))


@lru_cache(maxsize=16)
def _bootstrap(ports: tuple[int, ...], *, ray_tls: bool) -> str:
    """The same for every tenant: rendered once."""
    listeners = [_listener(port, *_UPSTREAMS[port]) for port in ports]
    clusters = [_cluster(*_UPSTREAMS[port], tls=ray_tls and port == SIDECAR_CLIENT) for port in ports]
    bootstrap: Message = {
        "node": {"id": "sidecar", "cluster": "rayfence-sidecar"},
        "overload_manager": {"resource_monitors": [extension(_CONNECTIONS, _CONNECTION_BOUND)]},
        "static_resources": {"listeners": listeners, "clusters": clusters},
    }
    return to_text(bootstrap)


@lru_cache(maxsize=1)
def _leaf() -> str:
    leaf: Message = {
        "certificate_chain": {"filename": f"{LEAF_PATH}/tls.crt"},
        "private_key": {"filename": f"{LEAF_PATH}/tls.key"},
        "watched_directory": {"path": LEAF_PATH},
    }
    return to_text(discovery([typed(_SECRET, name="leaf", tls_certificate=leaf)]))


def _listener(port: int, name: str, upstream: int) -> Message:
    tls = typed(
        "envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
        require_client_certificate=True,
        common_tls_context={
            "tls_params": {"tls_minimum_protocol_version": "TLSv1_3"},
            "alpn_protocols": ["h2"] if upstream == RAY_CLIENT_PORT else ["http/1.1"],
            "tls_certificate_sds_secret_configs": [{"name": "leaf", "sds_config": watched(f"{CONFIG_PATH}/leaf.yaml")}],
            "validation_context_sds_secret_config": {
                "name": "authority",
                "sds_config": watched(f"{CONFIG_PATH}/authority.yaml"),
            },
        },
    )
    manager = typed(
        _MANAGER,
        stat_prefix=name,
        codec_type="HTTP2" if upstream == RAY_CLIENT_PORT else "HTTP1",
        # Behind the gateway, which has settled paths, times and headers; a silent log tail is not cut here.
        stream_idle_timeout="0s",
        upgrade_configs=[{"upgrade_type": "websocket"}],
        route_config={
            "name": name,
            "virtual_hosts": [{"name": name, "domains": ["*"], "routes": [_route(name)]}],
        },
        http_filters=[extension("envoy.filters.http.router", typed("envoy.extensions.filters.http.router.v3.Router"))],
    )
    return {
        "name": name,
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": port}},  # noqa: S104 - mutual TLS only
        "filter_chains": [
            {
                "transport_socket": extension("envoy.transport_sockets.tls", tls),
                "filters": [extension("envoy.filters.network.http_connection_manager", manager)],
            }
        ],
    }


def _route(cluster: str) -> Message:
    return {"match": {"prefix": "/"}, "route": {"cluster": cluster, "timeout": "0s"}}


def _cluster(name: str, port: int, *, tls: bool) -> Message:
    protocol: Message = {"http2_protocol_options": {}} if port == RAY_CLIENT_PORT else {"http_protocol_options": {}}
    options = typed("envoy.extensions.upstreams.http.v3.HttpProtocolOptions", explicit_http_config=protocol)
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    cluster: Message = {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "2s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address}}]}],
        },
        "typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": options},
    }
    if tls:
        cluster["transport_socket"] = extension("envoy.transport_sockets.tls", _ray_tls())
    return cluster


def _ray_tls() -> Message:
    """The head's own certificate towards its own Ray Client server; `localhost` stands among its names."""
    names: Message = {"san_type": "DNS", "matcher": {"exact": "localhost"}}
    return typed(
        "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        sni="localhost",
        common_tls_context={
            "alpn_protocols": ["h2"],
            "tls_certificates": [
                {
                    "certificate_chain": {"filename": f"{RAY_TLS_PATH}/tls.crt"},
                    "private_key": {"filename": f"{RAY_TLS_PATH}/tls.key"},
                    "watched_directory": {"path": RAY_TLS_PATH},
                }
            ],
            "validation_context": {
                "trusted_ca": {"filename": f"{RAY_TLS_PATH}/ca.crt"},
                "match_typed_subject_alt_names": [names],
            },
        },
    )
