"""Addresses and TLS policies per scope."""

from dataclasses import replace

from rayfence.render.gcp.exposure.address import address_resources, address_value
from rayfence.render.gcp.exposure.names import balancers
from tests.unit.render.gcp.settings import BARE, PEERED, SHARED, SPOKE, STANDARD

NAMES = ("audio", "vision")


def test_a_global_load_balancer() -> None:
    address, policy = address_resources(STANDARD, NAMES)
    assert address.block == "google_compute_global_address" and address.costs
    assert policy.attributes["profile"] == "MODERN" and policy.attributes["min_tls_version"] == "TLS_1_2"
    assert STANDARD.iap is not None
    (item,) = balancers(STANDARD, STANDARD.iap, NAMES)
    assert address_value(STANDARD.iap, item).template == "${google_compute_global_address.dashboard.address}"


def test_an_ingress_of_several_tenants_has_an_address_each() -> None:
    one, two, _ = address_resources(SPOKE, NAMES)
    assert (one.name, two.name) == ("ray-dashboard-audio", "ray-dashboard-vision")
    assert address_resources(SPOKE, ("audio",))[0].name == "ray-dashboard"


def test_a_regional_and_an_internal_one() -> None:
    address, policy = address_resources(PEERED, NAMES)
    assert address.attributes["address_type"] == "EXTERNAL" and policy.block == "google_compute_region_ssl_policy"
    inside, _ = address_resources(SHARED, NAMES)
    assert inside.attributes["address_type"] == "INTERNAL" and inside.costs == ""
    assert inside.attributes["purpose"] == "SHARED_LOADBALANCER_VIP"
    assert len(address_resources(replace(SHARED, ssl_policy=False), NAMES)) == 1
    assert address_resources(BARE, NAMES) == ()
