"""Whether address ranges hold the platform at its maximum: nodes, pods, services.

Source: Google's "VPC-native clusters" (a node of 110 pods takes a /24 of the pod range; four addresses of a primary
range are reserved). Pure.
"""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network, ip_network

from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.gke import GkeMode
from rayfence.model.gke_settings import GkeSettings, NetworkSettings
from rayfence.model.proofs import PodNeed, RangeUse
from rayfence.model.verdict import Verdict


def range_uses(
    gke: GkeSettings, platform: ClusterPlatform, needs: tuple[PodNeed, ...], figures: Mapping[str, int]
) -> tuple[RangeUse, ...]:
    """Nodes, pods and services against their ranges, in this order."""
    nodes = most_nodes(gke, needs)
    balancers = len(platform.tenants) if gke.internal else 0
    network = gke.network
    prefix = figures["autopilot_pod_prefix" if gke.mode is GkeMode.AUTOPILOT else "pod_prefix"]
    primary, pods = parse_range(network.nodes_cidr), parse_range(network.pods_cidr)
    services = parse_range(network.services_cidr)
    ray = sum(len(tenant.clusters) + len(tenant.jobs) + len(tenant.services) for tenant in platform.tenants)
    wanted = figures["services_of_system"] + figures["services_per_tenant"] * len(platform.tenants)
    wanted += figures["services_per_ray_cluster"] * ray
    addresses = nodes + balancers + figures["control_plane_addresses"]
    return (
        _use(
            "nodes",
            network.nodes_cidr,
            primary.num_addresses - figures["reserved_addresses"] if primary else None,
            addresses,
            f"{nodes} nodes, upgrades included, {balancers} internal load balancers, the control plane's endpoint",
            network,
        ),
        _use(
            "pods",
            network.pods_cidr,
            _blocks(pods, prefix) if pods else None,
            nodes,
            f"one /{prefix} for each of {nodes} nodes, upgrades included",
            network,
        ),
        _use(
            "services",
            network.services_cidr,
            services.num_addresses if services else None,
            wanted,
            f"services of {ray} Ray clusters, {len(platform.tenants)} gateways and the system",
            network,
        ),
    )


def most_nodes(gke: GkeSettings, needs: tuple[PodNeed, ...]) -> int:
    """Nodes at the most: every pool's maximum and one more for its upgrade; on Autopilot a node for every pod."""
    if gke.mode is GkeMode.AUTOPILOT:
        return sum(need.maximum for need in needs) + 1
    return sum(pool.max_nodes + 1 for pool in gke.pools)


def overlaps(network: NetworkSettings) -> Iterator[tuple[str, str]]:
    """Pairs of ranges of the network that share addresses."""
    named = {
        "nodesCidr": parse_range(network.nodes_cidr),
        "podsCidr": parse_range(network.pods_cidr),
        "servicesCidr": parse_range(network.services_cidr),
        "proxyOnlyCidr": parse_range(network.proxy_only_cidr),
    }
    known = [(name, value) for name, value in named.items() if value is not None]
    for index, (name, value) in enumerate(known):
        for other, foreign in known[index + 1 :]:
            if value.overlaps(foreign):
                yield name, other


def parse_range(cidr: str | None) -> IPv4Network | None:
    """A CIDR as a network; None where there is none that can be read."""
    if cidr is None:
        return None
    try:
        network = ip_network(cidr, strict=False)
    except ValueError:
        return None
    return network if isinstance(network, IPv4Network) else None


def _blocks(network: IPv4Network, prefix: int) -> int:
    return 1 << (prefix - network.prefixlen) if network.prefixlen <= prefix else 0


def _use(name: str, cidr: str | None, has: int | None, needs: int, reason: str, network: NetworkSettings) -> RangeUse:
    if has is None:
        evidence = (
            f"the range is not known; evidence: gcloud compute networks subnets describe {network.subnetwork} "
            f"--project={network.project} --region={network.region}"
        )
        return RangeUse(name, cidr, None, needs, Verdict.UNKNOWN, evidence)
    return RangeUse(name, cidr, has, needs, Verdict.PASS if has >= needs else Verdict.FAIL, reason)
