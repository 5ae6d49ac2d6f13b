"""The network: VPC and subnets, way out, firewall, names of Google's APIs, joins with other networks."""

from rayfence.render.gcp.network.dns import zone_resources
from rayfence.render.gcp.network.firewall import FirewallRule, firewall_resources, firewall_rules
from rayfence.render.gcp.network.joins import join_resources
from rayfence.render.gcp.network.requests import network_requests
from rayfence.render.gcp.network.vpc import vpc_resources

__all__ = [
    "FirewallRule",
    "firewall_resources",
    "firewall_rules",
    "join_resources",
    "network_requests",
    "vpc_resources",
    "zone_resources",
]
