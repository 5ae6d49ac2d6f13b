"""What the owner of a network that is not ours has to make: text for a person, because nothing of it is rendered.

Covers: firewall rules where they are not ours to write, DNS zones and the route to Google's APIs in a network of
others, the hub's side of a peering. Leaves out: everything that is rendered.
"""

from collections.abc import Iterator

from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.network.dns import domains
from rayfence.render.gcp.network.firewall import FirewallRule, firewall_rules, targets
from rayfence.render.gcp.network.vpc import vip_range
from rayfence.render.gcp.values import Text


def network_requests(settings: GkeSettings) -> str:
    """A Markdown list for the network's owner; empty where nothing is left for others to do."""
    return "\n".join(_lines(settings))


def _lines(settings: GkeSettings) -> Iterator[str]:
    net = settings.network
    if not net.manage_firewall:
        aimed = ", ".join(targets(settings) or ()) or "all instances"
        yield f"Firewall rules in network {net.network} of project {net.project}, logging on, for {aimed}:"
        yield from (_rule(rule) for rule in firewall_rules(settings))
    if not net.made:
        yield f"In network {net.network} of project {net.project}, unless they exist:"
        yield f"- a route for {vip_range(settings)} to the default internet gateway"
        yield f"- subnet {net.subnetwork} in {net.region} with Private Google Access and flow logs"
        yield f"- its secondary ranges {net.pods_range} and {net.services_range}"
        if net.proxy_only_cidr is not None:
            yield f"- a proxy-only subnet {net.proxy_only_cidr} in {net.region}"
        for domain in domains(settings):
            yield f"- a private DNS zone {domain}. with its names at {vip_range(settings)} ({net.vip} addresses)"
    if net.hub is not None and net.peering:
        yield f"In the hub {net.hub}:"
        yield f"- the peering to projects/{net.project}/global/networks/{net.network}, exporting custom routes"


def _rule(rule: FirewallRule) -> str:
    ranges = ", ".join(item.literal if isinstance(item, Text) else item for item in rule.ranges)
    way = f"{'to' if rule.egress else 'from'} {ranges}"
    ports = f"{rule.protocol} {', '.join(rule.ports)}".strip()
    verb = "allow" if rule.allow else "deny"
    direction = "egress" if rule.egress else "ingress"
    return f"- {rule.name}: {direction} {verb} {way}, {ports}, priority {rule.priority} ({rule.why})"
