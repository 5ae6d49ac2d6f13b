"""What owners of networks are asked for."""

from rayfence.render.gcp.network.requests import network_requests
from tests.unit.render.gcp.settings import PEERED, SHARED, STANDARD, UNMANAGED


def test_nothing_is_asked_for_in_our_own_network() -> None:
    assert network_requests(STANDARD) == ""


def test_rules_are_printed_where_they_are_not_ours_to_write() -> None:
    asked = network_requests(UNMANAGED)
    assert (
        "- ray-out-deny: egress deny to 0.0.0.0/0, all, priority 65534 (everything else is refused and logged)" in asked
    )
    assert "- ray-in-clients: ingress allow from 10.0.0.0/8, tcp 443, 8449, priority 1000" in asked
    assert "for ray-nodes:" in asked and "range of ray-nodes" in asked
    assert "${" not in asked


def test_zones_routes_and_the_hubs_side_are_asked_for() -> None:
    asked = network_requests(SHARED)
    assert "private DNS zone gke.goog. with its names at 199.36.153.4/30" in asked and "ray-out-deny" not in asked
    assert "the peering to projects/acme-ml/global/networks/ray" in network_requests(PEERED)
