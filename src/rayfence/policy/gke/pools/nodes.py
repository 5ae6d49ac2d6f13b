"""Node pools: machines, memory encryption, images, metadata, taints.

Constraints: compute.requireShieldedVm, requireOsLogin, restrictNonConfidentialComputing, vmExternalIpAccess,
trustedImageProjects, blockProjectSshKeys, disableSerialPortLogging, each with its managed twin.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import GkeMode, NodePool
from rayfence.model.gke_settings import PoolSettings
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import admitted
from rayfence.policy.gke.pools.confidential import CONFIDENTIAL, confidential
from rayfence.policy.gke.pools.sizing import SMALLEST, SMALLEST_SYSTEM, landing, machine_for, most_nodes
from rayfence.policy.identity.accounts import node_account
from rayfence.policy.proofs.fit.pods import pod_needs

SHIELDED: Final = ("compute.requireShieldedVm", "container.managed.enableShieldedNodes")
OS_LOGIN: Final = ("compute.requireOsLogin", "compute.managed.requireOsLogin")
EXTERNAL_IP: Final = (
    "compute.vmExternalIpAccess",
    "compute.managed.vmExternalIpAccess",
    "container.managed.enablePrivateNodes",
)
SSH_KEYS: Final = ("compute.managed.blockProjectSshKeys",)
SERIAL_LOGGING: Final = ("compute.disableSerialPortLogging", "compute.managed.disableSerialPortLogging")
IMAGES: Final = "compute.trustedImageProjects"

#: Label and taint of the nodes of one tenant.
TENANT_KEY: Final = "rayfence.dev/tenant"

COS: Final = "COS_CONTAINERD"
#: Stands in a resolution whose conflicts say that no type fits.
FALLBACK: Final = "n2d-standard-8"
#: Where GKE takes node images from, by kind of image.
IMAGE_PROJECTS: Final[Mapping[str, str]] = {"COS": "projects/gke-node-images", "UBUNTU": "projects/ubuntu-os-gke-cloud"}


def pools(case: Case, zones: tuple[str, ...]) -> tuple[PoolSettings, ...]:
    """Decide every pool of a Standard cluster; an Autopilot cluster has none.

    Left out altogether, there is one pool that holds everything. Where all pools are tainted, have GPUs or a sandbox,
    the cluster's own pods get a small one.
    """
    if case.gke.mode is GkeMode.AUTOPILOT:
        if case.gke.pools:
            remedies = ("remove pools", "use mode: standard")
            case.refuse((), ("target.gke.pools",), "Autopilot makes its nodes itself", remedies)
        return ()
    if not case.gke.pools:
        return (_only_pool(case, zones),)
    settled = [_pool(case, pool, f"target.gke.pools[{index}]", zones) for index, pool in enumerate(case.gke.pools)]
    if not any(pool.tenant is None and pool.gpu is None and not pool.sandbox for pool in case.gke.pools):
        settled.append(_system_pool(case, zones))
    return tuple(settled)


def private_nodes(case: Case) -> None:
    """Nodes never have an external address; recorded once for the cluster and all its pools."""
    case.decide(
        "gke.private_nodes", True, "a node with an address of its own is reached from the Internet", serves=EXTERNAL_IP
    )


def shielded(case: Case) -> bool:
    """Secure Boot, vTPM and integrity monitoring; the cluster's flag alone does not turn Secure Boot on."""
    reason = "Secure Boot, vTPM and integrity monitoring on every node: a changed kernel does not start"
    case.decide("gke.shielded", True, reason, serves=SHIELDED)
    return True


def _only_pool(case: Case, zones: tuple[str, ...]) -> PoolSettings:
    needs = pod_needs(case.platform, case.machines.figures)
    for need in needs:
        if need.request.gpus and need.pool is None:
            problem = f"{need.name} needs GPUs, and which kind can't be guessed"
            case.refuse((), (need.path, "target.gke.pools"), problem, ("name a pool with its gpu",))
    ours = tuple(need for need in needs if not need.request.gpus)
    chosen = machine_for(None, ours, case.machines)
    most = most_nodes(chosen, ours, case.machines) if chosen else 1
    case.decide("gke.pools.ray", "made", "the spec names no pool: this one holds all pods at their maximum")
    return _pool(case, NodePool("ray", None, 1, most), "target.gke.pools", zones)


def _system_pool(case: Case, zones: tuple[str, ...]) -> PoolSettings:
    reason = "the cluster's own pods need nodes without taint, GPU or sandbox, and the spec has none"
    case.decide("gke.pools.system", "made", reason, costs="one to three nodes run always")
    return _pool(case, NodePool("system", None, 1, 3), "target.gke.pools", zones, SMALLEST_SYSTEM)


def _machine(case: Case, pool: NodePool, field: str, path: str, smallest: int) -> str:
    if pool.machine_type is not None:
        case.decide(f"{path}.machine_type", pool.machine_type, "as specified", source=Source.SPEC)
        return pool.machine_type
    needs = landing(pool, pod_needs(case.platform, case.machines.figures))
    chosen = machine_for(pool.gpu, needs, case.machines, smallest)
    if chosen is None:
        what = f" with {pool.gpu.count} x {pool.gpu.kind}" if pool.gpu else ""
        problem = f"no machine type{what} is known that holds the largest pod of pool {pool.name}"
        case.refuse((), (f"{field}.machineType",), problem, ("name the machine type", "make the pods smaller"))
        return FALLBACK
    what = "the smallest with these GPUs" if pool.gpu else "the smallest that can encrypt its memory"
    reason = f"{what} and holds every pod that may land here (types of {case.machines.types.dated})"
    case.decide(f"{path}.machine_type", chosen.name, reason, serves=CONFIDENTIAL if chosen.confidential else ())
    return chosen.name


