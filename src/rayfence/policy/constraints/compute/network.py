"""Constraints on networks: default network, Shared VPC, peering, NAT, flow logs, names.

Leaves out: load balancers (`balancing`), endpoints and IPv6 (`endpoints`). A subnet or network of others was made by
others: only what is rendered here is judged, and what the cluster refers to. Sources: Google Cloud, "Organization
policy constraints"; VPC, "Organization policy constraints for VPC Flow Logs".
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.criterion import (
    Case,
    Criterion,
    Finding,
    Mark,
    irrelevant,
    satisfied,
    unknown,
    weigh,
)
from rayfence.policy.constraints.rendered import (
    Body,
    Item,
    Rendered,
    at,
    compute_path,
    items_at,
    last,
    project_of,
    text_at,
)

SUBNET: Final = "google_compute_subnetwork"
FORWARDING: Final = ("google_compute_forwarding_rule", "google_compute_global_forwarding_rule")
#: Purposes of subnets that hold Google's proxies, where flow logs can't be had.
PROXY_PURPOSES: Final = frozenset(
    {"REGIONAL_MANAGED_PROXY", "GLOBAL_MANAGED_PROXY", "INTERNAL_HTTPS_LOAD_BALANCER", "PRIVATE_SERVICE_CONNECT"}
)
_NO_NETWORK: Final = irrelevant("the platform makes no network and no cluster")


def network_project(rendered: Rendered) -> str:
    """Project of the network: the host project of a Shared VPC."""
    gke = rendered.resolution.gke
    return gke.network.project if gke else rendered.project


def _default_network(case: Case) -> Finding:
    rendered = case.rendered
    if rendered.cluster is None:
        return _NO_NETWORK
    made = {item.name for item in rendered.of("google_compute_network")}
    marks = []
    for key in ("network", "subnetwork"):
        named = last(text_at(rendered.cluster.body, key))
        absent = not named or (named == "default" and named not in made)
        problem = f"the cluster names no {key} of its own: it would look for the default one, which is not made"
        marks.append(Mark(rendered.cluster.field(key), problem if absent else ""))
    return weigh(marks, "the cluster names its network and subnet", _NO_NETWORK)


def _used_subnets(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """(field, full name) of every subnet that something is put into."""
    project, region = network_project(rendered), "REGION"
    if rendered.resolution.gke:
        region = rendered.resolution.gke.network.region
    collection = f"regions/{region}/subnetworks"
    if rendered.cluster is not None:
        name = compute_path(text_at(rendered.cluster.body, "subnetwork"), project, collection)
        yield rendered.cluster.field("subnetwork"), name
    for manifest in rendered.kubernetes("Service"):
        annotation = "networking.gke.io/internal-load-balancer-subnet"
        named = at(manifest.object, "metadata.annotations")
        if isinstance(named, Mapping) and annotation in named:
            yield (
                f"{manifest.reference}: metadata.annotations.{annotation}",
                compute_path(str(named[annotation]), project, collection),
            )
    for machine in rendered.machines:
        for number, interface in enumerate(items_at(machine.setup, "networkInterfaces")):
            for key in ("subnet", "subnetwork"):
                if text_at(interface, key):
                    field = machine.field(f"networkInterfaces[{number}].{key}")
                    yield field, compute_path(text_at(interface, key), project, collection)


def _shared_subnets(case: Case) -> Finding:
    rendered = case.rendered
    own = f"projects/{rendered.project}"
    shared = [(field, name) for field, name in _used_subnets(rendered) if name and project_of(name) != own]
    if not shared:
        return irrelevant("the platform uses no subnet of another project")
    return weigh(
        (member_mark(case, field, name, f"the subnet {name} is not admitted") for field, name in shared),
        "every shared subnet in use is admitted",
        _NO_NETWORK,
    )


def _host_projects(case: Case) -> Finding:
    rendered = case.rendered
    attachments = rendered.of("google_compute_shared_vpc_service_project")
    host = f"projects/{network_project(rendered)}"
    if not rendered.project or host == f"projects/{rendered.project}":
        return irrelevant("the platform uses no Shared VPC")
    admission = admit(case, host)
    if attachments:
        field = attachments[0].field("host_project")
        mark = member_mark(case, field, host, f"the project may not be attached to {host}")
        return weigh([mark], f"{host} is admitted", _NO_NETWORK)
    if admission.allowed:
        return satisfied(f"{host} is admitted")
    return unknown(
        f"whether the project is attached to {host} already: `gcloud compute shared-vpc get-host-project "
        f"{rendered.project}` (the rule concerns new attachments only)"
    )


def _peering(case: Case) -> Finding:
    rendered = case.rendered
    marks = []
    for item in rendered.of("google_compute_network_peering"):
        path = "networkPeering.network" if at(item.body, "networkPeering") is not None else "peerNetwork"
        peer = compute_path(text_at(item.body, path), network_project(rendered), "global/networks")
        marks.append(member_mark(case, item.field(path), peer, f"peering with {peer} is not admitted"))
    for item in rendered.of("google_service_networking_connection"):
        marks.append(Mark(item.address, missing="the project of the service's network, which Google chooses"))
    cluster = rendered.cluster
    if cluster is not None and text_at(cluster.body, "privateClusterConfig.masterIpv4CidrBlock"):
        field = cluster.field("privateClusterConfig.masterIpv4CidrBlock")
        marks.append(Mark(field, "a control plane with a CIDR of its own is reached by peering"))
    return weigh(
        marks, "every peering is admitted", satisfied("the platform peers with nothing: the control plane needs none")
    )


def _nat(case: Case) -> Finding:
    marks = []
    for field, subnet in _translated_subnets(case.rendered):
        marks.append(member_mark(case, field, subnet, f"{subnet} may not use Cloud NAT"))
    return weigh(marks, "every translated subnet is admitted", satisfied("the platform makes no Cloud NAT"))


def _translated_subnets(rendered: Rendered) -> Iterator[tuple[str, str]]:
    gateways: list[tuple[Item, str, Body]] = []
    for router in rendered.of("google_compute_router"):
        for number, nat in enumerate(items_at(router.body, "nats")):
            gateways.append((router, f"nats[{number}].", nat))
    if not gateways:
        gateways = [(item, "", item.body) for item in rendered.of("google_compute_router_nat")]
    project = network_project(rendered)
    everywhere = [
        compute_path(text_at(subnet.body, "name"), project, _region_of(subnet)) for subnet in rendered.of(SUBNET)
    ]
    for item, path, nat in gateways:
        listed = [compute_path(text_at(subnet, "name"), project, "") for subnet in items_at(nat, "subnetworks")]
        for name in listed or everywhere or [f"projects/{project}"]:
            yield item.field(f"{path}subnetworks"), name


def _region_of(subnet: Item) -> str:
    return f"regions/{last(text_at(subnet.body, 'region'))}/subnetworks"


def _flow_logs(case: Case) -> Finding:
    subnets = case.rendered.of(SUBNET)
    if not subnets:
        return irrelevant("the platform makes no subnet: the logs of others' subnets are theirs")
    return weigh((_flow_mark(case, item) for item in subnets), "every subnet logs at an admitted rate", _NO_NETWORK)


def _flow_mark(case: Case, item: Item) -> Mark:
    field = item.field("logConfig.flowSampling")
    if text_at(item.body, "purpose") in PROXY_PURPOSES:
        return Mark(field, missing=f"whether {item.address}, whose purpose refuses flow logs, is exempt")
    level = flow_level(item)
    if not level:
        return Mark(field, f"{item.address} keeps no flow logs, or too few")
    admission = admit(case, level)
    if admission.allowed:
        return Mark(field)
    lower = ("ESSENTIAL", "LIGHT", "COMPREHENSIVE")
    if any(admit(case, other).allowed for other in lower[: lower.index(level)]):
        return Mark(field, missing=f"whether {item.address} may log more ({level}) than the policy lists")
    return Mark(field, f"{item.address} logs at the level {level}, which is not admitted")


def flow_level(item: Item) -> str:
    """The level a subnet's sampling amounts to (ESSENTIAL, LIGHT, COMPREHENSIVE); empty: less, or off."""
    config = at(item.body, "logConfig")
    if not isinstance(config, Mapping) or config.get("enable") is not True:
        return ""
    rate = config.get("flowSampling", 0.5)  # the server's default
    if not isinstance(rate, int | float) or rate < 0.1:
        return ""
    return "COMPREHENSIVE" if rate >= 1 else "LIGHT" if rate >= 0.5 else "ESSENTIAL"


