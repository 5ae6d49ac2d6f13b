"""VPC firewall rules: nothing leaves that no rule names, and what load balancers, webhooks and GKE need comes in.

Covers: what GKE does not write itself. Leaves out: `gke-*` rules of its own controllers; hierarchical policies, which
`policy` checks against these flows; addresses of the metadata server and Cloud DNS, which no rule can close.
Source: GKE, "Automatically created firewall rules"; Cloud Load Balancing, "Firewall rules"; VPC, implied rules.
"""

import ipaddress
from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.frozen import dataclass
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.network.vpc import vip_range
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import network, network_project, node_tag, shared
from rayfence.render.gcp.values import Text, label, reference, text

#: Google's load balancers and health checks.
PROBERS: Final = ("35.191.0.0/16", "130.211.0.0/22")
#: IAP's TCP forwarding.
IAP_TCP: Final = ("35.235.240.0/20",)
EVERYWHERE: Final = "0.0.0.0/0"
PRIVATE: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
#: After every rule that allows, before the implied rules (65535).
LAST: Final = 65534
#: Where a tenant's gateway listens in its pod: API and dashboard, and Ray Client.
GATEWAY_TLS: Final = "8443"
GATEWAY_CLIENT: Final = "8449"
#: Where clients of the internal load balancer arrive: it hands packets on with the Service's own ports.
SERVICE_PORTS: Final = ("443", GATEWAY_CLIENT)
#: A Service with `externalTrafficPolicy: Local` is probed at a port of its own on each node.
NODE_PORTS: Final = ("30000-32767",)
#: Admission webhooks of operators in the cluster: KubeRay and Kueue 9443, cert-manager and others 8443.
WEBHOOKS: Final = ("8443", "9443")


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """`ranges`: the other side, CIDRs. `ports`: TCP ports; empty with `protocol` all: everything."""

    name: str
    egress: bool
    allow: bool
    ranges: tuple[str | Text, ...]
    why: str
    ports: tuple[str, ...] = ()
    protocol: str = "tcp"
    priority: int = 1000


def firewall_rules(settings: GkeSettings) -> tuple[FirewallRule, ...]:
    """The rules the platform needs, whoever writes them; ingress first, in a stable order."""
    return (*_ingress(settings), *_egress(settings))


def _ingress(settings: GkeSettings) -> Iterator[FirewallRule]:
    port = (GATEWAY_TLS,) if settings.internal is None else (GATEWAY_TLS, GATEWAY_CLIENT)
    cluster = settings.cluster
    balanced = settings.iap is not None or settings.internal is not None
    if balanced:
        yield FirewallRule(
            f"{cluster}-in-probers", False, True, PROBERS, "load balancers and health checks to the gateway", port
        )
    if settings.network.proxy_only_cidr is not None:
        proxies = (settings.network.proxy_only_cidr,)
        yield FirewallRule(
            f"{cluster}-in-proxies", False, True, proxies, "regional load balancers to the gateway", port
        )
    if settings.internal is not None and settings.internal.source_ranges and shared(settings):
        # In its own VPC, GKE writes this rule for each Service; in a host project it has no right to.
        clients = settings.internal.source_ranges
        yield FirewallRule(
            f"{cluster}-in-clients", False, True, clients, "clients of the internal load balancer", SERVICE_PORTS
        )
        yield FirewallRule(
            f"{cluster}-in-health", False, True, PROBERS, "whether a node has a pod of the gateway", NODE_PORTS
        )
    if settings.network.iap_ssh:
        yield FirewallRule(f"{cluster}-in-iap-ssh", False, True, IAP_TCP, "SSH by IAP's TCP forwarding", ("22",))
    nodes = (nodes_cidr(settings),)
    yield FirewallRule(
        f"{cluster}-in-webhooks", False, True, nodes, "the control plane to admission webhooks", WEBHOOKS
    )


