"""The way of Ray pods to packages: the organisation's own mirror, or the Internet where the spec lets nodes out.

Leaves out: mirrors at Google, which `services.google` opens; an existing cluster without a mirror stays closed.
"""

from typing import Final
from urllib.parse import urlsplit

from rayfence.errors import RenderError
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import NOTICE
from rayfence.render.kubernetes.network.flows import blocks, out_to, policy, tcp
from rayfence.render.kubernetes.network.redis import peers_of
from rayfence.render.kubernetes.shape import Json

_GOOGLE: Final = (".pkg.dev", ".googleapis.com")
#: What is never the Internet: private and shared addresses, the node's own services, Google's private ways in.
_INSIDE: Final = ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")


def packages(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Egress of all pods of the tenant. Raises RenderError for an index without a host."""
    return (*_mirror(tenant, resolution), *_internet(tenant, resolution))


def _mirror(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    index = resolution.kubernetes.pip_index
    if index is None:
        return ()
    try:
        parts = urlsplit(index)
        host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else 443)
    except ValueError as error:
        raise RenderError(f"no address of a package index: {index!r}", hint="write https://host/path/") from error
    if not host:
        raise RenderError(f"no address of a package index: {index!r}", hint="write https://host/path/")
    if host.endswith(_GOOGLE) and resolution.kubernetes.on_gke:
        return ()
    peers, notice = peers_of(host, tenant.name, "the mirror's")
    return (policy("allow-packages", tenant.name, {}, egress=[out_to(peers, tcp(port))], notice=notice),)


def _internet(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    if resolution.gke is None or not resolution.gke.network.nat:
        return ()
    notice = {NOTICE: "the spec asks for NAT: pods may reach every public address by TLS"}
    rule = out_to(blocks(("0.0.0.0/0",), _INSIDE), tcp(443))
    return (policy("allow-internet", tenant.name, {}, egress=[rule], notice=notice),)
