"""Shared VPC, peering, spoke."""

from rayfence.render.gcp.network.joins import host_members, join_resources
from tests.unit.render.gcp.settings import PEERED, SHARED, SPOKE, STANDARD


def test_a_host_project_lends_one_subnet() -> None:
    made = join_resources(SHARED)
    assert [item.block for item in made] == [
        "google_compute_shared_vpc_service_project",
        "google_compute_subnetwork_iam_member",
        "google_compute_subnetwork_iam_member",
        "google_project_iam_member",
    ]
    assert {item.attributes["role"] for item in made[1:3]} == {"roles/compute.networkUser"}
    assert dict(host_members(SHARED))["apis"].literal.endswith("@cloudservices.gserviceaccount.com")


def test_a_spoke_joins_its_hub_either_way() -> None:
    (peering,), (spoke,) = join_resources(PEERED), join_resources(SPOKE)
    assert peering.attributes["peer_network"] == "projects/acme-hub/global/networks/hub"
    assert peering.attributes["export_custom_routes"] is False
    assert spoke.attributes["linked_vpc_network"] == {"uri": "${google_compute_network.platform.self_link}"}
    assert spoke.irreversible


def test_a_network_on_its_own_joins_nothing() -> None:
    assert join_resources(STANDARD) == ()
