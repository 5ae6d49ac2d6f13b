"""How the platform's network is joined with others: attached to a host project, peered with a hub, an NCC spoke.

Leaves out: the other side of a peering and of an NCC hub, which their owners make. Source: Compute Engine API v1,
`projects.enableXpnResource`, `networks.addPeering`; Network Connectivity API v1, `spokes.create`; GKE, "Shared VPC".
"""

from collections.abc import Iterator, Mapping

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import (
    agent_member,
    enabled,
    labels,
    network,
    network_project,
    project,
    project_number,
    region,
    shared,
)
from rayfence.render.gcp.values import Text, reference, text


def join_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """The join that the kind of network asks for; nothing for a VPC on its own."""
    net = settings.network
    if shared(settings):
        return tuple(_attachment(settings))
    if net.kind is NetworkKind.SPOKE and net.hub is not None:
        return (_peering(settings, net.hub) if net.peering else _spoke(settings, net.hub),)
    return ()


def peering_name(settings: GkeSettings) -> str:
    """Name of the peering with the hub."""
    return f"{settings.network.network}-hub"


def peerings(settings: GkeSettings) -> tuple[Mapping[str, object], ...]:
    """The network's peerings as the API writes them: one, where the network is peered with its hub."""
    net = settings.network
    if net.kind is not NetworkKind.SPOKE or net.hub is None or not net.peering:
        return ()
    return (
        {
            "name": peering_name(settings),
            "network": net.hub,
            "exchangeSubnetRoutes": True,
            "importCustomRoutes": True,
            "exportCustomRoutes": False,
            "exportSubnetRoutesWithPublicIp": False,
            "importSubnetRoutesWithPublicIp": False,
        },
    )


def host_members(settings: GkeSettings) -> tuple[tuple[str, Text], ...]:
    """Who uses the host project's subnet: GKE's agent and the agent that makes instances."""
    return (
        ("gke", agent_member(settings, "container-engine-robot")),
        ("apis", text("serviceAccount:", project_number(settings), "@cloudservices.gserviceaccount.com")),
    )


def _attachment(settings: GkeSettings) -> Iterator[CloudResource]:
    attached = "google_compute_shared_vpc_service_project.platform"
    yield resource(
        "compute.googleapis.com/SharedVpcAttachment",
        f"{settings.network.project} {settings.project}",
        attached,
        "network",
        body={"xpnResource": {"id": settings.project, "type": "PROJECT"}},
        attributes={"host_project": network_project(settings), "service_project": project(settings)},
        after=enabled(settings, "compute", "container"),
    )
    for name, member in host_members(settings):
        # On the one subnet, not on the host project: other subnets stay out of reach.
        yield resource(
            "iam.googleapis.com/AllowPolicy",
            f"{settings.network.subnetwork} {name}",
            f"google_compute_subnetwork_iam_member.{name}",
            "network",
            body={"bindings": [{"role": "roles/compute.networkUser", "members": [member]}]},
            attributes={
                "project": network_project(settings),
                "region": region(settings),
                "subnetwork": settings.network.subnetwork,
                "role": "roles/compute.networkUser",
                "member": member,
            },
            after=(attached,),
        )
    agent = agent_member(settings, "container-engine-robot")
    yield resource(
        "iam.googleapis.com/AllowPolicy",
        f"{settings.network.project} gke",
        "google_project_iam_member.host_agent",
        "network",
        body={"bindings": [{"role": "roles/container.hostServiceAgentUser", "members": [agent]}]},
        attributes={
            "project": network_project(settings),
            "role": "roles/container.hostServiceAgentUser",
            "member": agent,
        },
        after=(attached,),
    )


def _peering(settings: GkeSettings, hub: str) -> CloudResource:
    name = peering_name(settings)
    return resource(
        "compute.googleapis.com/NetworkPeering",
        name,
        "google_compute_network_peering.hub",
        "network",
        body={"networkPeering": next(iter(peerings(settings)))},
        attributes={
            "name": name,
            "network": network(settings),
            "peer_network": hub,
            "import_custom_routes": True,
            "export_custom_routes": False,
            "export_subnet_routes_with_public_ip": False,
            "import_subnet_routes_with_public_ip": False,
        },
    )


def _spoke(settings: GkeSettings, hub: str) -> CloudResource:
    net = settings.network
    name = f"{net.network}-spoke"
    path = f"https://www.googleapis.com/compute/v1/projects/{net.project}/global/networks/{net.network}"
    return resource(
        "networkconnectivity.googleapis.com/Spoke",
        name,
        "google_network_connectivity_spoke.platform",
        "network",
        body={
            "name": f"projects/{net.project}/locations/global/spokes/{name}",
            "hub": hub,
            "linkedVpcNetwork": {"uri": path},
            "labels": labels(settings),
        },
        attributes={
            "project": network_project(settings),
            "name": name,
            "location": "global",
            "hub": hub,
            "linked_vpc_network": {"uri": reference("google_compute_network.platform.self_link", path)},
            "labels": labels(settings),
        },
        after=enabled(settings, "networkconnectivity"),
        irreversible="hub and network of a spoke are fixed",
    )
