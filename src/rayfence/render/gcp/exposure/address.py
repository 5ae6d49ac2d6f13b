"""The fixed address of the dashboard's load balancer, and the TLS policy of its frontend.

Source: Compute Engine API v1, `globalAddresses`, `addresses`, `sslPolicies`, `regionSslPolicies`.
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import IapExposure, IapScope
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.exposure.names import LoadBalancer, balancers, dashboard_names, worldwide
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, labels, project, region, subnetwork
from rayfence.render.gcp.values import Text, reference

GROUP: Final = "exposure"
IDLE: Final = "an external address that is reserved"


def address_resources(settings: GkeSettings, tenants: tuple[str, ...]) -> tuple[CloudResource, ...]:
    """Addresses and, where wanted, TLS policy; nothing without IAP."""
    iap = settings.iap
    if iap is None:
        return ()
    addresses = tuple(
        _global_address(settings, item) if worldwide(iap) else _regional_address(settings, iap, item)
        for item in balancers(settings, iap, tenants)
    )
    return (*addresses, _ssl_policy(settings, iap)) if settings.ssl_policy else addresses


def address_value(iap: IapExposure, item: LoadBalancer) -> Text:
    """The address itself, once it exists."""
    block = "google_compute_global_address" if worldwide(iap) else "google_compute_address"
    return reference(f"{block}.{item.label}.address", f"address {item.address}")


def _global_address(settings: GkeSettings, item: LoadBalancer) -> CloudResource:
    name = item.address
    return resource(
        "compute.googleapis.com/Address",
        name,
        f"google_compute_global_address.{item.label}",
        GROUP,
        body={"name": name, "addressType": "EXTERNAL", "ipVersion": "IPV4", "labels": labels(settings)},
        attributes={
            "project": project(settings),
            "name": name,
            "address_type": "EXTERNAL",
            "ip_version": "IPV4",
            "labels": labels(settings),
        },
        after=enabled(settings, "compute"),
        costs=IDLE,
    )


def _regional_address(settings: GkeSettings, iap: IapExposure, item: LoadBalancer) -> CloudResource:
    name = item.address
    inside = iap.scope is IapScope.INTERNAL
    return resource(
        "compute.googleapis.com/Address",
        name,
        f"google_compute_address.{item.label}",
        GROUP,
        body={
            "name": name,
            "region": settings.network.region,
            "addressType": "INTERNAL" if inside else "EXTERNAL",
            "subnetwork": subnetwork(settings) if inside else None,
            "purpose": "SHARED_LOADBALANCER_VIP" if inside else None,
            "networkTier": None if inside else "STANDARD",
            "labels": labels(settings),
        },
        attributes={
            "project": project(settings),
            "name": name,
            "region": region(settings),
            "address_type": "INTERNAL" if inside else "EXTERNAL",
            "subnetwork": subnetwork(settings) if inside else None,
            "purpose": "SHARED_LOADBALANCER_VIP" if inside else None,
            # Regional external load balancers take addresses of the standard tier only, says GKE.
            "network_tier": None if inside else "STANDARD",
            "labels": labels(settings),
        },
        after=enabled(settings, "compute"),
        costs="" if inside else IDLE,
    )


def _ssl_policy(settings: GkeSettings, iap: IapExposure) -> CloudResource:
    name = dashboard_names(settings).ssl_policy
    wide = worldwide(iap)
    body = {"name": name, "profile": "MODERN", "minTlsVersion": "TLS_1_2"}
    attributes = {
        "project": project(settings),
        "name": name,
        "profile": "MODERN",
        "min_tls_version": "TLS_1_2",
        "region": None if wide else region(settings),
    }
    return resource(
        "compute.googleapis.com/SslPolicy",
        name,
        "google_compute_ssl_policy.dashboard" if wide else "google_compute_region_ssl_policy.dashboard",
        GROUP,
        body=body if wide else {**body, "region": settings.network.region},
        attributes=attributes,
        after=enabled(settings, "compute"),
    )
