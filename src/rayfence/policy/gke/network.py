"""The network: whose it is, its ranges, NAT, flow logs, and the way to Google's APIs.

Constraints: compute.skipDefaultNetworkCreation, restrictSharedVpcHostProjects, restrictSharedVpcSubnetworks,
restrictVpcPeering, restrictCloudNATUsage, requireVpcFlowLogs, disablePrivateServiceConnectCreationForConsumers.
Leaves out firewall rules (`render.gcp`) and whether an inherited one closes a flow.
"""

from typing import Final

from rayfence.model.decision import Source
from rayfence.model.frozen import dataclass
from rayfence.model.gke import IapScope, Network, NetworkKind
from rayfence.model.gke_settings import NetworkSettings
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import admitted
from rayfence.policy.gke.locations import Place

HOSTS: Final = "compute.restrictSharedVpcHostProjects"
SUBNETS: Final = "compute.restrictSharedVpcSubnetworks"
PEERING: Final = "compute.restrictVpcPeering"
NAT: Final = "compute.restrictCloudNATUsage"
FLOW_LOGS: Final = "compute.requireVpcFlowLogs"
DEFAULT_NETWORK: Final = "compute.skipDefaultNetworkCreation"
CONSUMERS: Final = "compute.disablePrivateServiceConnectCreationForConsumers"

#: Ranges of a network of the cluster's own, which touches no other: nodes, pods, services, proxies.
OWN_RANGES: Final = ("10.0.0.0/20", "10.4.0.0/14", "10.8.0.0/20", "10.9.0.0/23")

#: Sampling of flow logs that each level of the constraint admits. Source: compute.requireVpcFlowLogs.
SAMPLING: Final = {"LIGHT": 0.5, "COMPREHENSIVE": 1.0, "ESSENTIAL": 0.4}


@dataclass(frozen=True, slots=True)
class _Ranges:
    nodes: str | None
    pods: str | None
    services: str | None
    proxies: str | None


def network(case: Case, place: Place) -> NetworkSettings:
    """Decide every setting of the network.

    1. Whose network, and by which names.
    2. Ranges, where subnets are made.
    3. Whether the organisation lets it be used and joined.
    4. The ways out: none but Google's APIs, unless NAT is asked for and allowed.
    5. What is logged.
    """
    wanted = case.gke.network
    made = wanted.kind in {NetworkKind.OWN, NetworkKind.SPOKE}
    project = wanted.host_project or case.gke.project if wanted.kind is NetworkKind.SHARED_VPC else case.gke.project
    name, subnetwork = _names(case, wanted, made)  # 1
    ranges = _ranges(case, wanted, made)  # 2
    if wanted.kind is NetworkKind.SHARED_VPC:  # 3
        _shared(case, wanted, subnet_path(project, place.region, subnetwork))
    peering = wanted.kind is NetworkKind.SPOKE and "/networks/" in (wanted.hub or "")
    if wanted.kind is NetworkKind.SPOKE:
        _joined(case, wanted, peering)
    nat = _nat(case, wanted, subnet_path(project, place.region, subnetwork))  # 4
    vip = _vip(case)
    flow_logs, sampling = _flow_logs(case, wanted, made)  # 5
    case.decide(
        "gke.network.manage_firewall",
        wanted.manage_firewall,
        "rules are written by us" if wanted.manage_firewall else "rules are printed for the owner of the host project",
        source=case.said(f"target.gke.network.{wanted.kind}.manageFirewall"),
    )
    return NetworkSettings(
        kind=wanted.kind,
        project=project,
        network=name,
        subnetwork=subnetwork,
        region=place.region,
        made=made,
        nodes_cidr=ranges.nodes,
        pods_cidr=ranges.pods,
        services_cidr=ranges.services,
        pods_range=wanted.pods_range,
        services_range=wanted.services_range,
        proxy_only_cidr=ranges.proxies,
        hub=wanted.hub,
        peering=peering,
        nat=nat,
        flow_logs=flow_logs,
        manage_firewall=wanted.manage_firewall,
        vip=vip,
        flow_sampling=sampling,
        iap_ssh=_ssh(case, wanted),
    )


def spec_field(wanted: Network, name: str) -> str:
    """A field of the network, where the spec has it: below its kind."""
    return f"target.gke.network.{wanted.kind}.{name}"


def subnet_path(project: str, region: str, subnetwork: str) -> str:
    """A subnet as constraints name it."""
    return f"projects/{project}/regions/{region}/subnetworks/{subnetwork}"


