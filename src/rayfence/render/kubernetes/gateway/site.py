"""What of a tenant its gateway's configuration depends on: names, Ray versions, limits.

Two tenants with the same site but for names have the same configuration but for names (`gateway/files.py` relies on
it), and whatever else changes in a spec leaves a gateway alone.
"""

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.gateway import Limits
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.workloads.listing import Kind, workloads


@dataclass(frozen=True, slots=True)
class RayObject:
    """One Ray object behind the gateway."""

    kind: Kind
    name: str
    version: str

    @property
    def label(self) -> str:
        """As `Workload.label`."""
        return f"{self.kind}-{self.name}"


@dataclass(frozen=True, slots=True)
class Site:
    """`public`: the host below which the load balancer's hosts are, None without one. `objects`: the main one first.

    `people`: whether people get in by the token they show to the API server. Not on GKE: theirs opens all of Google
    Cloud to whoever is shown it, and the load balancer knows them without (docs/adr/0015-people-of-a-cluster.md).
    """

    platform: str
    tenant: str
    limits: Limits
    public: str | None
    objects: tuple[RayObject, ...]
    people: bool


def site_of(tenant: ClusterTenant, resolution: ClusterResolution) -> Site:
    """The site of a tenant; clusters come first, so a tenant's main Ray object is a cluster where it has one."""
    gke = resolution.gke
    return Site(
        platform=resolution.platform.name,
        tenant=tenant.name,
        limits=resolution.platform.limits,
        public=None if gke is None or gke.iap is None else gke.iap.host,
        objects=tuple(RayObject(one.kind, one.name, one.pods.version) for one in workloads(tenant)),
        people=gke is None,
    )
