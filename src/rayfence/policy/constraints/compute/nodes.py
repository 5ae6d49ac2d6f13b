"""Constraints on virtual machines: Shielded VM, confidential computing, addresses, forwarding, images.

Covers: nodes of every pool, what describes nodes that GKE makes itself, notebooks. Leaves out: metadata keys
(`metadata`). Server defaults used here: Secure Boot off; integrity monitoring on where no
`shieldedInstanceConfig` is sent at all; a pool inherits private nodes and confidentiality of its cluster.
Sources: Google Cloud, "Organization policy constraints", "Confidential GKE Nodes"; GKE API v1.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.policy.constraints.admission import admit
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
from rayfence.policy.constraints.rendered import NODE_POOL, Machine, Origin, Rendered, at, text_at

#: Machine families that can encrypt memory, by technology. Source: Confidential VM, supported configurations.
CONFIDENTIAL_FAMILIES: Final[Mapping[str, frozenset[str]]] = {
    "SEV": frozenset({"n2d", "c2d", "c3d"}),
    "SEV_SNP": frozenset({"n2d"}),
    "TDX": frozenset({"c3"}),
}
#: The one GPU machine type that can (TDX).
CONFIDENTIAL_GPU: Final = "a3-highgpu-1g"
#: Families known to have no confidential form; others are not known to us.
PLAIN_FAMILIES: Final = frozenset({"e2", "n1", "n2", "t2d", "t2a", "g2", "a2", "f1", "g1", "m1", "m2", "ct4p", "ct5lp"})

NODE_IMAGE_PROJECTS: Final[Mapping[str, str]] = {
    "COS": "projects/gke-node-images",
    "UBUNTU": "projects/ubuntu-os-gke-cloud",
    "WINDOWS": "projects/gke-windows-node-images",
}

_NO_MACHINES: Final = irrelevant("the platform makes no virtual machine")
_FORWARDING_UNVERIFIED: Final = (
    "whether nodes of a VPC-native cluster forward IP is not verified: `gcloud compute instance-templates describe` of "
    "such a pool shows it in `properties.canIpForward`"
)


def _shielded(case: Case) -> Finding:
    rendered = case.rendered
    marks = [mark for machine in rendered.machines for mark in _shielded_marks(machine)]
    cluster = rendered.cluster
    if cluster is not None and at(cluster.body, "shieldedNodes.enabled") is False:
        marks.append(Mark(cluster.field("shieldedNodes.enabled"), "shielded nodes are switched off"))
    if rendered.autopilot and not marks:
        return satisfied("Google makes Autopilot's nodes as Shielded VMs with Secure Boot")
    return weigh(marks, "every machine has Secure Boot and integrity monitoring", _NO_MACHINES)


def _shielded_marks(machine: Machine) -> Iterator[Mark]:
    if machine.origin is Origin.AUTOMATIC and not machine.setup:
        return
    config = machine.setup.get("shieldedInstanceConfig")
    secure = at(config, "enableSecureBoot") is True
    yield Mark(
        machine.field("shieldedInstanceConfig.enableSecureBoot"),
        "" if secure else f"{machine.address} starts without Secure Boot",
    )
    watched = at(config, "enableIntegrityMonitoring")
    # In a message that is sent, an absent truth value is false; only an absent message leaves the server's default.
    holds = watched is True or (watched is None and (config is None or machine.origin is not Origin.POOL))
    yield Mark(
        machine.field("shieldedInstanceConfig.enableIntegrityMonitoring"),
        "" if holds else f"{machine.address} is not monitored for integrity",
    )
    if at(config, "enableVtpm") is False:
        yield Mark(machine.field("shieldedInstanceConfig.enableVtpm"), f"{machine.address} has no virtual TPM")


def _confidential(case: Case) -> Finding:
    rendered = case.rendered
    services = [admit(case, service) for service in ("compute.googleapis.com", "container.googleapis.com")]
    compute, container = (service.allowed for service in services)
    if compute is None or container is None:
        return unknown("; ".join(service.why for service in services if service.allowed is None))
    if compute and container:
        return satisfied("the policy restricts neither Compute Engine nor GKE")
    bound = rendered.nodes if compute else rendered.machines
    marks = [_confidential_mark(rendered, machine) for machine in bound]
    return weigh(marks, "every machine encrypts its memory", _NO_MACHINES)


def _confidential_mark(rendered: Rendered, machine: Machine) -> Mark:
    if machine.origin in {Origin.NOTEBOOK, Origin.INSTANCE}:
        field = machine.field("confidentialInstanceConfig.confidentialInstanceType")
        on = bool(text_at(machine.setup, "confidentialInstanceConfig.confidentialInstanceType"))
        return Mark(field, "" if on else f"{machine.address} is not confidential")
    cluster = rendered.cluster.body if rendered.cluster else {}
    whole = at(cluster, "confidentialNodes.enabled") is True
    own = at(machine.setup, "confidentialNodes.enabled") is True
    source = machine.setup if own else cluster
    field = machine.field("confidentialNodes.enabled")
    if whole and not own and rendered.cluster:
        field = rendered.cluster.field("confidentialNodes.enabled")
    if not (own or whole):
        return Mark(field, f"{machine.address} is not confidential")
    if machine.origin is Origin.AUTOMATIC:
        return Mark(field, missing="which machine types Google picks for confidential nodes of its own making")
    technology = text_at(source, "confidentialNodes.confidentialInstanceType") or "SEV"
    kind = text_at(machine.setup, "machineType")
    return _family_mark(machine, kind, technology)


def _family_mark(machine: Machine, kind: str, technology: str) -> Mark:
    field, family = machine.field("machineType"), kind.partition("-")[0]
    able = family in CONFIDENTIAL_FAMILIES.get(technology, frozenset())
    if able or (technology == "TDX" and kind == CONFIDENTIAL_GPU):
        return Mark(machine.field("confidentialNodes.enabled"))
    known = any(family in families for families in CONFIDENTIAL_FAMILIES.values()) or family in PLAIN_FAMILIES
    if known:
        return Mark(field, f"{machine.address} can't use {technology}: its machine type is {kind}")
    return Mark(field, missing=f"whether {kind or 'the default machine type'} can use {technology}")


def _external_addresses(case: Case) -> Finding:
    values = case.policy.values
    # Nodes have made-up names: a list can neither allow nor deny one of them by name.
    if values is not None and values.denied and not (values.deny_all or values.allowed):
        return weigh(
            [
                _instance_address(case, machine)
                for machine in case.rendered.machines
                if machine.origin is Origin.NOTEBOOK
            ],
            "no machine has an external address",
            satisfied("the policy denies named instances only, and none of them is ours"),
        )
    return weigh(_address_marks(case), "no machine has an external address", _NO_MACHINES)


def _address_marks(case: Case) -> Iterator[Mark]:
    for machine in case.rendered.machines:
        if machine.origin in {Origin.NOTEBOOK, Origin.INSTANCE}:
            yield _instance_address(case, machine)
        else:
            yield _node_address(case.rendered, machine)


def _node_address(rendered: Rendered, machine: Machine) -> Mark:
    own = at(machine.body, "networkConfig.enablePrivateNodes")
    if own is not None:
        field = f"{machine.address}: networkConfig.enablePrivateNodes"
        return Mark(field, "" if own is True else f"nodes of {machine.address} get external addresses")
    if rendered.cluster is None:
        return Mark(machine.address, missing=f"whether the cluster of {machine.address} makes its nodes private")
    field, private = private_default(rendered)
    return Mark(field, "" if private else f"nodes of {machine.address} get external addresses")


def private_default(rendered: Rendered) -> tuple[str, bool]:
    """The cluster's field that makes nodes private unless their pool says otherwise, and whether it does."""
    cluster = rendered.cluster
    if cluster is None:
        return "", False
    for path in ("networkConfig.defaultEnablePrivateNodes", "privateClusterConfig.enablePrivateNodes"):
        if at(cluster.body, path) is True:
            return cluster.field(path), True
    return cluster.field("networkConfig.defaultEnablePrivateNodes"), False


