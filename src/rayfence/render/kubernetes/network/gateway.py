"""Network policies of a gateway's namespace: clients in, the tenant's sidecars and the API server out, nothing else.

Who the clients are depends on what stands in front. An internal load balancer keeps client addresses, so the spec's
source ranges hold here once more; a proxy (Identity-Aware Proxy) arrives from Google's ranges or the proxy-only subnet.
Pods of the cluster get in from namespaces that somebody labelled for it. Source: GKE's load balancer guides.
"""

from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import IapScope
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import (
    APP,
    CLIENT_PREFIX,
    GATEWAY_APP,
    GATEWAY_CLIENT,
    GATEWAY_TLS,
    RAY_NODE_TYPE_LABEL,
    gateway_namespace,
)
from rayfence.render.kubernetes.network.flows import blocks, default_deny, into, namespaces, out_to, pods, policy, tcp
from rayfence.render.kubernetes.network.services import api_server, dns, flagged
from rayfence.render.kubernetes.shape import Json
from rayfence.render.kubernetes.workloads.listing import workloads

#: Google's front ends and health checks.
GOOGLE_PROXIES: Final = ("35.191.0.0/16", "130.211.0.0/22")
_GATEWAY: Final = {APP: GATEWAY_APP}


def gateway_policies(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Every policy of the tenant's gateway namespace, the default deny first."""
    name, settings = gateway_namespace(tenant.name), resolution.kubernetes
    found = [default_deny(name), dns(name, settings), _clients(tenant)]
    found += _load_balancers(name, resolution)
    if resolution.platform.images.gateway is not None:
        # For what replicas share, and for asking whose a client's token is.
        found.append(api_server(name, _GATEWAY, settings))
    ports = sorted({port for workload in workloads(tenant) for port in workload.sidecar_ports})
    if ports:
        heads = pods({RAY_NODE_TYPE_LABEL: "head"}, tenant.name)
        found.append(policy("allow-ray-heads", name, _GATEWAY, egress=[out_to([heads], tcp(*ports))]))
    return flagged(tuple(found), settings)


def proxy_ranges(resolution: ClusterResolution) -> tuple[str, ...]:
    """Where an application load balancer's requests and health checks come from."""
    gke = resolution.gke
    if gke is None or gke.iap is None:
        return ()
    if gke.iap.scope is IapScope.GLOBAL or gke.network.proxy_only_cidr is None:
        return GOOGLE_PROXIES
    return (*GOOGLE_PROXIES, gke.network.proxy_only_cidr)


def _clients(tenant: ClusterTenant) -> Json:
    rule = into([namespaces({f"{CLIENT_PREFIX}{tenant.name}": "true"})], tcp(GATEWAY_TLS, GATEWAY_CLIENT))
    return policy("allow-clients", gateway_namespace(tenant.name), _GATEWAY, ingress=[rule])


def _load_balancers(namespace: str, resolution: ClusterResolution) -> list[Json]:
    gke = resolution.gke
    found: list[Json] = []
    if gke is not None and gke.internal is not None and gke.internal.source_ranges:
        rule = into(blocks(gke.internal.source_ranges), tcp(GATEWAY_TLS, GATEWAY_CLIENT))
        found.append(policy("allow-internal-load-balancer", namespace, _GATEWAY, ingress=[rule]))
    if ranges := proxy_ranges(resolution):
        rule = into(blocks(ranges), tcp(GATEWAY_TLS))
        found.append(policy("allow-identity-aware-proxy", namespace, _GATEWAY, ingress=[rule]))
    return found
