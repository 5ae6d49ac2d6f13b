"""The internal load balancer of a tenant's gateway.

Only the gateway's two TLS ports, only from the spec's ranges: without ranges GKE opens them to the whole VPC and its
peers. 6379, 8265 and 10001 are on no load balancer: who reaches them runs code. Source: GKE's guide to internal
load balancers.
"""

from rayfence.model.gke import InternalExposure
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.gateway.replicas import gateway_selector
from rayfence.render.kubernetes.names import GATEWAY_CLIENT, gateway_namespace
from rayfence.render.kubernetes.shape import Json, resource


def internal_service(tenant: ClusterTenant, exposure: InternalExposure) -> tuple[Json, ...]:
    """The Service; none without source ranges, because none would mean everybody."""
    if not exposure.source_ranges:
        return ()
    annotations = {"networking.gke.io/load-balancer-type": "Internal"}
    if exposure.subnetwork is not None:
        annotations["networking.gke.io/internal-load-balancer-subnet"] = exposure.subnetwork
    if exposure.global_access:
        annotations["networking.gke.io/internal-load-balancer-allow-global-access"] = "true"
    ports: list[Json] = [
        {"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"},
        {"name": "ray-client", "port": GATEWAY_CLIENT, "targetPort": "ray-client", "protocol": "TCP"},
    ]
    spec: Json = {
        "type": "LoadBalancer",
        # Client addresses stay, so that network policy and the trail see them.
        "externalTrafficPolicy": "Local",
        "loadBalancerSourceRanges": list(exposure.source_ranges),
        "selector": gateway_selector(tenant),
        "ports": ports,
    }
    namespace = gateway_namespace(tenant.name)
    return (resource("v1", "Service", "gateway-internal", namespace, annotations=annotations, spec=spec),)