def _instance_address(case: Case, machine: Machine) -> Mark:
    if machine.origin is Origin.INSTANCE:
        interfaces = str(machine.setup.get("networkInterfaces", ""))
        open_to_all = "accessConfigs" in interfaces
        field = machine.field("networkInterfaces")
    else:
        open_to_all = machine.setup.get("disablePublicIp") is not True
        field = machine.field("disablePublicIp")
    if not open_to_all:
        return Mark(field)
    if case.policy.values is None:
        return Mark(field, f"{machine.address} gets an external address")
    admission = admit(case, f"projects/{case.rendered.project}/zones/{_zone(machine)}/instances/{_name(machine)}")
    if admission.allowed is None:
        return Mark(field, missing=admission.why)
    return Mark(field, "" if admission.allowed else f"{machine.address} gets an external address")


def _zone(machine: Machine) -> str:
    place = machine.body.get("location") or machine.body.get("zone")
    return place.rsplit("/", 1)[-1] if isinstance(place, str) else "ZONE"


def _name(machine: Machine) -> str:
    return machine.address.partition(" ")[2]


def _forwarding(case: Case) -> Finding:
    rendered = case.rendered
    if case.policy.values is not None:
        admission = admit(case, f"projects/{rendered.project}")
        if admission.allowed:
            return satisfied("the policy exempts the platform's project")
        if admission.allowed is None:
            return unknown(admission.why)
    return weigh(_forwarding_marks(rendered), "no machine forwards IP", _NO_MACHINES)


