"""Private zones of Google's names."""

from dataclasses import replace

from rayfence.render.gcp.network.dns import DOMAINS, zone_resources
from tests.unit.render.gcp.settings import OWN, SHARED, STANDARD


def test_every_domain_answers_with_addresses_inside() -> None:
    made = zone_resources(STANDARD)
    zones = [item for item in made if item.block == "google_dns_managed_zone"]
    assert [item.attributes["dns_name"] for item in zones] == [f"{domain}." for domain in DOMAINS]
    assert {item.attributes["visibility"] for item in zones} == {"private"}
    records = {item.name: item.attributes["rrdatas"] for item in made if item.block == "google_dns_record_set"}
    restricted = ["199.36.153.4", "199.36.153.5", "199.36.153.6", "199.36.153.7"]
    assert records["restricted.googleapis.com."] == restricted
    assert records["*.googleapis.com."] == ["restricted.googleapis.com."]
    assert records["gke.goog."] == restricted and records["*.gke.goog."] == ["gke.goog."]


def test_the_private_addresses_have_their_own_name() -> None:
    names = {item.name for item in zone_resources(replace(STANDARD, network=replace(OWN, vip="private")))}
    assert "private.googleapis.com." in names


def test_zones_of_others_are_left_alone() -> None:
    assert zone_resources(SHARED) == ()
