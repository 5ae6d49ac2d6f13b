from dataclasses import replace

from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.gke import NetworkKind
from rayfence.model.orgpolicy import FirewallRule, OrgFacts
from rayfence.policy.proofs.network.rules import all_rules, node_tags
from tests.unit.policy.proofs.made import GKE, INTERNAL, NETWORK


def made(kind: str, body: dict[str, object]) -> CloudResource:
    return CloudResource(kind, "r", "google_compute_firewall", "r", "network", body, {})


def test_order_is_inherited_then_by_priority_with_denies_first() -> None:
    late = FirewallRule((2, 0, 65534, 0, 0), True, "deny", ("0.0.0.0/0",), (), (), "late")
    early = FirewallRule((0, 1, 5, 0), True, "allow", ("0.0.0.0/0",), (), (), "early")
    body: dict[str, object] = {
        "direction": "EGRESS",
        "priority": 65534,
        "allowed": [{"IPProtocol": "tcp", "ports": ["443", "8132"]}, {"IPProtocol": "icmp"}],
        "destinationRanges": ["10.0.0.0/8"],
        "targetTags": ["ml-nodes"],
    }
    cloud = CloudDesired((made("compute.googleapis.com/Firewall", body),))
    existing = replace(GKE, network=replace(NETWORK, made=False))
    egress = [rule for rule in all_rules(existing, OrgFacts(firewall=(late, early)), cloud) if rule.egress]
    assert [rule.source for rule in egress] == ["early", "late", "own rule r"]
    assert egress[2].ports == ("tcp:443", "tcp:8132", "icmp") and egress[2].targets == ("ml-nodes",)


def test_what_is_disabled_or_looks_at_tags() -> None:
    body: dict[str, object] = {"direction": "INGRESS", "priority": 1, "denied": [{"IPProtocol": "all"}]}
    off = CloudDesired((made("compute.googleapis.com/Firewall", {**body, "disabled": True}),))
    assert not [rule for rule in all_rules(GKE, OrgFacts(), off) if rule.action == "deny"]
    tagged = CloudDesired((made("compute.googleapis.com/Firewall", {**body, "sourceTags": ["x"]}),))
    rule = next(rule for rule in all_rules(GKE, OrgFacts(), tagged) if rule.action == "deny")
    assert "sourceTags" in rule.undecided and rule.ports == ("all",)


def test_a_permission_of_another_network_counts_for_nothing_where_we_make_ours() -> None:
    allow = FirewallRule((2, 0, 1, 1, 0), False, "allow", ("0.0.0.0/0",), (), (), "old")
    facts = OrgFacts(firewall=(allow, replace(allow, action="deny"), replace(allow, order=(0, 0, 1, 0))))
    found = [rule.undecided for rule in all_rules(GKE, facts, CloudDesired(())) if rule.source == "old"]
    assert [bool(text) for text in found] == [False, True, False] or sorted(map(bool, found)) == [False, False, True]


def test_gke_writes_the_clients_rule_in_its_own_network_only() -> None:
    own = replace(GKE, internal=INTERNAL)
    shared = replace(own, network=replace(NETWORK, kind=NetworkKind.SHARED_VPC))
    names = [[rule.source for rule in all_rules(gke, OrgFacts(), CloudDesired(()))] for gke in (own, shared)]
    assert "GKE's own rule k8s2-*" in names[0] and "GKE's own rule k8s2-*" not in names[1]


def test_tags_are_those_of_node_pools() -> None:
    pool = made("container.googleapis.com/NodePool", {"config": {"tags": ["ml-nodes"]}, "x": [{"tags": ["b"]}]})
    other = made("compute.googleapis.com/Instance", {"tags": ["web"]})
    assert node_tags(CloudDesired((pool, other))) == {"ml-nodes", "b"}
