"""The platform's own VPC: network, subnets, the route to Google's APIs, and a way out only where one is wanted.

Leaves out: networks of others, to which nothing is added here. Source: Compute Engine API v1, `networks`,
`subnetworks`, `routers`, `routes`.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.network.joins import peerings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, network, network_project, region
from rayfence.render.gcp.values import reference

GROUP: Final = "network"
INTERVAL: Final = "INTERVAL_5_SEC"
#: Where Google's APIs answer inside a VPC, by `NetworkSettings.vip`.
VIPS: Final = {
    "restricted": ("199.36.153.4", "199.36.153.5", "199.36.153.6", "199.36.153.7"),
    "private": ("199.36.153.8", "199.36.153.9", "199.36.153.10", "199.36.153.11"),
}


def vip_range(settings: GkeSettings) -> str:
    """The four addresses of Google's APIs as a CIDR."""
    return f"{VIPS[settings.network.vip][0]}/30"


def vpc_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """Everything of the platform's own network; nothing in a network of others."""
    return tuple(_made(settings)) if settings.network.made else ()


def _made(settings: GkeSettings) -> Iterator[CloudResource]:
    net = settings.network
    yield _network(settings)
    yield _nodes(settings)
    if net.proxy_only_cidr is not None:
        yield _proxy_only(settings, net.proxy_only_cidr)
    if net.nat:
        yield from _nat(settings)
    else:
        yield _route(settings)


def _network(settings: GkeSettings) -> CloudResource:
    net = settings.network
    return resource(
        "compute.googleapis.com/Network",
        net.network,
        "google_compute_network.platform",
        GROUP,
        body={
            "name": net.network,
            "autoCreateSubnetworks": False,
            "routingConfig": {"routingMode": "REGIONAL"},
            # Made by an object of its own; constraints on networks see it here.
            "peerings": list(peerings(settings)) or None,
        },
        attributes={
            "project": network_project(settings),
            "name": net.network,
            "auto_create_subnetworks": False,
            "routing_mode": "REGIONAL",
            # Without NAT nothing may leave but towards Google's APIs, for which there is a route of its own.
            "delete_default_routes_on_create": not net.nat,
        },
        after=enabled(settings, "compute"),
    )


def _nodes(settings: GkeSettings) -> CloudResource:
    net = settings.network
    ranges = [
        (name, cidr)
        for name, cidr in ((net.pods_range, net.pods_cidr), (net.services_range, net.services_cidr))
        if cidr is not None
    ]
    return resource(
        "compute.googleapis.com/Subnetwork",
        net.subnetwork,
        "google_compute_subnetwork.nodes",
        GROUP,
        body={
            "name": net.subnetwork,
            "network": network(settings),
            "region": net.region,
            "ipCidrRange": net.nodes_cidr,
            "secondaryIpRanges": [{"rangeName": name, "ipCidrRange": cidr} for name, cidr in ranges],
            "purpose": "PRIVATE",
            "privateIpGoogleAccess": True,
            "stackType": "IPV4_ONLY",
            "logConfig": (
                {
                    "enable": True,
                    "flowSampling": net.flow_sampling,
                    "metadata": "INCLUDE_ALL_METADATA",
                    "aggregationInterval": INTERVAL,
                }
                if net.flow_logs
                else None
            ),
        },
        attributes={
            "project": network_project(settings),
            "name": net.subnetwork,
            "network": network(settings),
            "region": region(settings),
            "ip_cidr_range": net.nodes_cidr,
            "secondary_ip_range": [{"range_name": name, "ip_cidr_range": cidr} for name, cidr in ranges],
            "purpose": "PRIVATE",
            "private_ip_google_access": True,
            "stack_type": "IPV4_ONLY",
            "log_config": (
                {
                    "flow_sampling": net.flow_sampling,
                    "metadata": "INCLUDE_ALL_METADATA",
                    "aggregation_interval": INTERVAL,
                }
                if net.flow_logs
                else None
            ),
        },
        irreversible="ranges can grow but never shrink or move",
        costs="flow logs, by volume" if net.flow_logs else "",
    )


