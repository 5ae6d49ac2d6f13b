"""Our own VPC."""

from dataclasses import replace

from rayfence.render.gcp.network.vpc import vip_range, vpc_resources
from tests.unit.render.gcp.settings import OWN, PEERED, SHARED, STANDARD


def test_an_own_network_has_no_way_out_but_to_google() -> None:
    network, nodes, proxies, route = vpc_resources(STANDARD)
    assert network.attributes["auto_create_subnetworks"] is False
    assert network.attributes["delete_default_routes_on_create"] is True
    assert nodes.attributes["private_ip_google_access"] is True and nodes.attributes["log_config"]
    assert nodes.attributes["secondary_ip_range"] == [
        {"range_name": "pods", "ip_cidr_range": "10.4.0.0/14"},
        {"range_name": "services", "ip_cidr_range": "10.8.0.0/20"},
    ]
    assert proxies.attributes["purpose"] == "REGIONAL_MANAGED_PROXY" and "log_config" not in proxies.attributes
    assert route.attributes["dest_range"] == vip_range(STANDARD) == "199.36.153.4/30"


def test_nat_is_for_the_nodes_subnet_and_logged() -> None:
    made = {item.block: item for item in vpc_resources(PEERED)}
    assert made["google_compute_network"].attributes["delete_default_routes_on_create"] is False
    nat = made["google_compute_router_nat"]
    assert nat.attributes["log_config"] == {"enable": True, "filter": "ALL"} and nat.costs
    assert nat.attributes["source_subnetwork_ip_ranges_to_nat"] == "LIST_OF_SUBNETWORKS"
    assert "google_compute_route" not in made


def test_the_private_addresses_and_no_logs() -> None:
    settings = replace(STANDARD, network=replace(OWN, vip="private", flow_logs=False, proxy_only_cidr=None))
    assert vip_range(settings) == "199.36.153.8/30"
    _, nodes, _ = vpc_resources(settings)
    assert "log_config" not in nodes.attributes and nodes.costs == ""


def test_networks_of_others_get_nothing() -> None:
    assert vpc_resources(SHARED) == ()
