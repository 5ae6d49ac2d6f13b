"""Private zones of Google's names."""

from dataclasses import replace

from rayfence.model.gke import Workbench
from rayfence.render.gcp.network.dns import DOMAINS, NOTEBOOKS, domains, zone_resources
from tests.unit.render.gcp.settings import OWN, SHARED, STANDARD


def test_every_domain_answers_with_addresses_inside() -> None:
    made = zone_resources(STANDARD)
    zones = [item for item in made if item.block == "google_dns_managed_zone"]
    assert [item.attributes["dns_name"] for item in zones] == [f"{domain}." for domain in domains(STANDARD)]
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


def test_a_notebooks_proxy_is_reached_inside_too() -> None:
    """Without these names a notebook in a network without a way out never shows up at its owner's browser."""
    notebook = Workbench("notebook", "us-central1-a", "sam@example.com")
    assert domains(replace(STANDARD, workbench=notebook)) == (*DOMAINS, *NOTEBOOKS)
    assert domains(replace(STANDARD, workbench=None)) == DOMAINS