def _names(case: Case, wanted: Network, made: bool) -> tuple[str, str]:
    base = case.platform.name
    if made:
        name, subnetwork = wanted.network or base, wanted.subnetwork or f"{base}-nodes"
        reason = "made for this cluster; the default network is never used"
    else:
        missing = [
            field for field, value in (("network", wanted.network), ("subnetwork", wanted.subnetwork)) if not value
        ]
        if missing:
            fields = tuple(spec_field(wanted, field) for field in missing)
            case.refuse((), fields, "an existing network needs its names", ("name network and subnetwork",))
        name, subnetwork = wanted.network or base, wanted.subnetwork or f"{base}-nodes"
        reason = "as specified; the default network is never used"
        if name == "default":
            field = spec_field(wanted, "network")
            problem = "the default network admits everything from everywhere inside, and SSH from outside"
            case.refuse(
                case.rules.binding(DEFAULT_NETWORK), (field,), problem, ("name another network, or have one made",)
            )
    fixed = "a cluster can't change its network"
    source = Source.SPEC if wanted.network else Source.DEFAULT
    case.decide("gke.network.kind", wanted.kind.value, "as specified", source=Source.SPEC, irreversible=fixed)
    case.decide("gke.network.network", name, reason, serves=(DEFAULT_NETWORK,), source=source, irreversible=fixed)
    case.decide(
        "gke.network.subnetwork", subnetwork, reason, serves=(DEFAULT_NETWORK,), source=source, irreversible=fixed
    )
    return name, subnetwork


def _ranges(case: Case, wanted: Network, made: bool) -> _Ranges:
    own = wanted.kind is NetworkKind.OWN
    given = {"nodes": wanted.nodes_cidr, "pods": wanted.pods_cidr, "services": wanted.services_cidr}
    settled: dict[str, str | None] = {}
    for (label, asked), default in zip(given.items(), OWN_RANGES, strict=False):
        settled[label] = asked or (default if own else None)
        if made and settled[label] is None:
            _need_range(case, label)
        elif settled[label] is not None:
            reason = "as specified" if asked else "a network of its own touches no other: any private range is free"
            source = Source.SPEC if asked else Source.DEFAULT
            kept = "ranges of a cluster stay"
            case.decide(f"gke.network.{label}_cidr", settled[label], reason, source=source, irreversible=kept)
    return _Ranges(settled["nodes"], settled["pods"], settled["services"], _proxies(case, wanted, own))


def _proxies(case: Case, wanted: Network, own: bool) -> str | None:
    iap = case.gke.iap
    proxies = wanted.proxy_only_cidr or (OWN_RANGES[3] if own and iap is not None else None)
    if proxies is None:
        if iap is not None and iap.scope is not IapScope.GLOBAL:
            need_proxy_range(case, "the load balancer of a region needs a subnet for its proxies")
        return None
    source = Source.SPEC if wanted.proxy_only_cidr else Source.DEFAULT
    reason = "regional load balancers have their proxies here"
    case.decide("gke.network.proxy_only_cidr", proxies, reason, source=source)
    return proxies


def _need_range(case: Case, label: str) -> None:
    case.refuse(
        (),
        (spec_field(case.gke.network, f"{label}Cidr"),),
        f"a network that is joined to others needs a range for {label} that is free there",
        (f"ask the network's owner for a range and set {label}Cidr",),
    )


def need_proxy_range(case: Case, problem: str) -> None:
    """Record that the range of the proxies is missing."""
    field = spec_field(case.gke.network, "proxyOnlyCidr")
    case.refuse((), (field,), problem, ("set proxyOnlyCidr to a free range of 64 addresses or more",))


def _shared(case: Case, wanted: Network, subnet: str) -> None:
    if wanted.host_project is None:
        case.refuse(
            (), (spec_field(wanted, "hostProject"),), "a Shared VPC has a host project", ("name it in hostProject",)
        )
        return
    host = f"projects/{wanted.host_project}"
    case.decide(
        "gke.network.project", wanted.host_project, "host of the Shared VPC", serves=(HOSTS,), source=Source.SPEC
    )
    for rule, value, field in ((HOSTS, host, "hostProject"), (SUBNETS, subnet, "subnetwork")):
        verdict = case.rules.verdict(rule, value)
        if not verdict.allowed:
            case.refuse(
                (rule,),
                (spec_field(wanted, field),),
                f"the organisation does not let this project use it: {verdict.reason}",
                ("use a host project and subnet that are allowed", "ask for the exception below"),
                admitted(rule, value, "the Ray cluster's nodes have their addresses in that subnet"),
            )


