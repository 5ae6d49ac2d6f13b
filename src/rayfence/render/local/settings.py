"""`GatewaySettings` of a local instance: what Envoy and the gateway service must agree on."""

from rayfence.model.gateway import Audiences, GatewaySettings, Hosts
from rayfence.model.resolution import Resolution
from rayfence.render.local.layout import Layout

#: As the catalogue names it (route `serve.data`).
SERVE_PREFIX = "/serve/"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def gateway_settings(resolution: Resolution, layout: Layout) -> GatewaySettings:
    """Settings by the resolution's ports and the layout's paths; no secret bytes."""
    platform, host = resolution.platform, resolution.host
    name, runtime = platform.name, host.places.runtime
    return GatewaySettings(
        instance=name,
        issuer=f"rayfence:{name}",
        audiences=Audiences(f"rayfence:{name}:api", f"rayfence:{name}:dashboard", f"rayfence:{name}:login"),
        hosts=hosts(resolution),
        bind_address="127.0.0.1",
        port=host.ports.gateway,
        ray_client_port=host.ports.ray_client,
        limits=platform.limits,
        ray_version=platform.tenant.cluster.version,
        ray_dashboard_port=host.ports.head.dashboard,
        ray_client_upstream_port=host.ports.head.client_server,
        serve_port=host.ports.head.serve,
        serve_prefix=SERVE_PREFIX,
        envoy_dir=layout.envoy,
        envoy_admin_socket=f"{runtime}/envoy.sock",
        envoy_concurrency=max(1, min(4, host.cpus)),
        server_certificate=f"{layout.envoy}/server.crt",
        server_key=f"{layout.envoy}/server.key",
        ray_client_certificate=f"{layout.envoy}/ray-client.crt",
        ray_client_key=f"{layout.envoy}/ray-client.key",
        node_ca=layout.node_ca,
        ray_token_sds=layout.ray_token_sds,
        jwks=f"{layout.envoy}/jwks.json",
        access_log=f"{layout.logs}/access.jsonl",
        service_socket=f"{runtime}/service.sock",
        signing_keys=f"{layout.secrets}/signing",
        stamp_keys=f"{layout.secrets}/stamp",
        ray_token=layout.ray_token,
        operator_key=f"{layout.secrets}/operator-key",
        operator_subject=host.user,
        users=f"{layout.places.state}/users.json",
        trail_dir=layout.trail,
        trail_heads_dir=host.places.heads,
    )


def hosts(resolution: Resolution) -> Hosts:
    """Host names of each surface.

    `*.localhost` always means this machine (RFC 6761), and browsers resolve it themselves.
    """
    name = resolution.platform.name
    return Hosts(
        api=(*LOOPBACK_HOSTS, *resolution.platform.target.api_hosts),
        dashboard=f"dashboard.{name}.localhost",
        login=f"login.{name}.localhost",
    )
