"""The firewall rules that will hold for the platform's nodes, in their order: inherited, ours, GKE's own.

Order: (stage, policy, priority, …) with stage 0 for hierarchical policies, 2 for rules of the VPC, 1 or 3 for network
policies before or after them, as `organization` reads them. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from rayfence.model.cloud import CloudDesired
from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.orgpolicy import FirewallRule, OrgFacts
from rayfence.policy.proofs.network.needed import HEALTH_PORTS, PROBERS, SERVICE_PORTS, node_accounts

HIERARCHICAL: Final = 0
VPC: Final = 2
FIREWALL: Final = "compute.googleapis.com/Firewall"
#: GKE's own rules have this priority.
GKE_PRIORITY: Final = 1000


def all_rules(gke: GkeSettings, facts: OrgFacts, cloud: CloudDesired) -> tuple[FirewallRule, ...]:
    """Every rule, first to be evaluated first."""
    rules = [*_inherited(gke, facts), *_rendered(cloud), *_of_gke(gke)]
    return tuple(sorted(rules, key=lambda rule: (rule.order, rule.source)))


def node_tags(cloud: CloudDesired) -> frozenset[str]:
    """Network tags of the nodes, as far as rendered node pools say so."""
    return frozenset(
        tag
        for resource in cloud.resources
        if resource.kind.startswith("container.googleapis.com/")
        for tag in _tags(resource.body)
    )


def _tags(value: object) -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key == "tags" and isinstance(inner, list | tuple):
                yield from (str(tag) for tag in inner)
            else:
                yield from _tags(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _tags(inner)


def _inherited(gke: GkeSettings, facts: OrgFacts) -> Iterator[FirewallRule]:
    """What was read. Where the network is still to be made, permissions read from another one count for nothing."""
    for rule in facts.firewall:
        foreign = gke.network.made and rule.order[:1] != (HIERARCHICAL,) and rule.action != "deny"
        if foreign and not rule.undecided:
            yield replace(rule, undecided="it was read from a network, and this platform makes its own")
        else:
            yield rule


def _rendered(cloud: CloudDesired) -> Iterator[FirewallRule]:
    """Our own rules, from the bodies that the API would be sent."""
    for number, resource in enumerate(cloud.resources):
        body = resource.body
        if resource.kind != FIREWALL or body.get("disabled") is True:
            continue
        egress = body.get("direction") == "EGRESS"
        priority = body.get("priority")
        looks = [key for key in ("sourceTags", "sourceServiceAccounts") if body.get(key)]
        for key, action in (("denied", "deny"), ("allowed", "allow")):
            if not body.get(key):
                continue
            yield FirewallRule(
                order=(VPC, 0, priority if isinstance(priority, int) else 1000, 0 if action == "deny" else 1, number),
                egress=egress,
                action=action,
                ranges=_texts(body.get("destinationRanges" if egress else "sourceRanges")),
                ports=tuple(_ports(body[key])),
                targets=(*_texts(body.get("targetTags")), *_texts(body.get("targetServiceAccounts"))),
                source=f"own rule {resource.name}",
                undecided=f"it also looks at {', '.join(looks)}" if looks else "",
            )


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _ports(value: object) -> Iterator[str]:
    for item in value if isinstance(value, list | tuple) else ():
        if isinstance(item, Mapping):
            protocol = str(item.get("IPProtocol", "all"))
            ports = _texts(item.get("ports"))
            yield from (f"{protocol}:{port}" for port in ports) if ports else (protocol,)


def _of_gke(gke: GkeSettings) -> Iterator[FirewallRule]:
    """Rules that GKE's controllers write by themselves. Source: GKE, "Automatically created firewall rules"."""
    net, accounts = gke.network, node_accounts(gke)
    name = f"GKE's own rule gke-{gke.cluster}"
    wanted = [
        ("all", net.pods_cidr, ("tcp", "udp", "icmp", "esp", "ah", "sctp")),
        ("vms", net.nodes_cidr, ("tcp:1-65535", "udp:1-65535", "icmp")),
    ]
    for suffix, cidr, ports in wanted:
        ranges = (cidr,) if cidr is not None else ("an unknown range",)
        yield _allow(f"{name}-{suffix}", ranges, ports, accounts)
    if gke.internal is not None and net.kind is not NetworkKind.SHARED_VPC:
        yield _allow("GKE's own rule k8s2-*", gke.internal.source_ranges, SERVICE_PORTS, accounts)
        yield _allow("GKE's own rule k8s2-*-hc", PROBERS, HEALTH_PORTS, accounts)


def _allow(source: str, ranges: tuple[str, ...], ports: tuple[str, ...], accounts: tuple[str, ...]) -> FirewallRule:
    return FirewallRule((VPC, 0, GKE_PRIORITY, 1, -1), False, "allow", ranges, ports, accounts, source)
