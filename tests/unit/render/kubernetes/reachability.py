"""Which connections network policies allow: the semantics of networking.k8s.io/v1 as a pure function, for tests.

A pod that no policy selects for a direction is open in it; else one rule must admit the connection. Both ends count.
An address outside the cluster has no policies of its own. Ranges match pods too, as with Calico: the wider reading.
"""

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rayfence.model.kubernetes import Manifest


@dataclass(frozen=True)
class Pod:
    """A pod of a namespace with labels."""

    namespace: str
    namespace_labels: Mapping[str, str]
    labels: Mapping[str, str]
    address: str = "10.4.0.1"


@dataclass(frozen=True)
class Outside:
    """An address outside the cluster."""

    address: str


End = Pod | Outside


def reaches(manifests: Sequence[Manifest], source: End, target: End, port: int, protocol: str = "TCP") -> bool:
    """Whether `source` may open a connection to this port of `target`."""
    return _admits(manifests, source, target, port, protocol, egress=True) and _admits(
        manifests, target, source, port, protocol, egress=False
    )


def _admits(manifests: Sequence[Manifest], subject: End, other: End, port: int, protocol: str, *, egress: bool) -> bool:
    if isinstance(subject, Outside):
        return True
    direction = "Egress" if egress else "Ingress"
    selecting = [
        spec
        for spec in _policies(manifests, subject.namespace)
        if direction in spec["policyTypes"] and _selected(spec["podSelector"], subject.labels)
    ]
    if not selecting:
        return True
    rules = [rule for spec in selecting for rule in spec.get(direction.lower(), [])]
    peers = "to" if egress else "from"
    return any(_port(rule, port, protocol) and _peer(rule, peers, subject, other) for rule in rules)


def _policies(manifests: Sequence[Manifest], namespace: str) -> list[Any]:
    return [
        manifest.object["spec"]
        for manifest in manifests
        if manifest.object["kind"] == "NetworkPolicy" and manifest.object["metadata"]["namespace"] == namespace  # type: ignore[index]
    ]


def _selected(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    if any(labels.get(key) != value for key, value in selector.get("matchLabels", {}).items()):
        return False
    for expression in selector.get("matchExpressions", []):
        assert expression["operator"] == "In"
        if labels.get(expression["key"]) not in expression["values"]:
            return False
    return True


def _port(rule: Mapping[str, Any], port: int, protocol: str) -> bool:
    return "ports" not in rule or any(
        item["protocol"] == protocol and item["port"] <= port <= item.get("endPort", item["port"])
        for item in rule["ports"]
    )


def _peer(rule: Mapping[str, Any], key: str, subject: Pod, other: End) -> bool:
    return key not in rule or any(_is_peer(peer, subject, other) for peer in rule[key])


def _is_peer(peer: Mapping[str, Any], subject: Pod, other: End) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        address = ipaddress.ip_address(other.address)
        return address in ipaddress.ip_network(block["cidr"]) and not any(
            address in ipaddress.ip_network(part) for part in block.get("except", [])
        )
    if isinstance(other, Outside):
        return False
    if "namespaceSelector" in peer:
        if not _selected(peer["namespaceSelector"], other.namespace_labels):
            return False
    elif other.namespace != subject.namespace:
        return False
    return _selected(peer.get("podSelector", {}), other.labels)