def _joined(case: Case, wanted: Network, peering: bool) -> None:
    field = spec_field(wanted, "hub")
    if wanted.hub is None:
        case.refuse((), (field,), "a spoke joins a hub", ("name the hub, or use kind: own",))
        return
    way = "network peering" if peering else "a spoke of Network Connectivity Center"
    case.decide(
        "gke.network.hub", wanted.hub, f"joined by {way}", serves=(PEERING,) if peering else (), source=Source.SPEC
    )
    verdict = case.rules.verdict(PEERING, wanted.hub)
    if peering and not verdict.allowed:
        case.refuse(
            (PEERING,),
            (field,),
            f"the organisation does not let this network be peered: {verdict.reason}",
            (
                "join a Network Connectivity Center hub instead: projects/P/locations/global/hubs/H",
                "ask for the exception below",
            ),
            admitted(PEERING, wanted.hub, "the platform is reached from the organisation's networks through that hub"),
        )


def _ssh(case: Case, wanted: Network) -> bool:
    """Whether IAP's TCP forwarding reaches the nodes."""
    reason = "nobody reaches a node by SSH"
    if wanted.iap_ssh:
        reason = "from IAP's addresses only, for whoever holds roles/iap.tunnelResourceAccessor and passes OS Login"
    case.decide("gke.network.iap_ssh", wanted.iap_ssh, reason, source=case.said(spec_field(wanted, "iapSsh")))
    return wanted.iap_ssh


def _nat(case: Case, wanted: Network, subnet: str) -> bool:
    path = "gke.network.nat"
    if not wanted.nat:
        source = case.said(spec_field(wanted, "nat"))
        reason = "nodes reach Google's APIs by a private way and nothing else"
        case.decide(path, False, reason, serves=(NAT,), source=source)
        return False
    verdict = case.rules.verdict(NAT, subnet)
    if not verdict.allowed:
        case.refuse(
            (NAT,),
            (spec_field(wanted, "nat"),),
            f"the organisation allows no NAT of our own: {verdict.reason}",
            (
                "set nat: false; images and packages then come from the platform's own repositories",
                "ask for the exception below",
            ),
            admitted(NAT, subnet, "jobs need addresses on the Internet that no repository of ours mirrors"),
        )
        case.decide(path, False, "the organisation allows no NAT of our own", serves=(NAT,))
        return False
    if wanted.kind is NetworkKind.SHARED_VPC:
        remedy = "set nat: false; where the host project has a NAT, it serves this subnet already"
        case.refuse((), (spec_field(wanted, "nat"),), "a NAT of a Shared VPC belongs to its host project", (remedy,))
        return False
    costs = "a NAT gateway is paid by the hour and by traffic"
    case.decide(path, True, "jobs may open connections to the Internet", source=Source.SPEC, costs=costs)
    case.warnings.append(
        f"{spec_field(wanted, 'nat')}: every pod that its network policy lets out can reach the whole Internet"
    )
    return True


def _vip(case: Case) -> str:
    if case.gke.perimeter is not None:
        case.decide(
            "gke.network.vip",
            "restricted",
            "inside a perimeter only services it controls are reached",
            serves=(CONSUMERS,),
        )
        return "restricted"
    case.decide("gke.network.vip", "private", "Google's APIs are reached without the Internet", serves=(CONSUMERS,))
    return "private"


def _flow_logs(case: Case, wanted: Network, made: bool) -> tuple[bool, float]:
    path = "gke.network.flow_logs"
    levels = [level for level in SAMPLING if case.rules.verdict(FLOW_LOGS, level).allowed]
    sampling = SAMPLING[levels[0]] if levels else max(SAMPLING.values())
    case.warn_undecided(FLOW_LOGS, taken="flow logs are on, all of them sampled")
    if not made:
        case.decide(path, False, "the subnet is not ours: its owner decides about flow logs", source=Source.SPEC)
        return False, sampling
    binding = case.rules.binding(FLOW_LOGS)
    if wanted.flow_logs or binding:
        reason = "who spoke to whom can be told afterwards"
        case.decide(path, True, reason, serves=(FLOW_LOGS,), costs="logs are paid by volume")
        return True, sampling
    field = spec_field(wanted, "flowLogs")
    problem = "without flow logs nobody can tell afterwards who spoke to whom"
    waiver = case.refuse_unwaived("flow-logs", field, problem, "leave flowLogs out")
    case.decide(path, False, "as specified", waiver=waiver, source=Source.SPEC)
    return False, sampling