def _egress(settings: GkeSettings) -> Iterator[FirewallRule]:
    cluster, net = settings.cluster, settings.network
    nodes = nodes_cidr(settings)
    yield FirewallRule(f"{cluster}-out-control-plane", True, True, (nodes,), "nodes to the API server", ("443", "8132"))
    yield FirewallRule(f"{cluster}-out-google-apis", True, True, (vip_range(settings),), "Google's APIs", ("443",))
    mesh = (nodes, pods_cidr(settings), *((net.services_cidr,) if net.services_cidr else ()))
    yield FirewallRule(f"{cluster}-out-mesh", True, True, mesh, "nodes, pods and services among each other", (), "all")
    yield from _destinations(settings)
    if net.nat:
        yield FirewallRule(f"{cluster}-out-internet", True, True, (EVERYWHERE,), "the internet, by NAT", ("443",))
    yield FirewallRule(
        f"{cluster}-out-deny", True, False, (EVERYWHERE,), "everything else is refused and logged", (), "all", LAST
    )


def _destinations(settings: GkeSettings) -> Iterator[FirewallRule]:
    """Hosts that the spec names. A rule knows addresses, never names: a name's may be any private one."""
    for number, one in enumerate(settings.destinations):
        try:
            ranges: tuple[str, ...] = (str(ipaddress.ip_network(one.host)),)
        except ValueError:
            ranges = PRIVATE
        name = f"{settings.cluster}-out-{one.what}-{number}"
        yield FirewallRule(name, True, True, ranges, f"{one.what} at {one.host}", (str(one.port),))


def nodes_cidr(settings: GkeSettings) -> str | Text:
    """The nodes' range: as specified, or looked up in a subnet of others."""
    net = settings.network
    if net.nodes_cidr is not None:
        return net.nodes_cidr
    return reference("data.google_compute_subnetwork.nodes.ip_cidr_range", f"range of {net.subnetwork}")


def pods_cidr(settings: GkeSettings) -> str | Text:
    """The pods' range: as specified, or looked up by the name of the secondary range."""
    net = settings.network
    if net.pods_cidr is not None:
        return net.pods_cidr
    ranges = "data.google_compute_subnetwork.nodes.secondary_ip_range"
    found = f"one([for range in {ranges} : range.ip_cidr_range if range.range_name == local.pods_range])"
    return reference(found, f"range {net.pods_range} of {net.subnetwork}")


def firewall_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """The rules as objects; nothing where the network's owner writes them."""
    if not settings.network.manage_firewall:
        return ()
    return tuple(_object(settings, rule) for rule in firewall_rules(settings))


def targets(settings: GkeSettings) -> list[str] | None:
    """Whom the rules are for: all of our own network, only our nodes in a network of others (None: everybody)."""
    return None if settings.network.made else [node_tag(settings)]


def _object(settings: GkeSettings, rule: FirewallRule) -> CloudResource:
    name = rule.name[:63]
    direction = "EGRESS" if rule.egress else "INGRESS"
    match = [{"protocol": rule.protocol, "ports": rule.ports or None}]
    api_match = [{"IPProtocol": rule.protocol, "ports": rule.ports or None}]
    return resource(
        "compute.googleapis.com/Firewall",
        name,
        f"google_compute_firewall.{label(name)}",
        "network",
        body={
            "name": name,
            "network": network(settings),
            "description": rule.why,
            "direction": direction,
            "priority": rule.priority,
            "allowed": api_match if rule.allow else None,
            "denied": None if rule.allow else api_match,
            "sourceRanges": None if rule.egress else rule.ranges,
            "destinationRanges": rule.ranges if rule.egress else None,
            "targetTags": targets(settings),
            "logConfig": {"enable": True, "metadata": "INCLUDE_ALL_METADATA"},
            "disabled": False,
        },
        attributes={
            "project": network_project(settings),
            "name": name,
            "network": network(settings),
            "description": text(rule.why),
            "direction": direction,
            "priority": rule.priority,
            "allow": match if rule.allow else None,
            "deny": None if rule.allow else match,
            "source_ranges": None if rule.egress else rule.ranges,
            "destination_ranges": rule.ranges if rule.egress else None,
            "target_tags": targets(settings),
            "log_config": {"metadata": "INCLUDE_ALL_METADATA"},
            "disabled": False,
        },
        costs="firewall logs, by volume",
    )
