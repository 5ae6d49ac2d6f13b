"""A way to a tenant's gateway, as long as it is needed.

From a pod it is the gateway's own name; where a load balancer inside the network has an address that answers, that;
else a port-forward through the API server, opened and closed here. Whatever the way, what answers must prove to be the
gateway by the tenant's own authority, whose certificate the cluster tells.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from rayfence.adapters.gateway import Server
from rayfence.adapters.net.doors import reaches
from rayfence.api.clusters.target import ClusterTarget
from rayfence.api.kubernetes import Cluster, reached
from rayfence.errors import Forbidden, KubernetesError, StateError
from rayfence.model.api_objects import Kind, name_of, objects_at, text_at
from rayfence.model.frozen import dataclass
from rayfence.model.tenancy import ClusterTenant
from rayfence.plan.live.ready.status import conditions
from rayfence.render.kubernetes.gateway.hosts import LOGIN
from rayfence.render.kubernetes.names import APP, GATEWAY_APP, GATEWAY_AUTHORITY, GATEWAY_TLS, gateway_namespace

POD = Kind("v1", "Pod", "pods", True)
_SERVICE = Kind("v1", "Service", "services", True)
_CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps", True)
_PORT = 443


@dataclass(frozen=True, slots=True)
class Gateway:
    """A gateway that can be reached now. `server`: where and as whom it must answer."""

    cluster: Cluster
    platform: str
    tenant: ClusterTenant
    server: Server

    @property
    def name(self) -> str:
        """Under which a session at it is kept; no instance of this machine has a dot in its name."""
        return session_name(self.platform, self.tenant.name)


def session_name(platform: str, tenant: str) -> str:
    """Name of the session of a tenant's gateway."""
    return f"{platform}.{tenant}"


def host_of(tenant: str, service: str = LOGIN) -> str:
    """The host name of a gateway's Service, as its certificate bears it."""
    return f"{service}.{gateway_namespace(tenant)}.svc"


@contextmanager
def gateway(target: ClusterTarget) -> Iterator[Gateway]:
    """The gateway of the target's one tenant. Raises PreflightError, StateError, KubernetesError."""
    tenant = target.one()
    with reached(target.platform, target.context) as cluster:
        pem = authority(cluster, tenant.name)
        with way(cluster, tenant.name, pem) as server:
            yield Gateway(cluster, target.platform.name, tenant, server)


@contextmanager
def way(cluster: Cluster, tenant: str, pem: str, pod: str | None = None) -> Iterator[Server]:
    """A way to a tenant's gateway; `pod`: to this replica of it, through the API server."""
    host = host_of(tenant)
    address = None if pod else _direct(cluster, tenant)
    if address is not None:
        yield Server(address, _PORT, host, pem)
        return
    with cluster.pods.forward(gateway_namespace(tenant), pod or ready_pod(cluster, tenant), GATEWAY_TLS) as port:
        yield Server("127.0.0.1", port, host, pem)


def authority(cluster: Cluster, tenant: str) -> str:
    """The certificate by which a tenant's gateway is known, in PEM form. Raises StateError, KubernetesError."""
    home = gateway_namespace(tenant)
    found = text_at(cluster.api.get(_CONFIG_MAP, GATEWAY_AUTHORITY, home), "data", "ca.crt")
    if not found:
        raise StateError(
            f"there is no ConfigMap {home}/{GATEWAY_AUTHORITY}, which says how the gateway is known",
            hint="`rayfence apply` makes it; is this the right cluster? --context NAME",
        )
    return found


def ready_pod(cluster: Cluster, tenant: str) -> str:
    """Name of a replica that answers. Raises KubernetesError where none does."""
    home = gateway_namespace(tenant)
    pods = cluster.api.list(POD, home, {APP: GATEWAY_APP})
    ready = [name_of(pod) for pod in pods if (found := conditions(pod).get("Ready")) is not None and found.holds]
    if not ready:
        raise KubernetesError(
            f"none of the gateway's {len(pods)} pods in {home} is ready",
            hint="`rayfence status` says what they wait for",
        )
    return sorted(ready)[0]


def _direct(cluster: Cluster, tenant: str) -> str | None:
    """An address at which the gateway answers without the API server's help."""
    if "KUBERNETES_SERVICE_HOST" in os.environ and reaches(host_of(tenant), _PORT):
        return host_of(tenant)
    try:
        services = cluster.api.list(_SERVICE, gateway_namespace(tenant))
    except Forbidden:  # who may only open a way to a pod gets that one
        return None
    balanced = (one for one in services if text_at(one, "spec", "type") == "LoadBalancer")
    addresses = [
        text_at(entry, "ip") for one in balanced for entry in objects_at(one, "status", "loadBalancer", "ingress")
    ]
    return next((address for address in addresses if address and reaches(address, _PORT)), None)
