"""Firewall rules: default deny, logging, and only the flows the platform needs."""

from dataclasses import replace

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import Destination, GkeSettings
from rayfence.render.gcp.network.firewall import (
    PRIVATE,
    firewall_resources,
    firewall_rules,
    nodes_cidr,
    pods_cidr,
    targets,
)
from tests.unit.render.gcp.settings import BARE, OWN, PEERED, SHARED, STANDARD, UNMANAGED


def named(settings: GkeSettings) -> dict[str, CloudResource]:
    return {item.name: item for item in firewall_resources(settings)}


def test_whatever_no_rule_names_is_refused_and_logged() -> None:
    deny = named(STANDARD)["ray-out-deny"]
    assert deny.attributes["priority"] == 65534 and deny.attributes["direction"] == "EGRESS"
    assert deny.attributes["destination_ranges"] == ["0.0.0.0/0"] and deny.attributes["deny"] == [{"protocol": "all"}]
    assert "target_tags" not in deny.attributes
    assert all(item.attributes["log_config"] for item in firewall_resources(STANDARD))
    assert all(item.body["logConfig"] for item in firewall_resources(STANDARD))


def test_nothing_comes_in_from_everywhere() -> None:
    for rule in firewall_rules(PEERED):
        if not rule.egress:
            assert "0.0.0.0/0" not in rule.ranges and rule.ports


def test_ssh_comes_from_the_identity_aware_proxy_and_only_where_it_is_asked_for() -> None:
    asked = replace(STANDARD, network=replace(STANDARD.network, iap_ssh=True))
    rule = named(asked)["ray-in-iap-ssh"]
    assert rule.attributes["source_ranges"] == ["35.235.240.0/20"]
    assert rule.attributes["allow"] == [{"protocol": "tcp", "ports": ["22"]}]
    assert "ray-in-iap-ssh" not in named(STANDARD)


def test_flows_of_the_platform() -> None:
    made = named(STANDARD)
    assert set(made) == {
        "ray-in-probers",
        "ray-in-proxies",
        "ray-in-webhooks",
        "ray-out-control-plane",
        "ray-out-google-apis",
        "ray-out-mesh",
        "ray-out-deny",
    }
    assert made["ray-in-probers"].attributes["allow"] == [{"protocol": "tcp", "ports": ["8443", "8449"]}]
    assert made["ray-in-webhooks"].attributes["allow"] == [{"protocol": "tcp", "ports": ["8443", "9443"]}]
    assert made["ray-out-google-apis"].attributes["destination_ranges"] == ["199.36.153.4/30"]
    assert "ray-out-internet" in named(PEERED)
    assert "ray-in-probers" not in named(BARE)


def test_a_host_project_gets_rules_for_our_nodes_alone_and_those_gke_can_not_write() -> None:
    made = named(SHARED)
    assert targets(SHARED) == ["ray-nodes"]
    assert all(item.attributes["target_tags"] == ["ray-nodes"] for item in made.values())
    assert made["ray-in-clients"].attributes["source_ranges"] == ["10.0.0.0/8"]
    assert made["ray-out-control-plane"].attributes["destination_ranges"] == [
        "${data.google_compute_subnetwork.nodes.ip_cidr_range}"
    ]
    assert firewall_resources(UNMANAGED) == ()
    assert len(firewall_rules(UNMANAGED)) == len(made)


def test_ranges_are_specified_or_looked_up() -> None:
    assert nodes_cidr(STANDARD) == "10.0.0.0/20" and pods_cidr(STANDARD) == "10.4.0.0/14"
    assert pods_cidr(SHARED) != pods_cidr(STANDARD)
    bare = replace(STANDARD, network=replace(OWN, services_cidr=None))
    mesh = next(rule for rule in firewall_rules(bare) if rule.name == "ray-out-mesh")
    assert len(mesh.ranges) == 2


def test_hosts_that_the_spec_names_are_reached() -> None:
    """Else the last rule refuses a head its Redis, and it never starts."""
    named = (Destination("redis", "10.50.0.3", 6379), Destination("packages", "nexus.example.com", 8443))
    rules = {rule.name: rule for rule in firewall_rules(replace(STANDARD, destinations=named))}
    redis, mirror = rules["ray-out-redis-0"], rules["ray-out-packages-1"]
    assert (redis.ranges, redis.ports, redis.allow, redis.egress) == (("10.50.0.3/32",), ("6379",), True, True)
    assert mirror.ranges == PRIVATE and mirror.ports == ("8443",)
    assert max(redis.priority, mirror.priority) < rules["ray-out-deny"].priority
