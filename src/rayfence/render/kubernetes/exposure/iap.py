"""Identity-Aware Proxy by the Gateway API: one load balancer, per tenant a route and its policies.

Only HTTPS, one listener for the wildcard certificate (a Gateway holds 64 listeners at most). It takes routes from our
gateway namespaces alone, and admission holds each of them to its own tenant's hosts (`admission/routes.py`). The OAuth
client is Google's: there is no secret. Certificate, address and TLS policy are made by `render/gcp` and meant by name.
Source: gateway.networking.k8s.io/v1, networking.gke.io/v1.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.errors import RenderError
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.gke import IapExposure, IapScope
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import PLATFORM, ROLE, exposure_namespace, gateway_namespace
from rayfence.render.kubernetes.shape import Json, resource

_GATEWAY = "gateway.networking.k8s.io/v1"
_GKE = "networking.gke.io/v1"
_NAME = "platform"
_LISTENER = "https"
_CLASSES: Final = {
    IapScope.GLOBAL: "gke-l7-global-external-managed",
    IapScope.REGIONAL: "gke-l7-regional-external-managed",
    IapScope.INTERNAL: "gke-l7-rilb",
}


def tenant_hosts(tenant: str, iap: IapExposure) -> tuple[str, str, str]:
    """Hosts of the API, of the dashboard and of the log-in: apart, since jobs can influence the dashboard's content.

    Each is one label below the spec's host, as far as its wildcard certificate goes.
    """
    host = iap.host.rstrip(".")
    return f"{tenant}.{host}", f"{tenant}-dashboard.{host}", f"{tenant}-login.{host}"


def distinct_hosts(resolution: ClusterResolution, iap: IapExposure) -> None:
    """Refuse tenants whose hosts meet, such as `a` and `a-login`. Raises RenderError naming them."""
    owners: dict[str, str] = {}
    for tenant in resolution.platform.tenants:
        for host in tenant_hosts(tenant.name, iap):
            if host in owners:
                raise RenderError(
                    f"tenants {owners[host]!r} and {tenant.name!r} would both be at {host}", hint="rename one of them"
                )
            owners[host] = tenant.name


def shared_gateway(resolution: ClusterResolution, gke: GkeSettings, iap: IapExposure) -> tuple[Json, ...]:
    """The load balancer and its TLS policy, in a namespace of their own."""
    platform = resolution.platform.name
    namespace = exposure_namespace(platform)
    names = load_balancer_names(gke)
    annotations: Mapping[str, str] = {}
    listener = _listener(platform, iap)
    if iap.scope is IapScope.GLOBAL:
        annotations = {"networking.gke.io/certmap": names.certificates}
    else:
        # Regional load balancers take no map: certificates of Certificate Manager are named one by one.
        options = {"networking.gke.io/cert-manager-certs": names.certificates}
        listener["tls"] = {"mode": "Terminate", "options": options}
    spec: Json = {
        "gatewayClassName": gke.gateway_class or _CLASSES[iap.scope],
        "listeners": [listener],
        "addresses": [{"type": "NamedAddress", "value": names.address}],
    }
    found = [resource(_GATEWAY, "Gateway", _NAME, namespace, annotations=annotations, spec=spec)]
    if gke.ssl_policy:
        target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": _NAME}
        policy: Json = {"default": {"sslPolicy": names.tls_policy}, "targetRef": target}
        found.append(resource(_GKE, "GCPGatewayPolicy", _NAME, namespace, spec=policy))
    return tuple(found)


def tenant_route(tenant: ClusterTenant, platform: str, iap: IapExposure) -> tuple[Json, ...]:
    """Route to the gateway's Service, IAP and logging on its backend, and a health check that the gateway answers."""
    namespace, hosts = gateway_namespace(tenant.name), tenant_hosts(tenant.name, iap)
    parent = {"kind": "Gateway", "name": _NAME, "namespace": exposure_namespace(platform), "sectionName": _LISTENER}
    route: Json = {
        "parentRefs": [parent],
        "hostnames": list(hosts),
        "rules": [{"backendRefs": [{"name": "gateway", "port": 443}]}],
    }
    target = {"group": "", "kind": "Service", "name": "gateway"}
    backend: Json = {
        "default": {
            "iap": {"enabled": True},
            "logging": {"enabled": True, "sampleRate": 1_000_000},
            "timeoutSec": 3600,
        },
        "targetRef": target,
    }
    check: Json = {
        "type": "HTTPS",
        "httpsHealthCheck": {
            "portSpecification": "USE_SERVING_PORT",
            "host": hosts[2],
            "requestPath": "/v1/health",
        },
    }
    health: Json = {
        "default": {"checkIntervalSec": 10, "timeoutSec": 5, "logConfig": {"enabled": True}, "config": check},
        "targetRef": target,
    }
    return (
        resource(_GATEWAY, "HTTPRoute", "gateway", namespace, spec=route),
        resource(_GKE, "GCPBackendPolicy", "gateway", namespace, spec=backend),
        resource(_GKE, "HealthCheckPolicy", "gateway", namespace, spec=health),
    )


@dataclass(frozen=True, slots=True)
class LoadBalancerNames:
    """Short names of what `render/gcp` makes for the load balancer. `certificates`: the map of a global one."""

    address: str
    certificates: str
    tls_policy: str


def load_balancer_names(gke: GkeSettings) -> LoadBalancerNames:
    """The names, made of the cluster's; `render/gcp` makes the same."""
    base = f"{gke.cluster}-dashboard"
    return LoadBalancerNames(base, base, f"{gke.cluster}-tls")


def _listener(platform: str, iap: IapExposure) -> Json:
    selector = {"matchLabels": {PLATFORM: platform, ROLE: "gateway"}}
    return {
        "name": _LISTENER,
        "protocol": "HTTPS",
        "port": 443,
        "hostname": f"*.{iap.host.rstrip('.')}",
        "allowedRoutes": {
            "kinds": [{"kind": "HTTPRoute"}],
            "namespaces": {"from": "Selector", "selector": selector},
        },
    }
