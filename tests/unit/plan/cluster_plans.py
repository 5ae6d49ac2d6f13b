"""Small plans to compare and explain."""

from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.cluster_plan import ClusterPlan
from rayfence.model.cluster_platform import ClusterPlatform, Datapath, Images, KubernetesTarget, Waiver
from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings
from rayfence.model.decision import Decision, Source
from rayfence.model.kubernetes import Manifest
from rayfence.model.outcome import ConstraintOutcome, PolicyConflict
from rayfence.plan.cluster import make_cluster_plan

PLATFORM = ClusterPlatform(
    "ml",
    KubernetesTarget("kind"),
    (),
    Images(("registry.example/",)),
    waivers=(Waiver("node-image", "drivers need it", "ml@example.com", "2027-03-01"),),
)
SETTINGS = KubernetesSettings(
    Datapath.OTHER, ("registry.example/",), "1.7.0", "ray-system", (), False, None, None, None, (), False, False
)
PRIVATE = Decision("cluster.private_nodes", "true", "nobody outside reaches a node", Source.DEFAULT)
REGION = Decision(
    "cluster.location",
    "europe-west4",
    "the only region allowed",
    Source.CONSTRAINT,
    ("gcp.resourceLocations",),
    irreversible="a cluster can't be moved",
)


def decided(*decisions: Decision, conflicts: tuple[PolicyConflict, ...] = ()) -> ClusterResolution:
    """A resolution with just these decisions."""
    return ClusterResolution(PLATFORM, None, SETTINGS, decisions, conflicts)


def network(mtu: int) -> CloudResource:
    """A network that differs by one number."""
    return CloudResource(
        "compute.googleapis.com/Network",
        "projects/p/global/networks/ml",
        "google_compute_network",
        "ml",
        "Network",
        {"name": "ml", "mtu": mtu},
        {"name": "ml", "mtu": mtu},
        irreversible="its name",
    )


NAMESPACE = Manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vision"}}, "Tenant vision", 0)


def plan(
    *decisions: Decision,
    mtu: int = 1460,
    outcomes: tuple[ConstraintOutcome, ...] = (),
    conflicts: tuple[PolicyConflict, ...] = (),
) -> ClusterPlan:
    """A plan of one network and one namespace."""
    cloud = CloudDesired((network(mtu),))
    return make_cluster_plan(decided(*decisions, conflicts=conflicts), cloud, (NAMESPACE,), outcomes, (), ())
