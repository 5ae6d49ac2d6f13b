"""Resolutions made by hand for the tests of proofs: a Standard cluster with one shared pool, and ways to change it."""

from dataclasses import replace

from rayfence.model.cluster_platform import ClusterPlatform, Datapath, Images, KubernetesTarget
from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings
from rayfence.model.gke import (
    GkeMode,
    GkeTarget,
    IapExposure,
    InternalExposure,
    Network,
    NetworkKind,
    NodePool,
    Observability,
)
from rayfence.model.gke_settings import (
    BinaryAuthorization,
    ControlPlaneSettings,
    GkeSettings,
    NetworkSettings,
    PoolSettings,
    Registry,
)
from rayfence.model.tenancy import ClusterTenant, NamedCluster, PodShape, RayPods, Roles, WorkerPods

PROJECT = "acme-ml"
ACCOUNT = f"nodes@{PROJECT}.iam.gserviceaccount.com"
INTERNAL = InternalExposure(("10.50.0.0/16",))
IAP = IapExposure(host="ray.acme.com", allow=("group:ml@acme.com",))

NETWORK = NetworkSettings(
    kind=NetworkKind.OWN,
    project=PROJECT,
    network="ml",
    subnetwork="ml-nodes",
    region="us-central1",
    made=True,
    nodes_cidr="10.10.0.0/24",
    pods_cidr="10.16.0.0/14",
    services_cidr="10.20.0.0/20",
    pods_range="pods",
    services_range="services",
    proxy_only_cidr="10.11.0.0/24",
    hub=None,
    peering=False,
    nat=False,
    flow_logs=True,
    manage_firewall=True,
    vip="private",
)

POOL = PoolSettings(
    name="shared",
    machine_type="n2d-standard-16",
    min_nodes=1,
    max_nodes=8,
    disk_gib=100,
    gpu=None,
    confidential=None,
    image_type="COS_CONTAINERD",
    spot=False,
    sandbox=False,
    tenant=None,
    account=ACCOUNT,
    account_made=True,
    account_id="nodes",
    node_identity=False,
    zones=("us-central1-a",),
    labels={},
    taints=(),
    metadata={},
)

GKE = GkeSettings(
    project=PROJECT,
    project_number="123",
    make_project=None,
    billing_account=None,
    location="us-central1",
    regional=True,
    zones=("us-central1-a",),
    mode=GkeMode.STANDARD,
    cluster="ml",
    services=("container.googleapis.com",),
    network=NETWORK,
    control_plane=ControlPlaneSettings(True, False, False, ()),
    key=None,
    encrypt_secrets=False,
    pools=(POOL,),
    account=ACCOUNT,
    account_made=True,
    workload_pool=f"{PROJECT}.svc.id.goog",
    shielded=True,
    confidential_cluster=None,
    dataplane_v2=True,
    channel="REGULAR",
    window=None,
    exclusions=(),
    security_group=None,
    binary_authorization=BinaryAuthorization(True, (), True, None),
    registries=(Registry("ray", "docker", None),),
    operator_addon=False,
    internal=None,
    iap=None,
    gateway_class=None,
    ssl_policy=False,
    cloud_logging=True,
    observability=Observability(),
    perimeter=None,
    workbench=None,
)


def pods(head: PodShape | None = None, *workers: WorkerPods, autoscaling: bool = True) -> RayPods:
    """Pods of one Ray cluster; a head of 4 CPUs and 16 GiB, and two to four workers like it, unless given."""
    shape = PodShape(4, 16)
    return RayPods(
        version="2.60.0",
        image="us-docker.pkg.dev/acme-ml/ray/ray@sha256:" + "0" * 64,
        head=head or shape,
        workers=workers or (WorkerPods("cpu", shape, 2, 4),),
        autoscaling=autoscaling,
    )


def tenant(name: str = "vision", ray: RayPods | None = None) -> ClusterTenant:
    """A tenant with one cluster called `train`."""
    roles = Roles(
        viewer=("group:audit@acme.com",),
        submitter=("group:vision@acme.com",),
        operator=("group:vision-leads@acme.com",),
    )
    return ClusterTenant(name, roles, clusters=(NamedCluster("train", ray or pods()),))


def resolution(gke: GkeSettings | None = GKE, *tenants: ClusterTenant) -> ClusterResolution:
    """A resolution of these settings and tenants."""
    target: KubernetesTarget | GkeTarget = KubernetesTarget()
    if gke is not None:
        pools = tuple(NodePool(pool.name, pool.machine_type, pool.min_nodes, pool.max_nodes) for pool in gke.pools)
        target = GkeTarget(PROJECT, "123", "us-central1", Network(NetworkKind.OWN), pools=pools)
    platform = ClusterPlatform("ml", target, tenants or (tenant(),), Images(("us-docker.pkg.dev/acme-ml/ray/",)))
    kubernetes = KubernetesSettings(
        datapath=Datapath.CILIUM,
        registries=("us-docker.pkg.dev/acme-ml/ray/",),
        operator_version="1.7.0",
        operator_namespace="ray-system",
        gates=(),
        metadata_server=True,
        spill_class=None,
        spill_key=None,
        pip_index=None,
        api_server_cidrs=(),
        autopilot=gke is not None and gke.mode is GkeMode.AUTOPILOT,
        on_gke=gke is not None,
    )
    return ClusterResolution(platform, gke, kubernetes, (), ())


def with_pools(*pools: PoolSettings) -> GkeSettings:
    """The Standard cluster with these pools."""
    return replace(GKE, pools=pools)
