"""Settings of the Kubernetes half: the operator and its gates, the datapath, images, packages, spill volumes.

Covers both targets; what differs on GKE comes in as `Ground`. Source: KubeRay 1.5.1 to 1.7.0.
"""

import re
from collections.abc import Iterator
from typing import Final

from rayfence.model.cluster_platform import Datapath, KubernetesTarget, OperatorSource
from rayfence.model.cluster_resolution import KubernetesSettings
from rayfence.model.decision import Source
from rayfence.model.frozen import dataclass
from rayfence.model.gke import GkeTarget
from rayfence.model.tenancy import ClusterTenant, RayPods
from rayfence.policy.basis import Case
from rayfence.policy.tenantrays import tenant_version_conflicts

#: The first operator that can make Ray ask for a token. Below it every port runs code for whoever reaches it.
FLOOR: Final = "1.5.1"
#: First release of each gate that we know.
GATES: Final = {
    "RayClusterStatusConditions": "1.5.1",
    "RayJobDeletionPolicy": "1.5.1",
    "RayMultiHostIndexing": "1.5.1",
    "RayServiceIncrementalUpgrade": "1.5.1",
    "RayCronJob": "1.6.0",
    "RayClusterMTLS": "1.7.0",
    "RayClusterNetworkPolicy": "1.7.0",
    "RayClusterHistoryServer": "1.7.0",
    "GCSFaultToleranceEmbeddedStorage": "1.7.0",
    "KubernetesWAS": "1.7.0",
    "SidecarSubmitterRestart": "1.7.0",
}
CRON_GATE: Final = "RayCronJob"
MTLS_GATE: Final = "RayClusterMTLS"

#: StorageClass of spill volumes where a key is demanded; it is ours.
SPILL_CLASS: Final = "rayfence-spill"
#: GKE's own class, where no key is demanded.
GKE_SPILL_CLASS: Final = "premium-rwo"

