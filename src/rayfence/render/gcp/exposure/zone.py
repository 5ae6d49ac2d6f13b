"""The dashboard's names: a zone where one is made, the wildcard record, and the proof of ownership for certificates.

A private zone can't carry that proof, which a public authority has to see: it is then told in the outputs.
Source: Cloud DNS API v1, `managedZones`, `resourceRecordSets`; Certificate Manager, "DNS authorizations".
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import IapExposure
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.exposure.address import address_value
from rayfence.render.gcp.exposure.certificates import AUTHORIZATION
from rayfence.render.gcp.exposure.names import balancers
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, labels, network, project
from rayfence.render.gcp.values import Text, label, reference

GROUP: Final = "names"
ZONE: Final = "google_dns_managed_zone.dashboard"
TTL: Final = 300
DESCRIPTION: Final = "Dashboards of Ray clusters"


def name_resources(settings: GkeSettings, tenants: tuple[str, ...]) -> tuple[CloudResource, ...]:
    """Zone and records; nothing where the spec names no zone: then they are the zone owner's to make."""
    iap = settings.iap
    if iap is None or (iap.zone is None and iap.zone_domain is None):
        return ()
    return tuple(_made(settings, iap, tenants))


def proof_in_zone(iap: IapExposure) -> bool:
    """Whether the proof of ownership can stand in the zone we write to."""
    return not iap.zone_private and not iap.legacy_ingress and (iap.zone or iap.zone_domain) is not None


def _made(settings: GkeSettings, iap: IapExposure, tenants: tuple[str, ...]) -> Iterator[CloudResource]:
    zone: str | Text = iap.zone or ""
    if iap.zone is None:
        made = _zone(settings, iap)
        yield made
        zone = reference(f"{ZONE}.name", made.name)
    for item in balancers(settings, iap, tenants):
        for number, host in enumerate(item.hosts):
            where = label(item.label, str(number)) if number else item.label
            yield _record(settings, where, zone, f"{host}.", "A", address_value(iap, item))
    if proof_in_zone(iap):
        proof = f"{AUTHORIZATION}.dns_resource_record[0]"
        yield _record(
            settings,
            "proof",
            zone,
            reference(f"{proof}.name", f"_acme-challenge.{iap.host.rstrip('.')}."),
            "CNAME",
            reference(f"{proof}.data", "told by Certificate Manager"),
        )


def _zone(settings: GkeSettings, iap: IapExposure) -> CloudResource:
    domain = f"{(iap.zone_domain or iap.host).rstrip('.')}."
    name = f"{settings.cluster}-dashboard"
    public = not iap.zone_private
    specs = [("keySigning", "ecdsap256sha256"), ("zoneSigning", "ecdsap256sha256")]
    visible = {"networks": [{"network_url": network(settings)}]}
    return resource(
        "dns.googleapis.com/ManagedZone",
        name,
        ZONE,
        GROUP,
        body={
            "name": name,
            "dnsName": domain,
            "description": DESCRIPTION,
            "visibility": "public" if public else "private",
            "dnssecConfig": (
                {
                    "state": "on",
                    "nonExistence": "nsec3",
                    "defaultKeySpecs": [
                        {"keyType": kind, "algorithm": algorithm, "keyLength": 256} for kind, algorithm in specs
                    ],
                }
                if public
                else None
            ),
            "privateVisibilityConfig": None if public else {"networks": [{"networkUrl": network(settings)}]},
            "cloudLoggingConfig": {"enableLogging": True} if public else None,
            "labels": labels(settings),
        },
        attributes={
            "project": project(settings),
            "name": name,
            "dns_name": domain,
            "description": DESCRIPTION,
            "visibility": "public" if public else "private",
            "dnssec_config": (
                {
                    "state": "on",
                    "non_existence": "nsec3",
                    "default_key_specs": [
                        {"key_type": kind, "algorithm": algorithm, "key_length": 256} for kind, algorithm in specs
                    ],
                }
                if public
                else None
            ),
            "private_visibility_config": None if public else visible,
            "cloud_logging_config": {"enable_logging": True} if public else None,
            "labels": labels(settings),
        },
        after=enabled(settings, "dns"),
        irreversible="visibility and domain; switching DNSSEC off again needs the registrar first" if public else "",
        costs="zone by the month",
    )


def _record(
    settings: GkeSettings, where: str, zone: str | Text, name: str | Text, kind: str, value: Text
) -> CloudResource:
    return resource(
        "dns.googleapis.com/ResourceRecordSet",
        name.literal if isinstance(name, Text) else name,
        f"google_dns_record_set.{where}",
        GROUP,
        body={"name": name, "type": kind, "ttl": TTL, "rrdatas": [value]},
        attributes={
            "project": project(settings),
            "managed_zone": zone,
            "name": name,
            "type": kind,
            "ttl": TTL,
            "rrdatas": [value],
        },
        after=enabled(settings, "dns"),
    )
