"""Certificates per scope."""

from rayfence.render.gcp.exposure.certificates import certificate_resources
from tests.unit.render.gcp.settings import BARE, PEERED, SPOKE, STANDARD


def test_a_wildcard_behind_a_map() -> None:
    proof, certificate, mapped, entry = certificate_resources(STANDARD)
    assert proof.attributes["type"] == "PER_PROJECT_RECORD" and "location" not in proof.attributes
    assert certificate.attributes["managed"] == {
        "domains": ["ray.acme.com", "*.ray.acme.com"],
        "dns_authorizations": ["${google_certificate_manager_dns_authorization.dashboard.id}"],
    }
    assert mapped.attributes["name"] == "ray-dashboard" and entry.attributes["hostname"] == "*.ray.acme.com"


def test_regional_certificates_have_no_map_and_an_ingress_orders_its_own() -> None:
    proof, certificate = certificate_resources(PEERED)
    assert proof.attributes["location"] == certificate.attributes["location"] == "${local.region}"
    assert certificate_resources(SPOKE) == () == certificate_resources(BARE)