_VERSION: Final = re.compile(r"v?(\d{1,4})\.(\d{1,4})\.(\d{1,4})", re.ASCII)
_DIGEST: Final = re.compile(r"[^@\s]+@sha256:[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Ground:
    """What the cluster below gives: `prefix` of its own image repository, `index` its package mirror, `key` its key."""

    datapath: Datapath
    on_gke: bool = False
    autopilot: bool = False
    metadata_server: bool = False
    prefix: str | None = None
    index: str | None = None
    key: str | None = None
    isolated: bool = False  # there is no way to the Internet


def kubernetes(case: Case, ground: Ground) -> KubernetesSettings:
    """Decide what renderers of Kubernetes objects must know.

    1. The operator's version, at or above the floor.
    2. Its gates: those asked for, and those that a tenant's objects need.
    3. Where images and packages come from.
    4. Spill volumes.
    """
    version = _version(case)  # 1
    gates = _gates(case, version)  # 2
    registries = _registries(case, ground)  # 3
    _gateway(case)
    case.decide("kubernetes.ray_floor", case.versions.floor, "older Ray has published holes: admission refuses it")
    case.conflicts.extend(tenant_version_conflicts(case.platform.tenants, case.versions))
    index = _index(case, ground)
    spill_class = _spill_class(case, ground)  # 4
    case.decide(
        "kubernetes.datapath", ground.datapath, "enforces the network policies of tenants", source=_given(ground)
    )
    target = case.platform.target
    return KubernetesSettings(
        datapath=ground.datapath,
        registries=registries,
        operator_version=version,
        operator_namespace=case.platform.operator.namespace,
        gates=gates,
        metadata_server=ground.metadata_server,
        spill_class=spill_class,
        spill_key=ground.key if spill_class == SPILL_CLASS else None,
        pip_index=index,
        api_server_cidrs=target.api_server_cidrs if isinstance(target, KubernetesTarget) else (),
        autopilot=ground.autopilot,
        on_gke=ground.on_gke,
        ray_floor=case.versions.floor,
    )


def existing_cluster(case: Case, target: KubernetesTarget) -> Ground:
    """The ground of a cluster that is not ours: what enforces its network policies must be known."""
    if target.datapath is Datapath.NONE:
        problem = "nothing enforces network policies here: any pod reaches any tenant's Ray, and runs code in it"
        remedy = "install Cilium or Calico, and set datapath"
        waiver = case.refuse_unwaived("network-policy", "target.kubernetes.datapath", problem, remedy)
        if waiver is not None:
            case.decide("kubernetes.network_policy", "not enforced", "nothing enforces it", waiver=waiver)
            case.warnings.append("target.kubernetes.datapath: tenants are not kept apart; `verify` will say so")
    return Ground(target.datapath)


def parsed(version: str) -> tuple[int, ...] | None:
    """A released version as numbers; None: it is none."""
    match = _VERSION.fullmatch(version)
    return tuple(int(part) for part in match.groups()) if match else None


def _given(ground: Ground) -> Source:
    return Source.DEFAULT if ground.on_gke else Source.SPEC


def _version(case: Case) -> str:
    operator, path = case.platform.operator, "kubernetes.operator_version"
    if operator.source is OperatorSource.ADDON:
        if isinstance(case.platform.target, KubernetesTarget):
            problem = "the add-on exists on GKE only"
            case.refuse((), ("operator.source",), problem, ("use source: manifests or existing",))
        case.decide(path, FLOOR, "the add-on's version is Google's choice; only what this one knows is used")
        case.warnings.append(
            f"operator.source: the add-on's KubeRay version is not known; objects are written for {FLOOR}, and Ray is "
            "unprotected if it is older: `verify` looks"
        )
        return FLOOR
    version = parsed(operator.version)
    if version is None:
        problem = f"{operator.version!r} is no version of KubeRay"
        case.refuse((), ("operator.version",), problem, ("write it as 1.7.0",))
    elif version < (parsed(FLOOR) or ()):
        problem = f"KubeRay {operator.version} can't make Ray ask for a token: who reaches a port runs code"
        case.refuse((), ("operator.version",), problem, (f"use {FLOOR} or newer",))
    case.decide(path, operator.version.removeprefix("v"), "as specified", source=Source.SPEC)
    if operator.source is OperatorSource.MANIFESTS and not _DIGEST.fullmatch(operator.image or ""):
        problem = "the operator may read every Secret of its tenants: its image is pinned by digest"
        case.refuse((), ("operator.image",), problem, ("set image: …@sha256:…",))
    return operator.version.removeprefix("v")


def _gates(case: Case, version: str) -> tuple[str, ...]:
    operator, path = case.platform.operator, "kubernetes.gates"
    scheduled = any(job.schedule for tenant in case.platform.tenants for job in tenant.jobs)
    wanted = tuple(dict.fromkeys((*operator.gates, *((CRON_GATE,) if scheduled else ()))))
    for gate in wanted:
        first = GATES.get(gate)
        field = "operator.gates" if gate in operator.gates else "tenants"
        if operator.source is OperatorSource.ADDON:
            problem = f"{gate} is needed, and gates of the add-on can't be set"
            case.refuse((), (field, "operator.source"), problem, ("use source: manifests",))
        elif operator.source is OperatorSource.EXISTING and gate not in operator.gates:
            problem = f"a schedule needs the gate {gate}, which this operator is not known to have on"
            case.refuse((), (field, "operator.gates"), problem, (f"name {gate} in operator.gates once it is on",))
        elif first is None:
            case.refuse((), (field,), f"{gate!r} is no gate that is known here", (f"known: {', '.join(GATES)}",))
        elif (parsed(version) or ()) < (parsed(first) or ()):
            problem = f"{gate} came with KubeRay {first}; {version} has it not"
            case.refuse((), (field, "operator.version"), problem, (f"use {first} or newer",))
    case.decide(path, wanted, "asked for, or needed by a schedule" if wanted else "none asked for", source=Source.SPEC)
    if MTLS_GATE in wanted:
        case.decide("ray.tls", "mutual, between the pods of one Ray cluster", "by the operator", source=Source.SPEC)
    else:
        case.decide(
            "ray.tls", None, f"only the operator can do it: version 1.7.0 with gate {MTLS_GATE}, and cert-manager"
        )
        case.warnings.append(
            "ray.tls: Ray pods speak in the clear to each other; network policies alone stand before them"
        )
    return wanted


def _registries(case: Case, ground: Ground) -> tuple[str, ...]:
    given = case.platform.images.registries
    settled = given or ((ground.prefix,) if ground.prefix else ())
    for index, prefix in enumerate(given):
        if not prefix.endswith("/") or prefix.count("/") < 1 or prefix == "/":
            problem = f"{prefix!r} also admits every name that begins like it"
            case.refuse((), (f"images.registries[{index}]",), problem, ("end it with /",))
    if not settled:
        case.refuse((), ("images.registries",), "no image may run", ("name where images come from",))
    source = Source.SPEC if given else Source.DEFAULT
    case.decide(
        "kubernetes.registries", settled, "images from elsewhere are refused, and those without digest", source=source
    )
    return settled


def _gateway(case: Case) -> None:
    image, field, path = case.platform.images.gateway, "images.gateway", "kubernetes.gateway"
    exposed = isinstance(case.platform.target, GkeTarget) and (case.gke.internal or case.gke.iap)
    if image is None and exposed:
        problem = "a way in from outside leads to the gateway, and the spec has none"
        case.refuse((), (field,), problem, ("set gateway: …@sha256:…", "remove exposure"))
    elif image is None:
        case.warnings.append(f"{field}: no gateway: nobody reaches a tenant's Ray but by rights of Kubernetes")
    elif not _DIGEST.fullmatch(image):
        problem = "the gateway holds the keys of its tenant: its image is pinned by digest"
        case.refuse((), (field,), problem, ("set gateway: …@sha256:…",))
    reason = "the one door to a tenant's dashboard, Jobs and Serve" if image else "the spec names no image of it"
    case.decide(path, image, reason, source=Source.SPEC)


def _index(case: Case, ground: Ground) -> str | None:
    given, path = case.platform.images.pip_index, "kubernetes.pip_index"
    if given is not None:
        case.decide(path, given, "as specified", source=Source.SPEC)
        return given
    if ground.isolated and ground.index is None:
        problem = "packages can't be fetched: there is neither NAT nor a mirror"
        remedies = ("set images.pipIndex", "add pypi to supplyChain.repositories")
        case.refuse((), ("images.pipIndex",), problem, remedies)
    index = ground.index if ground.isolated else None
    case.decide(path, index, _index_reason(case, index))
    return index


def _index_reason(case: Case, index: str | None) -> str:
    """Network policies open the way to a mirror, and to the Internet where nodes have NAT: to nothing else."""
    if index is not None:
        return "the platform's own mirror: there is no way to PyPI"
    if isinstance(case.platform.target, GkeTarget):
        return "jobs use PyPI's own, through NAT"
    return "no mirror is named: jobs install nothing, for network policies close the way to PyPI"


def _spill_class(case: Case, ground: Ground) -> str | None:
    """The class of volumes: for spilling, and for the trail of gateways."""
    path, target = "kubernetes.spill_class", case.platform.target
    spills = any(pods.spill_gib for pods in ray_pods(case))
    if not spills and case.platform.images.gateway is None:  # the trail of a gateway lies on a volume too
        case.decide(path, None, "nothing spills to a volume")
        return None
    if ground.key is not None:
        case.decide(path, SPILL_CLASS, "volumes are encrypted with the platform's key")
        return SPILL_CLASS
    given = target.storage_class if isinstance(target, KubernetesTarget) else GKE_SPILL_CLASS
    if given is None and not spills:
        case.decide(path, None, "the cluster's default class for the trails of gateways; name one to choose")
        return None
    if given is None:
        problem = "spilling needs volumes, and no class of them is named"
        case.refuse((), ("target.kubernetes.storageClass",), problem, ("set storageClass",))
    case.decide(path, given, "no key is demanded", source=_given(ground))
    return given


def ray_pods(case: Case) -> tuple[RayPods, ...]:
    """What Ray objects of all tenants are made of."""
    return tuple(pods for tenant in case.platform.tenants for pods in _pods_of(tenant))


def _pods_of(tenant: ClusterTenant) -> Iterator[RayPods]:
    yield from (cluster.pods for cluster in tenant.clusters)
    yield from (job.pods for job in tenant.jobs)
    yield from (service.pods for service in tenant.services)
