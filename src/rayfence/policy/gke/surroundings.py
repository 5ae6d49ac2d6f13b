"""What stands around the cluster: the project, the perimeter, a notebook, logs and alerts.

Constraints: compute.skipDefaultNetworkCreation (of a project made), ainotebooks.restrictPublicIp,
ainotebooks.restrictVpcNetworks, gcp.resourceLocations, compute.restrictNonConfidentialComputing (of the notebook).
"""

from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import Observability, Perimeter, Workbench
from rayfence.model.gke_settings import NetworkSettings
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import admitted
from rayfence.policy.gke.locations import Place, is_zone, region_of, require_place

NOTEBOOK_NETWORKS: Final = "ainotebooks.restrictVpcNetworks"
NOTEBOOK_ADDRESS: Final = "ainotebooks.restrictPublicIp"
AUDIT_EXEMPTION: Final = "iam.disableAuditLoggingExemption"
IP_FORWARD: Final = ("compute.vmCanIpForward", "compute.managed.vmCanIpForward")


def project(case: Case) -> None:
    """Whether the project is made or referenced."""
    target = case.gke
    source = Source.SPEC
    if target.make_project is None:
        case.decide("gke.project", target.project, "referenced; it exists", source=source)
        return
    kept = "a project's id is never given again"
    case.decide("gke.project", target.project, f"made below {target.make_project}", source=source, irreversible=kept)
    if target.billing_account is None:
        case.refuse(
            (), ("target.gke.create.billingAccount",), "a project that is made needs an account to bill", ("name it",)
        )


def forwarding(case: Case) -> None:
    """Warn where instances may not forward packets: whether GKE's nodes need it today is not documented."""
    for rule in case.rules.binding(*IP_FORWARD):
        project_name = f"projects/{case.gke.project}"
        if rule == IP_FORWARD[0] and case.rules.verdict(rule, project_name).allowed:
            continue
        case.warnings.append(
            f"{rule} ({case.rules.source(rule)}): nodes of older clusters forwarded packets and were refused; whether "
            "those of Dataplane V2 still do is not documented: try it in a dry run, or have this project exempted"
        )


def observability(case: Case) -> Observability:
    """Audit configs of every service without exempted members; alerts, unless switched off."""
    wanted = case.gke.observability
    reason = "who read and wrote what, of every service, and nobody is exempted"
    case.decide(
        "gke.audit", "all logs of all services", reason, serves=(AUDIT_EXEMPTION,), costs="logs are paid by volume"
    )
    if not wanted.alerts:
        field = "observability.alerts"
        waiver = case.refuse_unwaived("alerts", field, "nobody would hear of misuse", "leave alerts out")
        case.decide("gke.alerts", False, "as specified", waiver=waiver, source=Source.SPEC)
        return wanted
    case.decide("gke.alerts", True, "somebody hears of misuse")
    if not wanted.channels:
        case.warnings.append("observability.channels: alerts have no channel, so nobody is told")
    return wanted


def perimeter(case: Case) -> Perimeter | None:
    """VPC Service Controls, in a dry run first."""
    wanted = case.gke.perimeter
    if wanted is None:
        case.decide("gke.perimeter", None, "not asked for: leaked credentials work from anywhere")
        return None
    if wanted.enforced:
        case.decide("gke.perimeter", "enforced", "as specified", source=Source.SPEC)
        if not wanted.access_levels:
            case.warnings.append(
                "perimeter.accessLevels: nobody comes in from outside an enforced perimeter, neither Terraform nor "
                "kubectl: name the access level of your pipeline and administrators, unless they run inside"
            )
        return wanted
    case.decide("gke.perimeter", "dry run", "what would be refused is logged first; then set enforced: true")
    return wanted


def workbench(case: Case, place: Place, network: NetworkSettings, confidential: tuple[str, ...]) -> Workbench | None:
    """A notebook in the cluster's network, without an external address. `confidential`: rules that demand it."""
    wanted, field = case.gke.workbench, "workbench"
    if wanted is None:
        return None
    if not is_zone(wanted.zone) or region_of(wanted.zone) != place.region:
        problem = f"{wanted.zone} is no zone of {place.region}, where the cluster's subnet is"
        case.refuse((), (f"{field}.zone",), problem, (f"choose among {', '.join(place.zones)}",))
    else:
        require_place(case, wanted.zone, f"{field}.zone", "the notebook")
    path = f"projects/{network.project}/global/networks/{network.network}"
    verdict = case.rules.verdict(NOTEBOOK_NETWORKS, path)
    if not verdict.allowed:
        remedies = ("remove workbench", "ask for the exception below")
        why = "the notebook reaches the Ray clusters by their internal addresses"
        case.refuse((NOTEBOOK_NETWORKS,), (field,), verdict.reason, remedies, admitted(NOTEBOOK_NETWORKS, path, why))
    rules = (NOTEBOOK_ADDRESS, NOTEBOOK_NETWORKS)
    reason = "reached through Google's proxy, never by an address of its own"
    case.decide("gke.workbench", wanted.name, reason, serves=rules, source=Source.SPEC, costs="an instance runs")
    memory = "SEV" if confidential else None
    reason = "the host can't read its memory" if confidential else "not demanded"
    case.decide("gke.workbench.confidential", memory, reason, serves=confidential)
    return wanted
