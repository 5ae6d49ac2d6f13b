"""What `policy.resolve_cluster` returns: every setting of a platform on Kubernetes or GKE, each explained."""

from rayfence.model.cluster_platform import ClusterPlatform, Datapath
from rayfence.model.decision import Decision
from rayfence.model.frozen import dataclass
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.outcome import PolicyConflict


@dataclass(frozen=True, slots=True)
class KubernetesSettings:
    """What renderers of Kubernetes objects must know besides the tenants.

    `registries`: prefixes that images must come from. `metadata_server`: Ray pods must run on nodes with GKE's own
    metadata server (`iam.gke.io/gke-metadata-server-enabled`). `spill_class`: StorageClass of spill volumes;
    `spill_key`: its customer-managed key, None where none is demanded (then the class is an existing one). `pip_index`
    replaces PyPI where there is no NAT. `api_server_cidrs`: where pods reach the API server; empty: unknown, by
    selector or port only. `dns_local`: NodeLocal DNS or Cloud DNS answers at the node (GKE). `compute_classes`:
    Autopilot. `priorities`: highest first. `ray_floor`: oldest Ray that admission lets in; token authentication came
    with 2.52.0.
    """

    datapath: Datapath
    registries: tuple[str, ...]
    operator_version: str
    operator_namespace: str
    gates: tuple[str, ...]
    metadata_server: bool
    spill_class: str | None
    spill_key: str | None
    pip_index: str | None
    api_server_cidrs: tuple[str, ...]
    autopilot: bool
    on_gke: bool
    ray_floor: str = "2.52.0"


@dataclass(frozen=True, slots=True)
class ClusterResolution:
    """Every setting. `gke` is None for an existing cluster. `conflicts` stop the plan; `warnings` do not."""

    platform: ClusterPlatform
    gke: GkeSettings | None
    kubernetes: KubernetesSettings
    decisions: tuple[Decision, ...]
    conflicts: tuple[PolicyConflict, ...]
    warnings: tuple[str, ...] = ()
