"""The Google Cloud half of a platform as specified. None means: left open, `policy` decides."""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class NetworkKind(StrEnum):
    """Whose network the cluster lives in."""

    OWN = "own"  # a VPC made for it
    EXISTING = "existing"  # in the same project
    SHARED_VPC = "sharedVpc"  # of a host project
    SPOKE = "spoke"  # a VPC made for it, joined to a hub


@dataclass(frozen=True, slots=True)
class Network:
    """Names are made from the platform's where they are left out. CIDRs are needed where subnets are made.

    `host_project`: of a Shared VPC. `hub`: `projects/P/locations/global/hubs/H` (NCC) or `projects/P/global/networks/N`
    (peering). `manage_firewall`: False where the host project's owner writes the rules: they are then printed for them.
    """

    kind: NetworkKind
    network: str | None = None
    subnetwork: str | None = None
    nodes_cidr: str | None = None
    pods_cidr: str | None = None
    services_cidr: str | None = None
    pods_range: str = "pods"
    services_range: str = "services"
    proxy_only_cidr: str | None = None
    host_project: str | None = None
    hub: str | None = None
    nat: bool = False
    flow_logs: bool = True
    manage_firewall: bool = True
    iap_ssh: bool = False  # SSH through the Identity-Aware Proxy's TCP forwarding


class ControlPlaneAccess(StrEnum):
    """How the API server is reached; never by an open public address."""

    DNS = "dns"
    PRIVATE = "private"
    AUTHORIZED = "authorizedNetworks"


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """`authorized`: CIDRs that may reach an IP endpoint; unused with DNS access."""

    access: ControlPlaneAccess = ControlPlaneAccess.DNS
    authorized: tuple[str, ...] = ()


class Confidential(StrEnum):
    """Memory encryption by the processor."""

    SEV = "SEV"
    SEV_SNP = "SEV_SNP"
    TDX = "TDX"


@dataclass(frozen=True, slots=True)
class Gpu:
    """`kind` as the API writes it, e.g. `nvidia-l4`; `count` per node."""

    kind: str
    count: int


@dataclass(frozen=True, slots=True)
class NodePool:
    """Nodes of one shape; counts are of the whole pool. `tenant`: only this tenant's pods (tainted); None: shared.

    `service_account`: e-mail of an existing account; None: one is made. `node_identity`: pods may act as the node
    (only by waiver, only on a tenant's pool).
    """

    name: str
    machine_type: str | None
    min_nodes: int
    max_nodes: int
    disk_gib: int = 100
    gpu: Gpu | None = None
    confidential: Confidential | None = None
    image_type: str = "COS_CONTAINERD"
    spot: bool = False
    sandbox: bool = False
    tenant: str | None = None
    service_account: str | None = None
    node_identity: bool = False


class Protection(StrEnum):
    """Where a key's bytes live."""

    SOFTWARE = "SOFTWARE"
    HSM = "HSM"
    EXTERNAL = "EXTERNAL"
    EXTERNAL_VPC = "EXTERNAL_VPC"


@dataclass(frozen=True, slots=True)
class Encryption:
    """Customer-managed keys. `key`: an existing one, full name; else one is made in `project` (None: the platform's).

    `wanted` None: as the organisation demands, else none. `external_key`: URI of an EXTERNAL key, or `crypto_space`
    path with `ekm_connection` for EXTERNAL_VPC. `rotation_days` of keys we make.
    """

    wanted: bool | None = None
    key: str | None = None
    project: str | None = None
    protection: Protection = Protection.HSM
    rotation_days: int = 90
    external_key: str | None = None
    ekm_connection: str | None = None


@dataclass(frozen=True, slots=True)
class InternalExposure:
    """An internal load balancer to each tenant's gateway. `subnetwork` None: the nodes'."""

    source_ranges: tuple[str, ...]
    subnetwork: str | None = None
    global_access: bool = False


