"""The Google Cloud half of a resolution: nothing is left open any more. `render/gcp` needs nothing else."""

from collections.abc import Mapping

from rayfence.model.frozen import dataclass
from rayfence.model.gke import (
    Confidential,
    Exclusion,
    GkeMode,
    Gpu,
    IapExposure,
    InternalExposure,
    NetworkKind,
    Observability,
    Perimeter,
    Protection,
    Window,
    Workbench,
)


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """`project` holds the network (the host project of a Shared VPC). Names are short names.

    `made`: VPC and subnets are ours to make. `vip`: `restricted` or `private`, the address range of Google's APIs.
    `peering`: the hub is a network to peer with, else an NCC hub. `flow_sampling`: share of flows that are logged.
    """

    kind: NetworkKind
    project: str
    network: str
    subnetwork: str
    region: str
    made: bool
    nodes_cidr: str | None
    pods_cidr: str | None
    services_cidr: str | None
    pods_range: str
    services_range: str
    proxy_only_cidr: str | None
    hub: str | None
    peering: bool
    nat: bool
    flow_logs: bool
    manage_firewall: bool
    vip: str
    flow_sampling: float = 0.5
    iap_ssh: bool = False


@dataclass(frozen=True, slots=True)
class ControlPlaneSettings:
    """Which endpoints of the API server exist. `authorized` CIDRs for the IP endpoint."""

    dns_endpoint: bool
    ip_endpoint: bool
    public_ip_endpoint: bool
    authorized: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeySettings:
    """The customer-managed key. `name` in full; `made`: ours, with ring and rotation; all users share it.

    `agents`: service agents that get encrypt and decrypt before anything uses the key, e.g. `compute-system`.
    """

    name: str
    made: bool
    project: str
    location: str
    ring: str
    short_name: str
    protection: Protection
    rotation_days: int
    external_key: str | None
    ekm_connection: str | None
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """One node pool, definite. `account`: e-mail; `account_made`: ours to make, `account_id` its short name.

    `zones` are its node locations. `taints`: (key, value, effect). `metadata` and `labels` of the instances.
    """

    name: str
    machine_type: str
    min_nodes: int
    max_nodes: int
    disk_gib: int
    gpu: Gpu | None
    confidential: Confidential | None
    image_type: str
    spot: bool
    sandbox: bool
    tenant: str | None
    account: str
    account_made: bool
    account_id: str
    node_identity: bool
    zones: tuple[str, ...]
    labels: Mapping[str, str]
    taints: tuple[tuple[str, str, str], ...]
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BinaryAuthorization:
    """`attestors` in full; `attestor_made`: the one of ours, with `attestor_key` (PEM or KMS key version)."""

    enforced: bool  # False: dry run, by waiver
    attestors: tuple[str, ...]
    attestor_made: bool
    attestor_key: str | None


@dataclass(frozen=True, slots=True)
class Registry:
    """One Artifact Registry repository: `kind` docker, pypi or apt; `remote` mirrors a public one, None holds ours."""

    name: str
    kind: str
    remote: str | None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of Artifact Registry by its place: `projects/P/locations/L/repositories/N`, ours or of others."""

    project: str
    location: str
    name: str


@dataclass(frozen=True, slots=True)
class Destination:
    """A host outside the cluster that pods must reach, by TCP: `host` an address or a name. `what`: redis, packages."""

    what: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role of people or pipelines that is bound. `place`: kind of resource in the catalogue of actors, `on`: which.

    `condition`: CEL of the binding; empty: none.
    """

    actor: str
    role: str
    place: str
    on: str
    members: tuple[str, ...]
    condition: str = ""


@dataclass(frozen=True, slots=True)
class GkeSettings:
    """Every setting of project, network and cluster. `cluster`: its name. `channel`: REGULAR, STABLE, RAPID, EXTENDED.

    `workload_pool` None: the organisation forbids Workload Identity on new clusters. `services`: APIs to enable.
    `make_project` is the parent; None: the project is referenced. `gateway_class`: of the IAP's load balancer.
    `image_sources`: repositories of others that nodes pull from. `packages`: where Ray pods install Python packages.
    `role_grants`: what people and pipelines are given.
    """

    project: str
    project_number: str | None
    make_project: str | None
    billing_account: str | None
    location: str
    regional: bool
    zones: tuple[str, ...]
    mode: GkeMode
    cluster: str
    services: tuple[str, ...]
    network: NetworkSettings
    control_plane: ControlPlaneSettings
    key: KeySettings | None
    encrypt_secrets: bool
    pools: tuple[PoolSettings, ...]
    account: str  # of nodes that GKE makes itself (Autopilot, node auto-provisioning)
    account_made: bool
    workload_pool: str | None
    shielded: bool
    confidential_cluster: Confidential | None  # cluster-wide and immutable; None: per pool or none
    dataplane_v2: bool
    channel: str
    window: Window | None
    exclusions: tuple[Exclusion, ...]
    security_group: str | None
    binary_authorization: BinaryAuthorization
    registries: tuple[Registry, ...]
    operator_addon: bool
    internal: InternalExposure | None
    iap: IapExposure | None
    gateway_class: str | None
    ssl_policy: bool
    cloud_logging: bool
    observability: Observability
    perimeter: Perimeter | None
    workbench: Workbench | None
    image_sources: tuple[Repository, ...] = ()
    packages: Repository | None = None
    destinations: tuple[Destination, ...] = ()
    role_grants: tuple[RoleGrant, ...] = ()
