"""Leaves of a local instance: the gateway's own by the front authority, Ray's and the gateway's client leaf by the
nodes'.
"""

from rayfence.model.desired import Account, CertificateRequest
from rayfence.model.gateway import GatewaySettings
from rayfence.model.resolution import Resolution
from rayfence.render.local.layout import Layout


def certificate_requests(
    resolution: Resolution, layout: Layout, settings: GatewaySettings
) -> tuple[CertificateRequest, ...]:
    """The server leaf (renewed hot), the gateway's client leaf, and one leaf for each Ray node."""
    lifetimes = resolution.certificates
    names = tuple(host for host in settings.hosts.api if host[0] not in "[0123456789")
    server = CertificateRequest(
        name="gateway",
        authority="front-ca",
        certificate=settings.server_certificate,
        key=settings.server_key,
        dns=(*names, settings.hosts.dashboard, settings.hosts.login),
        ips=("127.0.0.1", "::1"),
        server=True,
        client=False,
        lifetime_hours=lifetimes.front_leaf_hours,
        renew_before_hours=lifetimes.front_renew_before_hours,
        hot=True,
    )
    to_ray = CertificateRequest(
        name="gateway-to-ray",
        authority="node-ca",
        certificate=settings.ray_client_certificate,
        key=settings.ray_client_key,
        dns=("gateway.rayfence.localhost",),
        ips=(),
        server=False,
        client=True,
        lifetime_hours=lifetimes.node_leaf_hours,
        renew_before_hours=lifetimes.node_renew_before_hours,
    )
    nodes = (
        CertificateRequest(
            name=f"ray-{node.name}",
            authority="node-ca",
            certificate=layout.node_certificate(node.name),
            key=layout.node_key(node.name),
            dns=("localhost",),
            ips=("127.0.0.1",),
            server=True,
            client=True,  # every Ray process is both: gRPC between nodes goes either way
            lifetime_hours=lifetimes.node_leaf_hours,
            renew_before_hours=lifetimes.node_renew_before_hours,
            account=Account.RAY,
        )
        for node in resolution.nodes
    )
    return (server, to_ray, *nodes)
