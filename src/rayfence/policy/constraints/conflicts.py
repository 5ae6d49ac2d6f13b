"""Violated constraints as conflicts: which fields of the spec decide it, what would reconcile them, what to ask for.

A violation that a criterion of `policy` refused already is left to it: it knows more. For every other one, and for the
organisation's own constraints above all, the field that a condition read is led back to the field of the spec behind
it. Some settings serve one rule and break another: then both are named, for only their owner can choose.
"""

import datetime
from collections.abc import Iterator, Sequence
from typing import Final

from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.frozen import dataclass
from rayfence.model.gke import GkeTarget
from rayfence.model.outcome import ConstraintOutcome, Outcome, PolicyConflict
from rayfence.policy.basis import Rules
from rayfence.policy.basis.petitions import Petition, letter, tagged
from rayfence.policy.constraints.table import criteria


@dataclass(frozen=True, slots=True)
class Lever:
    """The `field` of the spec behind API fields that start with `read`. `opposed`: rules that want the other way."""

    read: str
    field: str
    remedy: str
    opposed: tuple[str, ...] = ()


_DNS_ONLY: Final = ("container.managed.enableControlPlaneDNSOnlyAccess",)
_ACCESS: Final = (
    "set access: private with the networks that may connect; whether GKE then fills this older field is not "
    "documented: try it in dry run"
)
_MACHINES: Final = "choose for every pool a machine that encrypts its memory"

#: The first that fits counts.
LEVERS: Final = (
    Lever("masterAuthorizedNetworksConfig", "target.gke.controlPlane.access", _ACCESS, _DNS_ONLY),
    Lever("privateClusterConfig.enablePrivateEndpoint", "target.gke.controlPlane.access", _ACCESS, _DNS_ONLY),
    Lever("controlPlaneEndpointsConfig", "target.gke.controlPlane.access", "choose another access", _DNS_ONLY),
    Lever("confidentialNodes", "target.gke.pools", f"{_MACHINES}; the cluster is then confidential as a whole"),
    Lever("config.confidentialNodes", "target.gke.pools", _MACHINES),
    Lever("config.sandboxConfig", "target.gke.pools", "set sandbox: true on every pool; Ray's object store is slower"),
    Lever("config.machineType", "target.gke.pools", "choose another machineType"),
    Lever("nodeConfig.machineType", "target.gke.pools", "choose another machineType"),
    Lever("config.imageType", "target.gke.pools", "choose another imageType"),
    Lever("config.spot", "target.gke.pools", "set spot the other way"),
    Lever("config.accelerators", "target.gke.pools", "choose another gpu, or none"),
    Lever("config.diskSizeGb", "target.gke.pools", "choose another diskGib"),
    Lever("config.bootDiskKmsKey", "encryption", "name a key, or have one made"),
    Lever("databaseEncryption", "encryption", "name a key, or have one made"),
    Lever("kmsKeyName", "encryption", "name a key, or have one made"),
    Lever("versionTemplate", "encryption.make.protection", "choose another protection"),
    Lever("rotationPeriod", "encryption.make.rotationDays", "choose another number of days"),
    Lever("locations", "target.gke.nodeLocations", "choose other zones"),
    Lever("location", "target.gke.location", "name another location: a region without a zone makes a regional cluster"),
    Lever("releaseChannel", "patching.channel", "choose another channel"),
    Lever("maintenancePolicy", "patching", "choose another window"),
    Lever("autopilot", "target.gke.mode", "choose the other mode"),
    Lever("authenticatorGroupsConfig", "target.gke.securityGroup", "name gke-security-groups@DOMAIN"),
    Lever("binaryAuthorization", "supplyChain", "leave dryRun out"),
    Lever("addonsConfig.rayOperatorConfig", "operator.source", "choose another source"),
    Lever("peerings", "target.gke.network", "join a Network Connectivity Center hub, or none"),
    Lever("networkPeering", "target.gke.network", "join a Network Connectivity Center hub, or none"),
    Lever("nats", "target.gke.network", "set nat: false"),
    Lever("natIpAllocateOption", "target.gke.network", "set nat: false"),
    Lever("ipCidrRange", "target.gke.network", "choose another range"),
    Lever("visibility", "exposure.iap.dns", "choose private the other way"),
    Lever("bindings", "tenants", "name other members, or other roles of access"),
)


def conflicts_of(
    outcomes: Sequence[ConstraintOutcome],
    known: Sequence[PolicyConflict],
    platform: ClusterPlatform,
    rules: Rules,
    today: datetime.date,
) -> tuple[PolicyConflict, ...]:
    """A conflict for each violated constraint that none of `known` names, in the order of `outcomes`."""
    named = {rule for conflict in known for rule in conflict.rules}
    served = {item.constraint for item in outcomes if item.outcome is Outcome.SATISFIED_BY}
    return tuple(
        _conflict(item, served, platform, rules, today)
        for item in outcomes
        if item.outcome is Outcome.VIOLATED and item.constraint not in named
    )


def _conflict(
    item: ConstraintOutcome, served: set[str], platform: ClusterPlatform, rules: Rules, today: datetime.date
) -> PolicyConflict:
    levers = tuple(dict.fromkeys(_levers(item.fields)))
    opposed = tuple(dict.fromkeys(rule for lever in levers for rule in lever.opposed if rule in served))
    against = "".join(f"; {rule} ({rules.source(rule)}) wants it so" for rule in opposed)
    problem = f"{item.constraint} ({item.source}): {item.reason}{against}"
    return PolicyConflict(
        (item.constraint, *opposed),
        tuple(dict.fromkeys((*(lever.field for lever in levers), *item.fields))),
        problem,
        tuple(_remedies(item, levers, opposed)),
        _request(item, opposed, platform, rules, today),
    )


def _levers(fields: Sequence[str]) -> Iterator[Lever]:
    for field in fields:
        read = field.rpartition(": ")[2]
        found = next((lever for lever in LEVERS if _leads(read, lever.read)), None)
        if found is not None:
            yield found


def _leads(read: str, start: str) -> bool:
    return read.startswith(start) and read[len(start) : len(start) + 1] in ("", ".", "[")


def _remedies(item: ConstraintOutcome, levers: Sequence[Lever], opposed: Sequence[str]) -> Iterator[str]:
    criterion = criteria().get(item.constraint)
    if criterion is not None:
        yield criterion.remedy
    elif opposed:
        yield (
            "try it in dry run: whether Google's service fills fields that the DNS endpoint leaves unset is not "
            "documented, and if it does there is no conflict"
        )
    else:
        yield from dict.fromkeys(f"{lever.field}: {lever.remedy}" for lever in levers)
        if not levers:
            yield "none in the spec: rayfence sets what the constraint looks at itself, always in this way"
    yield "ask for the exception below"


def _request(
    item: ConstraintOutcome, opposed: Sequence[str], platform: ClusterPlatform, rules: Rules, today: datetime.date
) -> str:
    target = platform.target
    project = target.project if isinstance(target, GkeTarget) else platform.name
    policy = rules.facts.policies.get(item.constraint)
    why = f"{item.reason}; no setting can serve it and {', '.join(opposed)}" if opposed else item.reason
    petition = tagged(item.constraint, rules.organization(), why)
    if policy is not None and policy.values is not None:
        planned = ", ".join(item.fields)
        change = f"set the policy at this project alone so that it also admits what is planned: {planned}"
        petition = Petition(item.constraint, change, why)
    return letter(petition, platform.organization.owner, project, platform.name, today)
