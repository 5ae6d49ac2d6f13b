"""Private DNS zones that send the names of Google's APIs to the addresses inside the network.

Covers: APIs, image registries, and `gke.goog`, the DNS endpoint of control planes. Leaves out: networks of others,
whose owners have such zones or are asked for them (`requests`). Source: VPC, "Configure Private Google Access".
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.network.vpc import VIPS
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, labels, network, network_project
from rayfence.render.gcp.values import label, reference, text

DOMAINS: Final = ("googleapis.com", "pkg.dev", "gcr.io", "gke.goog")
#: Where a notebook's proxy is reached. Source: Vertex AI Workbench, "Use an instance within a service perimeter".
NOTEBOOKS: Final = ("notebooks.cloud.google.com", "notebooks.googleusercontent.com")
TTL: Final = 300


def zone_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """A private zone with two records for each domain; nothing in a network of others."""
    if not settings.network.made:
        return ()
    return tuple(made for domain in domains(settings) for made in _zone(settings, domain))


def domains(settings: GkeSettings) -> tuple[str, ...]:
    """Domains whose names lead to Google's addresses inside the network."""
    return (*DOMAINS, *(NOTEBOOKS if settings.workbench is not None else ()))


def _zone(settings: GkeSettings, domain: str) -> Iterator[CloudResource]:
    name = f"{settings.cluster}-{domain.replace('.', '-')}"
    address = f"google_dns_managed_zone.{label(domain)}"
    # Google serves `*.googleapis.com` from a name of its own that tells which services answer there.
    host = f"{settings.network.vip}.googleapis.com." if domain == "googleapis.com" else f"{domain}."
    yield resource(
        "dns.googleapis.com/ManagedZone",
        name,
        address,
        "names",
        body={
            "name": name,
            "dnsName": f"{domain}.",
            "description": "Google's APIs inside the network",
            "visibility": "private",
            "privateVisibilityConfig": {"networks": [{"networkUrl": network(settings)}]},
            "labels": labels(settings),
        },
        attributes={
            "project": network_project(settings),
            "name": name,
            "dns_name": f"{domain}.",
            "description": "Google's APIs inside the network",
            "visibility": "private",
            "private_visibility_config": {"networks": [{"network_url": network(settings)}]},
            "labels": labels(settings),
        },
        after=enabled(settings, "dns"),
    )
    zone = reference(f"{address}.name", name)
    records = ((host, "A", VIPS[settings.network.vip]), (f"*.{domain}.", "CNAME", (host,)))
    for record, kind, values in records:
        yield resource(
            "dns.googleapis.com/ResourceRecordSet",
            record,
            f"google_dns_record_set.{label(domain, kind)}",
            "names",
            body={"name": record, "type": kind, "ttl": TTL, "rrdatas": values},
            attributes={
                "project": network_project(settings),
                "managed_zone": zone,
                "name": text(record),
                "type": kind,
                "ttl": TTL,
                "rrdatas": values,
            },
        )
