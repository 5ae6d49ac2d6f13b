"""Managed certificates of the dashboard's names: one wildcard, proved by DNS.

Leaves out: the certificates of an Ingress, which its own `ManagedCertificate` orders.
Source: Certificate Manager API v1, `dnsAuthorizations`, `certificates`, `certificateMaps`.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import IapExposure
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.exposure.names import dashboard_names, worldwide
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, labels, project, region
from rayfence.render.gcp.values import reference

GROUP: Final = "exposure"
AUTHORIZATION: Final = "google_certificate_manager_dns_authorization.dashboard"
CERTIFICATE: Final = "google_certificate_manager_certificate.dashboard"
MAP: Final = "google_certificate_manager_certificate_map.dashboard"


def certificate_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """Proof, certificate and, for a global load balancer, the map that it is found by."""
    iap = settings.iap
    if iap is None or iap.legacy_ingress:
        return ()
    return tuple(_made(settings, iap))


def _made(settings: GkeSettings, iap: IapExposure) -> Iterator[CloudResource]:
    host = iap.host.rstrip(".")
    wide = worldwide(iap)
    name = dashboard_names(settings).certificates
    place = None if wide else region(settings)
    where = "global" if wide else settings.network.region
    base = f"projects/{settings.project}/locations/{where}"
    yield resource(
        "certificatemanager.googleapis.com/DnsAuthorization",
        name,
        AUTHORIZATION,
        GROUP,
        body={
            "name": f"{base}/dnsAuthorizations/{name}",
            "domain": host,
            "type": "PER_PROJECT_RECORD",
            "labels": labels(settings),
        },
        attributes={
            "project": project(settings),
            "location": place,
            "name": name,
            "domain": host,
            # Of this project alone: a record of the older kind lets any project prove the name.
            "type": "PER_PROJECT_RECORD",
            "labels": labels(settings),
        },
        after=enabled(settings, "certificatemanager"),
    )
    proof = reference(f"{AUTHORIZATION}.id", f"{base}/dnsAuthorizations/{name}")
    domains = (host, f"*.{host}")
    yield resource(
        "certificatemanager.googleapis.com/Certificate",
        name,
        CERTIFICATE,
        GROUP,
        body={
            "name": f"{base}/certificates/{name}",
            "managed": {"domains": domains, "dnsAuthorizations": [proof]},
            "labels": labels(settings),
        },
        attributes={
            "project": project(settings),
            "location": place,
            "name": name,
            "managed": {"domains": domains, "dns_authorizations": [proof]},
            "labels": labels(settings),
        },
    )
    if wide:
        yield from _map(settings, host, base)


def _map(settings: GkeSettings, host: str, base: str) -> Iterator[CloudResource]:
    name = dashboard_names(settings).certificates
    yield resource(
        "certificatemanager.googleapis.com/CertificateMap",
        name,
        MAP,
        GROUP,
        body={"name": f"{base}/certificateMaps/{name}", "labels": labels(settings)},
        attributes={"project": project(settings), "name": name, "labels": labels(settings)},
        after=enabled(settings, "certificatemanager"),
    )
    certificate = reference(f"{CERTIFICATE}.id", f"{base}/certificates/{name}")
    yield resource(
        "certificatemanager.googleapis.com/CertificateMapEntry",
        name,
        "google_certificate_manager_certificate_map_entry.dashboard",
        GROUP,
        body={"hostname": f"*.{host}", "certificates": [certificate]},
        attributes={
            "project": project(settings),
            "name": name,
            "map": reference(f"{MAP}.name", name),
            "hostname": f"*.{host}",
            "certificates": [certificate],
            "labels": labels(settings),
        },
    )