def _pool(case: Case, pool: NodePool, field: str, zones: tuple[str, ...], smallest: int = SMALLEST) -> PoolSettings:
    path = f"gke.pools.{pool.name}"
    machine_type = _machine(case, pool, field, path, smallest)
    memory = confidential(case, pool, machine_type, field, path)
    image = _image(case, pool, field, path)
    owner = f"nodes-{pool.tenant}" if pool.tenant else "nodes"
    account = node_account(
        case, pool.service_account, f"{field}.serviceAccount", f"{path}.account", case.platform.name, owner
    )
    _sandbox(case, pool, field)
    if not 0 <= pool.min_nodes <= pool.max_nodes or pool.max_nodes == 0:
        problem = f"{pool.min_nodes} to {pool.max_nodes} nodes are no range"
        case.refuse(
            (), (f"{field}.minNodes", f"{field}.maxNodes"), problem, ("let maxNodes be the larger, and at least 1",)
        )
    costs = f"{pool.min_nodes} nodes run always" if pool.min_nodes else ""
    source = case.said(f"{field}.maxNodes")
    why = "as specified" if source is Source.SPEC else "what a small platform needs; `maxNodes` sets another end"
    case.decide(f"{path}.nodes", f"{pool.min_nodes} to {pool.max_nodes}", why, source=source, costs=costs)
    return PoolSettings(
        name=pool.name,
        machine_type=machine_type,
        min_nodes=pool.min_nodes,
        max_nodes=pool.max_nodes,
        disk_gib=pool.disk_gib,
        gpu=pool.gpu,
        confidential=memory,
        image_type=image,
        spot=pool.spot,
        sandbox=pool.sandbox,
        tenant=pool.tenant,
        account=account.email,
        account_made=account.made,
        account_id=account.short,
        node_identity=_node_identity(case, pool, field, path),
        zones=zones,
        labels={TENANT_KEY: pool.tenant} if pool.tenant else {},
        taints=_taints(case, pool, path),
        metadata=_metadata(case, path),
    )


def _image(case: Case, pool: NodePool, field: str, path: str) -> str:
    kind = "UBUNTU" if pool.image_type.startswith("UBUNTU") else "COS"
    verdict = case.rules.verdict(IMAGES, IMAGE_PROJECTS[kind])
    if not verdict.allowed:
        case.refuse(
            (IMAGES,),
            (f"{field}.imageType",),
            f"GKE's node images are not trusted: {verdict.reason}",
            ("ask for the exception below",),
            admitted(IMAGES, IMAGE_PROJECTS[kind], "GKE takes the images of its nodes from this project and no other"),
        )
    if pool.image_type == COS:
        reason = "a small, read-only image that Google patches"
        case.decide(f"{path}.image_type", COS, reason, serves=(IMAGES,))
        return COS
    problem = f"{pool.image_type} holds more than Container-Optimized OS, and changes while it runs"
    waiver = case.refuse_unwaived("node-image", f"{field}.imageType", problem, "leave imageType out")
    case.decide(
        f"{path}.image_type", pool.image_type, "as specified", waiver=waiver, serves=(IMAGES,), source=Source.SPEC
    )
    return pool.image_type


def _sandbox(case: Case, pool: NodePool, field: str) -> None:
    if not pool.sandbox:
        return
    if pool.image_type != COS:
        remedies = ("leave imageType out", "set sandbox: false")
        case.refuse((), (f"{field}.sandbox", f"{field}.imageType"), "GKE Sandbox needs COS_CONTAINERD", remedies)
    what = "GPUs and shared memory are limited there" if pool.gpu else "Ray's object store is slow there"
    case.warnings.append(f"{field}.sandbox: pods run in gVisor; {what}")


def _node_identity(case: Case, pool: NodePool, field: str, path: str) -> bool:
    if not pool.node_identity:
        return False
    if pool.tenant is None:
        problem = "pods of several tenants would all act as one account"
        remedies = ("name the tenant of this pool", "set nodeIdentity: false")
        case.refuse((), (f"{field}.nodeIdentity",), problem, remedies)
    waiver = case.refuse_unwaived(
        "node-identity",
        f"{field}.nodeIdentity",
        "every pod of these nodes may act as the nodes' account",
        "use the identity of the pods' own service account (identity: principal)",
    )
    reason = "pods act as the account of a pool that serves one tenant"
    case.decide(f"{path}.node_identity", True, reason, waiver=waiver, source=Source.SPEC)
    return True


def _taints(case: Case, pool: NodePool, path: str) -> tuple[tuple[str, str, str], ...]:
    if pool.tenant is None:
        return ()
    reason = "pods of other tenants are kept off by a taint, and these pods are kept on by the label"
    case.decide(f"{path}.tenant", pool.tenant, reason, source=Source.SPEC)
    return ((TENANT_KEY, pool.tenant, "NO_SCHEDULE"),)


def _metadata(case: Case, path: str) -> Mapping[str, str]:
    """Instance metadata: what is not said here, a project's metadata could say instead."""
    metadata = {"block-project-ssh-keys": "true", "disable-legacy-endpoints": "true", "enable-oslogin": "TRUE"}
    case.decide(
        f"{path}.metadata.enable-oslogin", "TRUE", "SSH is decided by IAM, never by keys in metadata", serves=OS_LOGIN
    )
    reason = "keys in the project's metadata open no node"
    case.decide(f"{path}.metadata.block-project-ssh-keys", "true", reason, serves=SSH_KEYS)
    if case.rules.binding(*SERIAL_LOGGING):
        metadata["serial-port-logging-enable"] = "false"
        reason = "the organisation wants no serial output in logs"
        case.decide(f"{path}.metadata.serial-port-logging-enable", "false", reason, serves=SERIAL_LOGGING)
    return metadata
