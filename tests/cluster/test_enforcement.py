"""The translation of network policies that stands in for an enforcing network."""

from typing import Any

from tests.cluster.enforcement import ruleset


def pod(name: str, address: str, home: str = "a", **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": home, "labels": labels}, "status": {"podIP": address}}


def policy(spec: dict[str, Any], home: str = "a") -> dict[str, Any]:
    return {"metadata": {"name": "p", "namespace": home}, "spec": spec}


SPACES = [{"metadata": {"name": name, "labels": {"kubernetes.io/metadata.name": name}}} for name in ("a", "b")]
DENY = policy({"podSelector": {}, "policyTypes": ["Ingress", "Egress"]})


def test_deny_all_drops_both_ways_for_pods_of_the_namespace_only() -> None:
    text = ruleset([DENY], [pod("x", "10.0.0.1"), pod("y", "10.0.0.2", "b"), pod("new", "")], SPACES)
    assert "ip daddr 10.0.0.1 jump ingress_10_0_0_1" in text
    assert "ip saddr 10.0.0.1 jump egress_10_0_0_1" in text
    assert "10.0.0.2" not in text and "return" not in text


def test_rules_name_addresses_of_who_is_selected_and_ports() -> None:
    peer = {
        "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "b"}},
        "podSelector": {"matchExpressions": [{"key": "app", "operator": "In", "values": ["g"]}]},
    }
    rule = {"from": [peer], "ports": [{"port": 8443}, {"port": 1, "endPort": 9}, {"port": 53, "protocol": "UDP"}]}
    allow = policy({"podSelector": {"matchLabels": {"app": "ray"}}, "policyTypes": ["Ingress"], "ingress": [rule]})
    pods = [pod("h", "10.0.0.1", app="ray"), pod("g", "10.0.0.2", "b", app="g"), pod("s", "10.0.0.3", "b", app="s")]
    text = ruleset([DENY, allow], pods, SPACES)
    assert "ip saddr { 10.0.0.2 } tcp dport 8443 return" in text
    assert "ip saddr { 10.0.0.2 } tcp dport 1-9 return" in text
    assert "10.0.0.3" not in text and "dport 53" not in text


def test_peers_without_a_namespace_are_of_the_policys_own_and_ranges_are_kept() -> None:
    mine = {"to": [{"podSelector": {"matchLabels": {"app": "ray"}}}], "ports": [{"port": 1}]}
    wide = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}, {"ipBlock": {"cidr": "::/0"}}], "ports": [{"port": 443}]}
    allow = policy({"podSelector": {}, "policyTypes": ["Egress"], "egress": [mine, wide, {"ports": [{"port": 9}]}]})
    text = ruleset([allow], [pod("x", "10.0.0.1", app="ray"), pod("y", "10.0.0.2", "b", app="ray")], SPACES)
    assert "ip daddr { 10.0.0.1 } tcp dport 1 return" in text
    assert "ip daddr { 0.0.0.0/0 } tcp dport 443 return" in text
    assert "ip daddr { 0.0.0.0/0 } tcp dport 9 return" in text
    assert "jump ingress" not in text