def _zonal_dns(case: Case) -> Finding:
    if case.rendered.of("google_project"):
        return satisfied("Google gives the new project zonal DNS by itself; nothing here relies on global names")
    return irrelevant("the platform makes no project")


def _liens(_: Case) -> Finding:
    return irrelevant("the platform removes no lien: a host project belongs to others")


CRITERIA: Final = (
    Criterion(
        "compute.skipDefaultNetworkCreation",
        "New projects have no default network, so a cluster must name its own.",
        "name network and subnet; rayfence always does",
        ("network", "subnetwork"),
        _default_network,
    ),
    Criterion(
        "compute.restrictSharedVpcSubnetworks",
        "Only listed subnets of a host project are used.",
        "`network.subnetwork` and the load balancer's subnet among the listed ones",
        ("subnetwork", "networking.gke.io/internal-load-balancer-subnet"),
        _shared_subnets,
    ),
    Criterion(
        "compute.restrictSharedVpcHostProjects",
        "The project is attached to listed host projects only.",
        "`network.hostProject` among the listed ones",
        ("network",),
        _host_projects,
    ),
    Criterion(
        "compute.restrictVpcPeering",
        "Networks are peered with listed networks only.",
        "an admitted hub network, an NCC hub, or no hub; never a control plane with a CIDR of its own",
        ("networkPeering.network", "privateClusterConfig.masterIpv4CidrBlock"),
        _peering,
    ),
    Criterion(
        "compute.restrictCloudNATUsage",
        "Only listed subnets use Cloud NAT.",
        "`network.nat: false` with mirrors in Artifact Registry, or the subnet among the listed ones",
        ("nats.subnetworks",),
        _nat,
    ),
    Criterion(
        "compute.requireVpcFlowLogs",
        "New subnets keep flow logs at a listed rate.",
        "`network.flowLogs: true`, and the rate's level among the listed ones",
        ("logConfig.enable", "logConfig.flowSampling"),
        _flow_logs,
    ),
    Criterion(
        "compute.setNewProjectDefaultToZonalDNSOnly",
        "New projects use zonal internal DNS.",
        "nothing to do",
        (),
        _zonal_dns,
        never="no spec can violate it: Google sets it when a project is made",
    ),
    Criterion(
        "compute.restrictXpnProjectLienRemoval",
        "Liens of Shared VPC host projects are removed with a right of the organisation only.",
        "nothing to do",
        (),
        _liens,
        never="no spec can satisfy or violate it: the platform neither makes nor deletes a host project",
    ),
)