class IapScope(StrEnum):
    """Which load balancer carries the Identity-Aware Proxy."""

    GLOBAL = "global"
    REGIONAL = "regional"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class IapExposure:
    """The dashboard by Identity-Aware Proxy. `host`: parent domain; tenant T is at `T.<host>`.

    `allow`: members, groups only unless a waiver widens it. `zone`: an existing DNS zone's name; None with
    `zone_domain` makes one. `legacy_ingress`: Ingress, BackendConfig, ManagedCertificate instead of Gateway API.
    """

    host: str
    allow: tuple[str, ...]
    scope: IapScope = IapScope.GLOBAL
    zone: str | None = None
    zone_domain: str | None = None
    zone_private: bool = False
    legacy_ingress: bool = False


@dataclass(frozen=True, slots=True)
class Sink:
    """Where logs go besides the project: full destination, e.g. `storage.googleapis.com/bucket`."""

    name: str
    destination: str
    filter: str = ""


@dataclass(frozen=True, slots=True)
class Observability:
    """Audit configs are always on. `channels`: notification channels of alerts, full names."""

    sinks: tuple[Sink, ...] = ()
    channels: tuple[str, ...] = ()
    alerts: bool = True


@dataclass(frozen=True, slots=True)
class SupplyChain:
    """Binary Authorization and scanning. `attestors`: full names that must have signed; empty: one is made.

    `attestor_key`: PEM public key or Cloud KMS key version of the attestor we make. `dry_run`: log only, by waiver.
    """

    attestors: tuple[str, ...] = ()
    attestor_key: str | None = None
    dry_run: bool = False
    repositories: tuple[str, ...] = ("docker", "pypi")  # remote repositories: docker, pypi, apt


@dataclass(frozen=True, slots=True)
class Window:
    """A recurring maintenance window: RFC 3339 start and end, RFC 5545 recurrence."""

    start: str
    end: str
    recurrence: str


@dataclass(frozen=True, slots=True)
class Exclusion:
    """No upgrades in between. `scope`: NO_UPGRADES, NO_MINOR_UPGRADES, NO_MINOR_OR_NODE_UPGRADES."""

    name: str
    start: str
    end: str
    scope: str = "NO_MINOR_UPGRADES"


@dataclass(frozen=True, slots=True)
class Patching:
    """How GKE is kept current. `channel` None: as the organisation demands, else REGULAR."""

    channel: str | None = None
    window: Window | None = None
    exclusions: tuple[Exclusion, ...] = ()


@dataclass(frozen=True, slots=True)
class Perimeter:
    """VPC Service Controls. `policy`: access policy number. Dry run first, unless `enforced`.

    `data_projects`: projects whose data belongs inside, by id; a project can be in one perimeter only.
    `access_levels`: who may call from outside, as `accessPolicies/N/accessLevels/L`.
    """

    policy: str
    enforced: bool = False
    data_projects: tuple[str, ...] = ()
    access_levels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workbench:
    """A notebook instance without an external address, for one owner's e-mail."""

    name: str
    zone: str
    owner: str


@dataclass(frozen=True, slots=True)
class Duty:
    """Who holds the rights of an actor of the catalogue (`platform-admin`). `until`: RFC 3339; None: for good."""

    actor: str
    members: tuple[str, ...]
    until: str | None = None


class GkeMode(StrEnum):
    """Who manages nodes."""

    STANDARD = "standard"
    AUTOPILOT = "autopilot"


@dataclass(frozen=True, slots=True)
class GkeTarget:
    """A GKE cluster in a Google Cloud project. `location`: region, or zone by waiver.

    `service_account`: e-mail of an existing account for nodes that GKE makes itself (Autopilot); None: one is made.
    """

    project: str
    project_number: str | None
    location: str
    network: Network
    mode: GkeMode = GkeMode.STANDARD
    make_project: str | None = None  # parent (`folders/1`): the project is made; None: it exists
    billing_account: str | None = None
    node_locations: tuple[str, ...] = ()
    control_plane: ControlPlane = ControlPlane()
    pools: tuple[NodePool, ...] = ()
    encryption: Encryption = Encryption()
    internal: InternalExposure | None = None
    iap: IapExposure | None = None
    observability: Observability = Observability()
    supply_chain: SupplyChain = SupplyChain()
    patching: Patching = Patching()
    perimeter: Perimeter | None = None
    workbench: Workbench | None = None
    security_group: str | None = None  # gke-security-groups@DOMAIN
    service_account: str | None = None
    duties: tuple[Duty, ...] = ()
