"""Cluster resolutions by hand, for the tests of this folder: an existing cluster, and GKE in the article's manner."""

from dataclasses import replace

from rayfence.model.cluster_platform import (
    ClusterPlatform,
    Datapath,
    Images,
    KubernetesTarget,
    Operator,
    OperatorSource,
)
from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings
from rayfence.model.gke import (
    GkeMode,
    GkeTarget,
    Gpu,
    IapExposure,
    InternalExposure,
    Network,
    NetworkKind,
    Observability,
)
from rayfence.model.gke_settings import (
    BinaryAuthorization,
    ControlPlaneSettings,
    GkeSettings,
    NetworkSettings,
    PoolSettings,
)
from rayfence.model.kubernetes import Manifest
from rayfence.model.tenancy import (
    ClusterTenant,
    FaultTolerance,
    Grant,
    Job,
    NamedCluster,
    PodShape,
    Quota,
    RayPods,
    Roles,
    ServiceApp,
    WorkerPods,
)

DIGEST = "sha256:" + "0" * 64
REGISTRY = "europe-docker.pkg.dev/acme-ml/ray/"
RAY_IMAGE = f"{REGISTRY}ray@{DIGEST}"
GATEWAY_IMAGE = f"{REGISTRY}gateway@{DIGEST}"
OPERATOR_IMAGE = f"{REGISTRY}kuberay@{DIGEST}"
SERVE_CONFIG = "applications:\n- name: answers\n  import_path: app:entry\n  route_prefix: /\n"

HEAD = PodShape(cpus=2, memory_gib=8)
WORKERS = WorkerPods("small", PodShape(cpus=2, memory_gib=8), 1, 4)
PODS = RayPods("2.60.0", RAY_IMAGE, HEAD, (WORKERS,))
ROLES = Roles(
    viewer=("group:audit@acme.com",), submitter=("group:vision@acme.com",), operator=("group:leads@acme.com",)
)

VISION = ClusterTenant(
    name="vision",
    roles=ROLES,
    clusters=(NamedCluster("train", replace(PODS, spill_gib=50)),),
    jobs=(Job("sweep", PODS, "python sweep.py"), Job("nightly", PODS, "python nightly.py", schedule="0 3 * * *")),
    services=(ServiceApp("answers", PODS, SERVE_CONFIG),),
    quota=Quota(cpus=64, memory_gib=256, gpus=4, pods=60),
)
SPEECH = ClusterTenant(
    name="speech",
    roles=Roles(viewer=("group:speech@acme.com",)),
    clusters=(
        NamedCluster("asr", replace(PODS, autoscaling=False, fault_tolerance=FaultTolerance("redis:6379", "redis"))),
    ),
)

SETTINGS = KubernetesSettings(
    datapath=Datapath.OTHER,
    registries=(REGISTRY,),
    operator_version="1.7.0",
    operator_namespace="ray-system",
    gates=(),
    metadata_server=False,
    spill_class=None,
    spill_key=None,
    pip_index=None,
    api_server_cidrs=("10.9.0.2/32",),
    autopilot=False,
    on_gke=False,
)
NETWORK = NetworkSettings(
    kind=NetworkKind.OWN,
    project="acme-ml",
    network="ray",
    subnetwork="ray-nodes",
    region="europe-west4",
    made=True,
    nodes_cidr="10.0.0.0/20",
    pods_cidr="10.4.0.0/14",
    services_cidr="10.8.0.0/20",
    pods_range="pods",
    services_range="services",
    proxy_only_cidr="10.10.0.0/23",
    hub=None,
    peering=False,
    nat=False,
    flow_logs=True,
    manage_firewall=True,
    vip="restricted",
)
VISION_POOL = PoolSettings(
    name="vision-gpu",
    machine_type="g2-standard-8",
    min_nodes=0,
    max_nodes=4,
    disk_gib=100,
    gpu=Gpu("nvidia-l4", 1),
    confidential=None,
    image_type="COS_CONTAINERD",
    spot=False,
    sandbox=False,
    tenant="vision",
    account="n@acme-ml.iam.gserviceaccount.com",
    account_made=True,
    account_id="n",
    node_identity=False,
    zones=("europe-west4-a",),
    labels={},
    taints=(("rayfence.dev/tenant", "vision", "NO_SCHEDULE"),),
    metadata={},
)
SHARED_POOL = replace(VISION_POOL, name="shared", machine_type="n2d-standard-8", gpu=None, tenant=None, taints=())
GKE = GkeSettings(
    project="acme-ml",
    project_number="123456789012",
    make_project=None,
    billing_account=None,
    location="europe-west4",
    regional=True,
    zones=("europe-west4-a",),
    mode=GkeMode.STANDARD,
    cluster="ray",
    services=(),
    network=NETWORK,
    control_plane=ControlPlaneSettings(True, False, False, ()),
    key=None,
    encrypt_secrets=True,
    pools=(SHARED_POOL, VISION_POOL),
    account="n@acme-ml.iam.gserviceaccount.com",
    account_made=True,
    workload_pool="acme-ml.svc.id.goog",
    shielded=True,
    confidential_cluster=None,
    dataplane_v2=True,
    channel="REGULAR",
    window=None,
    exclusions=(),
    security_group="gke-security-groups@acme.com",
    binary_authorization=BinaryAuthorization(True, (), False, None),
    registries=(),
    operator_addon=False,
    internal=InternalExposure(("10.0.0.0/8",), "ray-nodes"),
    iap=IapExposure("ray.acme.com", ("group:ml@acme.com",)),
    gateway_class="gke-l7-global-external-managed",
    ssl_policy=True,
    cloud_logging=True,
    observability=Observability(),
    perimeter=None,
    workbench=None,
)