def _forwarding_marks(rendered: Rendered) -> Iterator[Mark]:
    for machine in rendered.machines:
        if machine.origin in {Origin.NOTEBOOK, Origin.INSTANCE}:
            key = "enableIpForwarding" if machine.origin is Origin.NOTEBOOK else "canIpForward"
            on = machine.setup.get(key) is True
            yield Mark(machine.field(key), f"{machine.address} forwards IP" if on else "")
    if rendered.cluster is None:
        return
    field = rendered.cluster.field("ipAllocationPolicy.useIpAliases")
    if rendered.autopilot or at(rendered.cluster.body, "ipAllocationPolicy.useIpAliases") is True:
        yield Mark(field, missing=_FORWARDING_UNVERIFIED)
    else:
        yield Mark(field, "nodes of a cluster with routes instead of alias addresses forward IP")


def _nested(case: Case) -> Finding:
    marks = []
    for machine in case.rendered.machines:
        if at(machine.setup, "advancedMachineFeatures.enableNestedVirtualization") is True:
            field = machine.field("advancedMachineFeatures.enableNestedVirtualization")
            marks.append(Mark(field, f"{machine.address} runs virtual machines of its own"))
    return weigh(marks, "", satisfied("no machine asks for nested virtualization"))


def _images(case: Case) -> Finding:
    return weigh(_image_marks(case), "every image comes from a trusted project", _NO_MACHINES)


def _image_marks(case: Case) -> Iterator[Mark]:
    for machine in case.rendered.machines:
        field, project = _image_project(machine)
        if not project:
            yield Mark(field, missing=f"the project of the image of {machine.address}")
            continue
        admission = admit(case, project)
        if admission.allowed is None:
            yield Mark(field, missing=admission.why)
        else:
            yield Mark(field, "" if admission.allowed else f"{machine.address} needs images of {project}")


def _image_project(machine: Machine) -> tuple[str, str]:
    if machine.origin in {Origin.NOTEBOOK, Origin.INSTANCE}:
        project = text_at(machine.setup, "vmImage.project")
        return machine.field("vmImage.project"), f"projects/{project.removeprefix('projects/')}" if project else ""
    kind = text_at(machine.setup, "imageType") or "COS_CONTAINERD"
    return machine.field("imageType"), NODE_IMAGE_PROJECTS.get(kind.upper().partition("_")[0], "")


def _preview(_: Case) -> Finding:
    return satisfied("every Compute object of the platform is of API v1, which has no alpha feature")


