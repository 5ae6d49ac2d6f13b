"""The network: never the default one, no way out but by name, and joined only where the organisation lets it."""

from dataclasses import replace

import pytest

from rayfence.model.decision import Source
from rayfence.model.gke import IapExposure, IapScope, Network, NetworkKind, Perimeter
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.policy.gke.network import subnet_path
from tests.unit.policy.platforms import (
    allow,
    decision,
    deny,
    minimal,
    on,
    open_question,
    refused,
    resolved,
    waiver,
)

SHARED = Network(NetworkKind.SHARED_VPC, "corp", "ml", host_project="acme-net", manage_firewall=False)
SPOKE = Network(
    NetworkKind.SPOKE,
    nodes_cidr="10.1.0.0/22",
    pods_cidr="10.2.0.0/16",
    services_cidr="10.3.0.0/20",
    hub="projects/acme-net/global/networks/hub",
)


def field(kind: NetworkKind, name: str) -> str:
    return f"target.gke.network.{kind}.{name}"


def test_a_network_of_its_own_has_ranges_and_no_nat() -> None:
    resolution = resolved(minimal(), on("compute.skipDefaultNetworkCreation"))
    assert resolution.gke is not None
    net = resolution.gke.network
    assert (net.network, net.subnetwork, net.made, net.nat, net.vip) == ("ml", "ml-nodes", True, False, "private")
    assert net.nodes_cidr == "10.0.0.0/20"
    assert decision(resolution, "gke.network.network").rules == ("compute.skipDefaultNetworkCreation",)


def test_existing_networks_need_names_and_are_never_the_default() -> None:
    assert field(NetworkKind.EXISTING, "subnetwork") in refused(
        resolved(minimal(network=Network(NetworkKind.EXISTING, "corp")))
    )
    named = resolved(minimal(network=Network(NetworkKind.EXISTING, "default", "default")))
    assert field(NetworkKind.EXISTING, "network") in refused(named)


def test_a_shared_vpc_must_be_allowed_host_and_subnet() -> None:
    subnet = subnet_path("acme-net", "us-central1", "ml")
    good = resolved(
        minimal(network=SHARED),
        allow("compute.restrictSharedVpcHostProjects", "projects/acme-net"),
        allow("compute.restrictSharedVpcSubnetworks", subnet),
    )
    assert good.conflicts == ()
    assert good.gke is not None
    assert good.gke.network.project == "acme-net"
    bad = resolved(
        minimal(network=SHARED),
        allow("compute.restrictSharedVpcHostProjects", "under:folders/7"),
        allow("compute.restrictSharedVpcSubnetworks", "projects/other/regions/us-central1/subnetworks/x"),
    )
    assert {item.rules[0] for item in bad.conflicts} == {
        "compute.restrictSharedVpcHostProjects",
        "compute.restrictSharedVpcSubnetworks",
    }
    assert field(NetworkKind.SHARED_VPC, "hostProject") in refused(
        resolved(minimal(network=replace(SHARED, host_project=None)))
    )


def test_a_spoke_needs_ranges_and_peering_needs_leave() -> None:
    good = resolved(minimal(network=SPOKE))
    assert good.gke is not None
    assert good.gke.network.peering
    assert good.conflicts == ()
    assert "compute.restrictVpcPeering" in refused(resolved(minimal(network=SPOKE), deny("compute.restrictVpcPeering")))
    hub = replace(SPOKE, hub="projects/acme-net/locations/global/hubs/h")
    assert resolved(minimal(network=hub), deny("compute.restrictVpcPeering")).conflicts == ()
    bare = refused(resolved(minimal(network=Network(NetworkKind.SPOKE))))
    assert bare >= {field(NetworkKind.SPOKE, name) for name in ("hub", "nodesCidr", "podsCidr", "servicesCidr")}


@pytest.mark.parametrize(
    "policy", [deny("compute.restrictCloudNATUsage"), open_question("compute.restrictCloudNATUsage")]
)
def test_nat_is_taken_only_where_it_is_known_to_be_allowed(policy: EffectivePolicy) -> None:
    wanted = minimal(network=Network(NetworkKind.OWN, nat=True))
    free = resolved(wanted)
    assert free.gke is not None
    assert free.gke.network.nat
    assert any("whole Internet" in text for text in free.warnings)
    bound = resolved(wanted, policy)
    assert bound.gke is not None
    assert not bound.gke.network.nat
    assert field(NetworkKind.OWN, "nat") in refused(bound)
    shared = resolved(minimal(network=replace(SHARED, nat=True)))
    assert field(NetworkKind.SHARED_VPC, "nat") in refused(shared)


def test_a_perimeter_takes_the_restricted_addresses() -> None:
    resolution = resolved(minimal(perimeter=Perimeter("42")))
    assert resolution.gke is not None
    assert resolution.gke.network.vip == "restricted"


def test_flow_logs_are_off_by_waiver_only_and_never_against_a_constraint() -> None:
    quiet = minimal(network=Network(NetworkKind.OWN, flow_logs=False))
    assert "flow-logs" in refused(resolved(quiet))
    waived = replace(quiet, waivers=(waiver("flow-logs"),))
    off = resolved(waived)
    assert off.gke is not None
    assert not off.gke.network.flow_logs
    assert decision(off, "gke.network.flow_logs").source is Source.WAIVER
    bound = resolved(waived, allow("compute.requireVpcFlowLogs", "COMPREHENSIVE"))
    assert bound.gke is not None
    assert bound.gke.network.flow_logs
    assert bound.gke.network.flow_sampling == 1.0
    assert bound.conflicts == ()


def test_a_regional_load_balancer_needs_a_range_for_its_proxies() -> None:
    iap = IapExposure("ray.acme.com", ("group:ml@acme.com",), scope=IapScope.INTERNAL)
    own = resolved(minimal(iap=iap))
    assert own.gke is not None
    assert own.gke.network.proxy_only_cidr == "10.9.0.0/23"
    other = resolved(minimal(iap=iap, network=Network(NetworkKind.EXISTING, "corp", "ml")))
    assert field(NetworkKind.EXISTING, "proxyOnlyCidr") in refused(other)