def existing(
    *tenants: ClusterTenant, operator: Operator | None = None, gateway: str | None = GATEWAY_IMAGE, **settings: object
) -> ClusterResolution:
    """A platform on an existing cluster; `settings` replace fields of KubernetesSettings."""
    platform = ClusterPlatform(
        name="ml",
        target=KubernetesTarget(),
        tenants=tenants or (VISION, SPEECH),
        images=Images((REGISTRY,), gateway),
        operator=operator or Operator(image=OPERATOR_IMAGE),
    )
    return ClusterResolution(platform, None, replace(SETTINGS, **settings), (), ())  # type: ignore[arg-type]


def on_gke(
    *tenants: ClusterTenant, gke: GkeSettings = GKE, operator: Operator | None = None, **settings: object
) -> ClusterResolution:
    """A platform on GKE Standard with Dataplane V2, keys, Workload Identity and no NAT."""
    vision = replace(VISION, access=(Grant("bigquery", "acme-data.images", "dataViewer"),))
    target = GkeTarget("acme-ml", "123456789012", "europe-west4", Network(NetworkKind.OWN))
    platform = ClusterPlatform(
        name="ml",
        target=target,
        tenants=tenants or (vision, SPEECH),
        images=Images((REGISTRY,), GATEWAY_IMAGE),
        operator=operator or Operator(image=OPERATOR_IMAGE),
    )
    basis = replace(
        SETTINGS,
        datapath=Datapath.CILIUM,
        metadata_server=True,
        spill_class="ray-spill",
        spill_key="projects/k/locations/europe-west4/keyRings/r/cryptoKeys/k",
        pip_index="https://europe-python.pkg.dev/acme-ml/mirror/simple/",
        on_gke=True,
    )
    return ClusterResolution(platform, gke, replace(basis, **settings), (), ())  # type: ignore[arg-type]


def addon() -> ClusterResolution:
    """GKE's own operator, an older release, no scheduled jobs."""
    tenant = replace(VISION, jobs=VISION.jobs[:1])
    operator = Operator(source=OperatorSource.ADDON, version="1.5.1")
    return on_gke(tenant, operator=operator, operator_version="1.5.1", operator_namespace="gke-ray")


def at(value: object, *path: str | int) -> object:
    """The value at a path of keys and indices; fails where there is none."""
    for step in path:
        if isinstance(step, int):
            assert isinstance(value, list | tuple), (path, value)
            value = value[step]
        else:
            assert isinstance(value, dict), (path, value)
            assert step in value, (path, sorted(value))
            value = value[step]
    return value


def found(manifests: tuple[Manifest, ...], reference: str) -> dict[str, object]:
    """The object with this reference (`Kind namespace/name`)."""
    matching = [manifest.object for manifest in manifests if manifest.reference == reference]
    assert len(matching) == 1, (reference, [manifest.reference for manifest in manifests])
    return dict(matching[0])