def _needs_private(case: Case) -> Finding:
    """`container.managed.enablePrivateNodes`: the cluster's default and every pool."""
    rendered = case.rendered
    if rendered.cluster is None:
        return irrelevant("the platform makes no cluster")
    field, private = private_default(rendered)
    marks = [Mark(field, "" if private else "the cluster's default makes nodes public")]
    for machine in rendered.of(NODE_POOL):
        said = at(machine.body, "networkConfig.enablePrivateNodes") is True
        problem = "" if said else f"{machine.address} does not say that its nodes are private"
        marks.append(Mark(machine.field("networkConfig.enablePrivateNodes"), problem))
    return weigh(marks, "nodes are private by default and in every pool", _NO_MACHINES)


_SHIELDED_FIELDS: Final = (
    "nodePools.config.shieldedInstanceConfig.enableSecureBoot",
    "nodePools.config.shieldedInstanceConfig.enableIntegrityMonitoring",
    "shieldedNodes.enabled",
)
_PRIVATE_FIELDS: Final = ("networkConfig.defaultEnablePrivateNodes", "nodePools.networkConfig.enablePrivateNodes")
_PRIVATE_REMEDY: Final = "private nodes on the cluster and each pool, and no external address for the workbench"
_FORWARD_REMEDY: Final = "an exception for the platform's project: no setting of GKE takes IP forwarding from its nodes"

CRITERIA: Final = (
    Criterion(
        "compute.requireShieldedVm",
        "Every virtual machine has Secure Boot, a virtual TPM and integrity monitoring.",
        "Secure Boot and integrity monitoring on every node pool; shielded nodes of the cluster alone are not enough",
        _SHIELDED_FIELDS,
        _shielded,
    ),
    Criterion(
        "compute.restrictNonConfidentialComputing",
        "Virtual machines of the listed services encrypt their memory.",
        "`confidential` on every pool, on a machine family that can (SEV: n2d, c2d, c3d; SEV_SNP: n2d; TDX: c3), or an "
        "exception for this project where GPUs are needed",
        ("confidentialNodes.enabled", "nodePools.config.confidentialNodes.enabled", "nodePools.config.machineType"),
        _confidential,
    ),
    Criterion(
        "compute.vmExternalIpAccess",
        "No virtual machine has an external address unless it is listed by name.",
        _PRIVATE_REMEDY,
        _PRIVATE_FIELDS,
        _external_addresses,
    ),
    Criterion(
        "compute.managed.vmExternalIpAccess",
        "No virtual machine has an external IPv4 address.",
        _PRIVATE_REMEDY,
        _PRIVATE_FIELDS,
        _external_addresses,
    ),
    Criterion(
        "container.managed.enablePrivateNodes",
        "Nodes are private by the cluster's default and in every pool.",
        "private nodes on the cluster and each pool",
        _PRIVATE_FIELDS,
        _needs_private,
    ),
    Criterion(
        "compute.vmCanIpForward",
        "Only listed virtual machines forward IP packets.",
        _FORWARD_REMEDY,
        ("ipAllocationPolicy.useIpAliases",),
        _forwarding,
    ),
    Criterion(
        "compute.managed.vmCanIpForward",
        "No virtual machine forwards IP packets.",
        _FORWARD_REMEDY,
        ("ipAllocationPolicy.useIpAliases",),
        _forwarding,
        never="no spec can be shown to satisfy it: whether nodes of a VPC-native cluster, the only kind there is here, "
        "forward IP is not verified",
    ),
    Criterion(
        "compute.disableNestedVirtualization",
        "No virtual machine runs virtual machines of its own.",
        "no nested virtualization on any pool",
        ("nodePools.config.advancedMachineFeatures.enableNestedVirtualization",),
        _nested,
    ),
    Criterion(
        "compute.trustedImageProjects",
        "Boot images come from listed projects only.",
        "admit projects/gke-node-images (Container-Optimized OS), or projects/ubuntu-os-gke-cloud for Ubuntu nodes",
        ("nodePools.config.imageType",),
        _images,
    ),
    Criterion(
        "compute.managed.blockPreviewFeatures",
        "No alpha feature of Compute Engine is used.",
        "nothing to do: the platform uses API v1 only",
        (),
        _preview,
        never="no spec can violate it: all is made by version 1 of the Compute API, and the rule concerns alpha only",
    ),
)
