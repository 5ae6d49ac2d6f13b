from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from rayfence.model.gke import IapScope, Workbench
from rayfence.model.proofs import Flow
from rayfence.model.tenancy import FaultTolerance, NamedCluster
from rayfence.policy.proofs.network.needed import needed_flows, node_accounts, public_ranges
from tests.unit.policy.proofs.made import ACCOUNT, GKE, IAP, INTERNAL, NETWORK, POOL, pods, resolution, tenant


def listed(**changes: object) -> dict[str, Flow]:
    gke = replace(GKE, **changes)  # type: ignore[arg-type]
    return {flow.id: flow for flow in needed_flows(resolution(gke), gke)}


def test_the_shortest_platform_needs_no_way_in_but_its_own() -> None:
    found = listed()
    assert set(found) == {"webhooks", "mesh-in", "control-plane", "google-apis", "mesh-out", "metadata"}
    assert all(flow.why and flow.peer and flow.made_by for flow in found.values())
    assert found["google-apis"].ranges == ("199.36.153.8/30",)
    assert not found["metadata"].filtered
    assert {"tcp:443", "tcp:8132"} == set(found["control-plane"].ports)


def test_exposures_bring_their_flows() -> None:
    assert listed(internal=INTERNAL)["clients"].ranges == ("10.50.0.0/16",)
    assert listed(internal=INTERNAL)["clients"].ports == ("tcp:443", "tcp:8449")
    assert not listed(internal=INTERNAL)["client-health"].every
    assert listed(iap=IAP)["probers"].ports == ("tcp:8443",)
    assert "proxies" not in listed(iap=IAP)
    regional = listed(iap=replace(IAP, scope=IapScope.REGIONAL))
    assert regional["proxies"].ranges == ("10.11.0.0/24",)
    assert not listed(workbench=Workbench("n", "us-central1-a", "x"))["iap-ssh"].needed
    asked = listed(network=replace(NETWORK, iap_ssh=True))["iap-ssh"]
    assert asked.needed and asked.fields == ("target.gke.network.own.iapSsh",)


def test_restricted_addresses_and_nat() -> None:
    found = listed(network=replace(NETWORK, vip="restricted", nat=True))
    assert found["google-apis"].ranges == ("199.36.153.4/30",)
    assert not found["internet"].every


def test_a_part_of_the_ranges_is_not_taken_for_all() -> None:
    assert listed(network=replace(NETWORK, pods_cidr=None))["mesh-out"].ranges == ()


@pytest.mark.parametrize(
    ("index", "ranges", "ports"),
    [
        ("https://pip.corp.example:8443/simple", (), ("tcp:8443",)),
        ("https://10.9.8.7/simple", ("10.9.8.7/32",), ("tcp:443",)),
        ("https://user@mirror.corp:99999/x", (), ("tcp:443",)),
    ],
)
def test_a_mirror_outside_google_is_a_flow(index: str, ranges: tuple[str, ...], ports: tuple[str, ...]) -> None:
    made = resolution()
    made = replace(made, kubernetes=replace(made.kubernetes, pip_index=index))
    flow = next(flow for flow in needed_flows(made, GKE) if flow.id == "pip-mirror")
    assert (flow.ranges, flow.ports) == (ranges, ports)


def test_a_mirror_in_artifact_registry_is_none() -> None:
    made = resolution()
    made = replace(made, kubernetes=replace(made.kubernetes, pip_index="https://us-python.pkg.dev/p/mirror/simple/"))
    assert "pip-mirror" not in [flow.id for flow in needed_flows(made, GKE)]


@pytest.mark.parametrize(("redis", "count"), [("10.3.0.9:6380", 1), ("redis.vision.svc:6379", 0), ("r.corp", 1)])
def test_external_redis_is_a_flow(redis: str, count: int) -> None:
    cluster = NamedCluster("train", replace(pods(), fault_tolerance=FaultTolerance(redis, "s")))
    made = resolution(GKE, replace(tenant(), clusters=(cluster, replace(cluster, name="again"))))
    assert len([flow for flow in needed_flows(made, GKE) if flow.id == "redis-vision"]) == count


def test_the_internet_holds_no_private_address() -> None:
    networks = [ip_network(text) for text in public_ranges()]
    assert any(ip_address("151.101.0.223") in network for network in networks)
    for private in ("10.1.1.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "224.0.0.1", "127.0.0.1"):
        assert not any(ip_address(private) in network for network in networks)


def test_accounts_of_nodes_are_named_once() -> None:
    gke = replace(GKE, pools=(POOL, replace(POOL, name="b"), replace(POOL, name="c", account="other@x")))
    assert node_accounts(gke) == (ACCOUNT, "other@x")
    assert node_accounts(replace(GKE, pools=())) == (ACCOUNT,)
