"""Identity-Aware Proxy in its older form: Ingress, BackendConfig, ManagedCertificate, FrontendConfig.

Only on request: each tenant has a load balancer of its own, certificates need DNS that resolves already, and plain HTTP
must be turned off by name. The OAuth client is Google's, as in the newer form. Source: GKE's Ingress guide;
cloud.google.com/v1 BackendConfig, networking.gke.io/v1 ManagedCertificate, networking.gke.io/v1beta1 FrontendConfig.
"""

import json

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import IapExposure
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.exposure.iap import load_balancer_names, tenant_hosts
from rayfence.render.kubernetes.gateway.replicas import gateway_selector
from rayfence.render.kubernetes.names import GATEWAY_TLS, gateway_namespace
from rayfence.render.kubernetes.shape import Json, resource


def ingress_address_name(tenant: ClusterTenant, resolution: ClusterResolution, gke: GkeSettings) -> str:
    """Name of the tenant's global address: a load balancer each, so an address each where there are several tenants."""
    base = load_balancer_names(gke).address
    return base if len(resolution.platform.tenants) == 1 else f"{base}-{tenant.name}"


def legacy_ingress(
    tenant: ClusterTenant, resolution: ClusterResolution, gke: GkeSettings, iap: IapExposure
) -> tuple[Json, ...]:
    """Service, BackendConfig, ManagedCertificate, FrontendConfig and the Ingress that joins them."""
    namespace, hosts = gateway_namespace(tenant.name), tenant_hosts(tenant.name, iap)
    name = "gateway-iap"
    service_annotations = {
        "cloud.google.com/neg": json.dumps({"ingress": True}),
        "cloud.google.com/app-protocols": json.dumps({"https": "HTTPS"}),
        "cloud.google.com/backend-config": json.dumps({"default": name}),
    }
    ports = [{"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP"}]
    service: Json = {"type": "ClusterIP", "selector": gateway_selector(tenant), "ports": ports}
    backend: Json = {
        "iap": {"enabled": True},
        "timeoutSec": 3600,
        "logging": {"enable": True, "sampleRate": 1},
        "healthCheck": {"type": "HTTPS", "port": GATEWAY_TLS, "requestPath": "/v1/health", "checkIntervalSec": 10},
    }
    frontend: Json = {"redirectToHttps": {"enabled": False}}
    if gke.ssl_policy:
        frontend["sslPolicy"] = load_balancer_names(gke).tls_policy
    return (
        resource("v1", "Service", name, namespace, annotations=service_annotations, spec=service),
        resource("cloud.google.com/v1", "BackendConfig", name, namespace, spec=backend),
        resource("networking.gke.io/v1", "ManagedCertificate", name, namespace, spec={"domains": list(hosts)}),
        resource("networking.gke.io/v1beta1", "FrontendConfig", name, namespace, spec=frontend),
        _ingress(name, namespace, hosts, ingress_address_name(tenant, resolution, gke)),
    )


def _ingress(name: str, namespace: str, hosts: tuple[str, ...], address: str) -> Json:
    annotations = {
        "kubernetes.io/ingress.class": "gce",
        "kubernetes.io/ingress.allow-http": "false",
        "kubernetes.io/ingress.global-static-ip-name": address,
        "networking.gke.io/managed-certificates": name,
        "networking.gke.io/v1beta1.FrontendConfig": name,
    }
    backend = {"service": {"name": name, "port": {"name": "https"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    rules = [{"host": host, "http": {"paths": [path]}} for host in hosts]
    return resource("networking.k8s.io/v1", "Ingress", name, namespace, annotations=annotations, spec={"rules": rules})
