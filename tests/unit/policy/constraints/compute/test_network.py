"""Networks at their edges: foreign subnets, whole-network NAT, sampling levels, attachments of others."""

import pytest

from rayfence.model.cloud import CloudDesired
from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.compute.network import flow_level
from rayfence.policy.constraints.rendered import read
from tests.unit.policy.constraints.fixtures import FIXTURES
from tests.unit.policy.constraints.platforms import Json, enforced, listed, made, service, workbench

LOGS = "compute.requireVpcFlowLogs"
NAT = "compute.restrictCloudNATUsage"
PEERING = "compute.restrictVpcPeering"
SUBNETS = "compute.restrictSharedVpcSubnetworks"
HOSTS = "compute.restrictSharedVpcHostProjects"


@pytest.mark.parametrize(
    ("network", "outcome"),
    [
        (None, Outcome.VIOLATED),
        ("default", Outcome.VIOLATED),
        ("projects/p/global/networks/default", Outcome.VIOLATED),
        ("ray", Outcome.SATISFIED_BY),
    ],
)
def test_the_default_network_is_not_there(network: str | None, outcome: Outcome) -> None:
    name = "compute.skipDefaultNetworkCreation"
    assert made().set("Cluster", "network", network).judge([enforced(name)])[name].outcome is outcome


def test_a_network_named_default_that_we_make() -> None:
    name = "compute.skipDefaultNetworkCreation"
    platform = (
        made()
        .add("compute.googleapis.com/Network", "default", {"name": "default"})
        .set("Cluster", "network", "default")
    )
    assert platform.judge([enforced(name)])[name].outcome is Outcome.SATISFIED_BY


@pytest.mark.parametrize(
    ("allowed", "config", "outcome"),
    [
        (("LIGHT",), {"enable": True}, Outcome.SATISFIED_BY),
        (("LIGHT",), {"enable": True, "flowSampling": 0.1}, Outcome.VIOLATED),
        (("LIGHT",), {"enable": True, "flowSampling": 1.0}, Outcome.UNKNOWN),
        (("COMPREHENSIVE",), {"enable": True, "flowSampling": 1}, Outcome.SATISFIED_BY),
        (("COMPREHENSIVE",), {"enable": True, "flowSampling": 0.5}, Outcome.VIOLATED),
        (("ESSENTIAL",), {"enable": True, "flowSampling": 0.05}, Outcome.VIOLATED),
        (("ESSENTIAL",), {"enable": False, "flowSampling": 0.5}, Outcome.VIOLATED),
        (("ESSENTIAL",), {"enable": True, "flowSampling": "lots"}, Outcome.VIOLATED),
    ],
)
def test_flow_logs(allowed: tuple[str, ...], config: Json, outcome: Outcome) -> None:
    assert made().set("Subnetwork", "logConfig", config).judge([listed(LOGS, *allowed)])[LOGS].outcome is outcome


def test_flow_logs_of_proxies_and_of_others() -> None:
    platform = made().add("compute.googleapis.com/Subnetwork", "proxies", {"purpose": "REGIONAL_MANAGED_PROXY"})
    found = platform.judge([listed(LOGS, "LIGHT")])[LOGS]
    assert found.outcome is Outcome.UNKNOWN and "proxies" in found.reason
    assert made().drop("Subnetwork").judge([listed(LOGS, "LIGHT")])[LOGS].outcome is Outcome.NOT_RELEVANT


def test_nat_for_every_subnet_and_by_its_own_object() -> None:
    everything: Json = {"nats": [{"name": "n", "sourceSubnetworkIpRangesToNat": "ALL_SUBNETWORKS_ALL_IP_RANGES"}]}
    block = "google_compute_router"
    platform = made().add("compute.googleapis.com/Router", "r", everything, block)
    assert platform.judge([listed(NAT, "under:projects/acme-ml")])[NAT].outcome is Outcome.SATISFIED_BY
    assert platform.judge([listed(NAT, "under:projects/acme-net")])[NAT].outcome is Outcome.VIOLATED
    assert platform.drop("Subnetwork").judge([listed(NAT, deny_all=True)])[NAT].outcome is Outcome.VIOLATED
    alone = made().add("compute.googleapis.com/RouterNat", "n", {"name": "n"}, "google_compute_router_nat")
    assert alone.judge([listed(NAT, deny_all=True)])[NAT].outcome is Outcome.VIOLATED
    assert made().judge([listed(NAT, deny_all=True)])[NAT].outcome is Outcome.SATISFIED


def test_peering_of_old_control_planes_and_of_services() -> None:
    old = made().set("Cluster", "privateClusterConfig.masterIpv4CidrBlock", "172.16.0.0/28")
    assert old.judge([listed(PEERING, deny_all=True)])[PEERING].outcome is Outcome.VIOLATED
    services = made().add(
        "servicenetworking.googleapis.com/Connection", "c", {}, "google_service_networking_connection"
    )
    assert services.judge([listed(PEERING, deny_all=True)])[PEERING].outcome is Outcome.UNKNOWN
    assert made().judge([listed(PEERING, deny_all=True)])[PEERING].outcome is Outcome.SATISFIED


def test_shared_subnets_of_cluster_balancers_and_notebooks() -> None:
    assert made().judge([listed(SUBNETS, deny_all=True)])[SUBNETS].outcome is Outcome.NOT_RELEVANT
    own = made().apply(service(subnet="front"))
    assert own.judge([listed(SUBNETS, deny_all=True)])[SUBNETS].outcome is Outcome.NOT_RELEVANT
    foreign = workbench(networkInterfaces=[{"subnet": "projects/acme-net/regions/us-central1/subnetworks/notes"}])
    notes = made().add("notebooks.googleapis.com/Instance", "n", foreign, "google_workbench_instance")
    assert notes.judge([listed(SUBNETS, "under:projects/else")])[SUBNETS].outcome is Outcome.VIOLATED


def test_an_attachment_of_others_is_not_known() -> None:
    shared = FIXTURES[HOSTS].satisfying()
    found = shared.judge([listed(HOSTS, "projects/elsewhere")])[HOSTS]
    assert found.outcome is Outcome.UNKNOWN and "get-host-project acme-ml" in found.reason
    assert made().judge([listed(HOSTS, deny_all=True)])[HOSTS].outcome is Outcome.NOT_RELEVANT


def test_zonal_dns_of_a_new_project() -> None:
    name = "compute.setNewProjectDefaultToZonalDNSOnly"
    assert made().judge([enforced(name)])[name].outcome is Outcome.NOT_RELEVANT
    project = made().add("cloudresourcemanager.googleapis.com/Project", "p", {}, "google_project")
    assert project.judge([enforced(name)])[name].outcome is Outcome.SATISFIED


def test_a_level_needs_a_rate() -> None:
    platform = read(made().resolution, CloudDesired(tuple(made().resources)), ())
    assert [flow_level(item) for item in platform.of("google_compute_subnetwork", "google_compute_network")] == [
        "LIGHT",
        "",
    ]