def _proxy_only(settings: GkeSettings, cidr: str) -> CloudResource:
    net = settings.network
    name = f"{net.subnetwork}-proxies"
    # Flow logs can't be had here: the purpose refuses them.
    return resource(
        "compute.googleapis.com/Subnetwork",
        name,
        "google_compute_subnetwork.proxies",
        GROUP,
        body={
            "name": name,
            "network": network(settings),
            "region": net.region,
            "ipCidrRange": cidr,
            "purpose": "REGIONAL_MANAGED_PROXY",
            "role": "ACTIVE",
        },
        attributes={
            "project": network_project(settings),
            "name": name,
            "network": network(settings),
            "region": region(settings),
            "ip_cidr_range": cidr,
            "purpose": "REGIONAL_MANAGED_PROXY",
            "role": "ACTIVE",
        },
        irreversible="the range can never be changed; one per region and network",
    )


def _route(settings: GkeSettings) -> CloudResource:
    name = f"{settings.network.network}-google-apis"
    return resource(
        "compute.googleapis.com/Route",
        name,
        "google_compute_route.google_apis",
        GROUP,
        body={
            "name": name,
            "network": network(settings),
            "destRange": vip_range(settings),
            "nextHopGateway": f"projects/{settings.network.project}/global/gateways/default-internet-gateway",
            "priority": 1000,
        },
        attributes={
            "project": network_project(settings),
            "name": name,
            "network": network(settings),
            "dest_range": vip_range(settings),
            # Google's own backbone answers these addresses; nothing reaches the internet by this route.
            "next_hop_gateway": "default-internet-gateway",
            "priority": 1000,
        },
    )


def _nat(settings: GkeSettings) -> Iterator[CloudResource]:
    net = settings.network
    router, nat = f"{net.network}-router", f"{net.network}-nat"
    subnet = reference("google_compute_subnetwork.nodes.id", "")
    ranges = ("PRIMARY_IP_RANGE", "LIST_OF_SECONDARY_IP_RANGES")
    # The API's router holds its gateways; Terraform makes each of them by itself. Constraints look at both.
    body = {
        "name": nat,
        "natIpAllocateOption": "AUTO_ONLY",
        "sourceSubnetworkIpRangesToNat": "LIST_OF_SUBNETWORKS",
        "subnetworks": [
            {
                "name": f"projects/{net.project}/regions/{net.region}/subnetworks/{net.subnetwork}",
                "sourceIpRangesToNat": ranges,
                "secondaryIpRangeNames": [net.pods_range],
            }
        ],
        "logConfig": {"enable": True, "filter": "ALL"},
    }
    yield resource(
        "compute.googleapis.com/Router",
        router,
        "google_compute_router.platform",
        GROUP,
        body={
            "name": router,
            "network": network(settings),
            "region": net.region,
            "nats": [body],
        },
        attributes={
            "project": network_project(settings),
            "name": router,
            "network": network(settings),
            "region": region(settings),
        },
    )
    yield resource(
        "compute.googleapis.com/RouterNat",
        nat,
        "google_compute_router_nat.platform",
        GROUP,
        body=body,
        attributes={
            "project": network_project(settings),
            "name": nat,
            "router": reference("google_compute_router.platform.name", router),
            "region": region(settings),
            "nat_ip_allocate_option": "AUTO_ONLY",
            "source_subnetwork_ip_ranges_to_nat": "LIST_OF_SUBNETWORKS",
            "subnetwork": [
                {"name": subnet, "source_ip_ranges_to_nat": ranges, "secondary_ip_range_names": [net.pods_range]}
            ],
            "log_config": {"enable": True, "filter": "ALL"},
        },
        costs="NAT gateway by the hour, its external addresses, and traffic",
    )
