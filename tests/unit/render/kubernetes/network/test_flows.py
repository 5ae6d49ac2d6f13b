"""Twin of rayfence.render.kubernetes.network.flows."""

import pytest

from rayfence.render.kubernetes.network.flows import (
    blocks,
    default_deny,
    into,
    namespaces,
    out_to,
    pods,
    policy,
    tcp,
    udp,
)
from tests.unit.render.kubernetes.resolutions import at
from tests.unit.render.kubernetes.schemas import check


def test_the_default_deny_selects_every_pod_in_both_directions() -> None:
    value = default_deny("vision")
    assert at(value, "spec") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    check(value, "1.7.0")


def test_a_direction_left_out_is_left_to_other_policies() -> None:
    value = policy("x", "n", {"a": "b"}, egress=[out_to([pods({"a": "b"})], tcp(1))])
    assert at(value, "spec", "policyTypes") == ["Egress"]
    assert "ingress" not in value
    check(value, "1.7.0")


def test_peers_and_ports() -> None:
    assert pods({"a": "b"}) == {"podSelector": {"matchLabels": {"a": "b"}}}
    assert pods({}, "n")["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "n"}}
    assert namespaces({"a": "b"}, {"c": "d"})["podSelector"] == {"matchLabels": {"c": "d"}}
    assert blocks(["0.0.0.0/0", "::/0"], ["169.254.0.0/16"]) == [
        {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.0.0/16"]}},
        {"ipBlock": {"cidr": "::/0"}},
    ]
    assert [*tcp(1, 2), *udp(3)] == [
        {"protocol": "TCP", "port": 1},
        {"protocol": "TCP", "port": 2},
        {"protocol": "UDP", "port": 3},
    ]


def test_rules_that_would_mean_everything_are_refused() -> None:
    peer = [pods({"a": "b"})]
    for make in (into, out_to):
        with pytest.raises(ValueError, match="needs peers and ports"):
            make([], tcp(1))
        with pytest.raises(ValueError, match="needs peers and ports"):
            make(peer, [])
    with pytest.raises(ValueError, match="all namespaces"):
        namespaces({})
