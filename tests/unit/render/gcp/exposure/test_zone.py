"""Zones and records of the dashboard."""

from dataclasses import replace

from rayfence.render.gcp.exposure.zone import name_resources, proof_in_zone
from tests.unit.render.gcp.settings import PEERED, SHARED, SPOKE, STANDARD


def test_a_public_zone_is_signed_and_logged() -> None:
    zone, record, proof = name_resources(STANDARD, ("audio", "vision"))
    signed = zone.attributes["dnssec_config"]
    assert isinstance(signed, dict) and signed["state"] == "on"
    assert {item["algorithm"] for item in signed["default_key_specs"]} == {"ecdsap256sha256"}
    assert zone.attributes["cloud_logging_config"] == {"enable_logging": True} and "DNSSEC" in zone.irreversible
    assert record.attributes["name"] == "*.ray.acme.com."
    assert record.attributes["rrdatas"] == ["${google_compute_global_address.dashboard.address}"]
    assert "dns_resource_record[0].data" in str(proof.attributes["rrdatas"])


def test_existing_zones_get_records_only() -> None:
    assert [item.attributes["managed_zone"] for item in name_resources(PEERED, ("audio", "vision"))] == ["acme", "acme"]
    assert name_resources(SPOKE, ("audio", "vision")) == ()


def test_a_private_zone_can_not_prove_ownership() -> None:
    assert [item.label for item in name_resources(SHARED, ("audio", "vision"))] == ["dashboard"]
    assert SHARED.iap and not proof_in_zone(SHARED.iap)
    made = replace(SHARED, iap=replace(SHARED.iap, zone=None, zone_domain="ray.acme.com"))
    zone, _ = name_resources(made, ("audio", "vision"))
    assert zone.attributes["visibility"] == "private" and "dnssec_config" not in zone.attributes


def test_an_ingress_of_several_tenants_has_records_for_each_host() -> None:
    assert SPOKE.iap is not None
    made = name_resources(replace(SPOKE, iap=replace(SPOKE.iap, zone="acme")), ("audio", "vision"))
    assert [item.name for item in made] == [
        f"{name}{part}.ray.acme.com." for name in ("audio", "vision") for part in ("", "-dashboard", "-login")
    ]
    assert made[5].attributes["rrdatas"] == ["${google_compute_global_address.dashboard__vision.address}"]
