"""Resolutions made by hand: a full Standard platform, and changes of it."""

from dataclasses import replace
from typing import Final

from rayfence.model.cluster_platform import ClusterPlatform, Datapath, Images
from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings
from rayfence.model.gke import (
    Confidential,
    Exclusion,
    GkeMode,
    GkeTarget,
    Gpu,
    IapExposure,
    IapScope,
    InternalExposure,
    Network,
    NetworkKind,
    Observability,
    Perimeter,
    Protection,
    Sink,
    Window,
    Workbench,
)
from rayfence.model.gke_settings import (
    BinaryAuthorization,
    ControlPlaneSettings,
    GkeSettings,
    KeySettings,
    NetworkSettings,
    PoolSettings,
    Registry,
)
from rayfence.model.tenancy import ClusterTenant, Grant, Roles, WorkloadIdentity

PROJECT: Final = "acme-ml"
NUMBER: Final = "123456789"
REGION: Final = "us-central1"
KEY: Final = f"projects/acme-kms/locations/{REGION}/keyRings/ray/cryptoKeys/ray"
SERVICES: Final = tuple(
    f"{name}.googleapis.com"
    for name in (
        "accesscontextmanager",
        "artifactregistry",
        "binaryauthorization",
        "certificatemanager",
        "cloudkms",
        "compute",
        "container",
        "containeranalysis",
        "containerscanning",
        "dns",
        "iam",
        "iap",
        "logging",
        "monitoring",
        "networkconnectivity",
        "notebooks",
        "pubsub",
    )
)
EC_KEY: Final = (
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n"
    "-----END PUBLIC KEY-----\n"
)

OWN: Final = NetworkSettings(
    kind=NetworkKind.OWN,
    project=PROJECT,
    network="ray",
    subnetwork="ray-nodes",
    region=REGION,
    made=True,
    nodes_cidr="10.0.0.0/20",
    pods_cidr="10.4.0.0/14",
    services_cidr="10.8.0.0/20",
    pods_range="pods",
    services_range="services",
    proxy_only_cidr="10.9.0.0/23",
    hub=None,
    peering=False,
    nat=False,
    flow_logs=True,
    manage_firewall=True,
    vip="restricted",
)
HSM: Final = KeySettings(
    name=KEY,
    made=True,
    project="acme-kms",
    location=REGION,
    ring="ray",
    short_name="ray",
    protection=Protection.HSM,
    rotation_days=90,
    external_key=None,
    ekm_connection=None,
    agents=(
        "compute-system",
        "container-engine-robot",
        "gcp-sa-artifactregistry",
        "gcp-sa-notebooks",
        "gcp-sa-pubsub",
    ),
)


def pool(name: str, **changes: object) -> PoolSettings:
    """A confidential pool of three zones with an account of its own."""
    plain = PoolSettings(
        name=name,
        machine_type="n2d-standard-8",
        min_nodes=1,
        max_nodes=9,
        disk_gib=100,
        gpu=None,
        confidential=Confidential.SEV,
        image_type="COS_CONTAINERD",
        spot=False,
        sandbox=False,
        tenant=None,
        account=f"ray-{name}@{PROJECT}.iam.gserviceaccount.com",
        account_made=True,
        account_id=f"ray-{name}",
        node_identity=False,
        zones=tuple(f"{REGION}-{letter}" for letter in "abc"),
        labels={"rayfence.dev/pool": name},
        taints=(),
        metadata={"serial-port-logging-enable": "false"},
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


GPU_POOL: Final = pool(
    "gpu",
    machine_type="g2-standard-8",
    gpu=Gpu("nvidia-l4", 1),
    confidential=None,
    min_nodes=0,
    max_nodes=4,
    tenant="vision",
    taints=(("rayfence.dev/tenant", "vision", "NoSchedule"),),
)
STANDARD: Final = GkeSettings(
    project=PROJECT,
    project_number=NUMBER,
    make_project=None,
    billing_account=None,
    location=REGION,
    regional=True,
    zones=tuple(f"{REGION}-{letter}" for letter in "abc"),
    mode=GkeMode.STANDARD,
    cluster="ray",
    services=SERVICES,
    network=OWN,
    control_plane=ControlPlaneSettings(True, False, False, ()),
    key=HSM,
    encrypt_secrets=True,
    pools=(pool("system"), GPU_POOL),
    account=f"ray-nodes@{PROJECT}.iam.gserviceaccount.com",
    account_made=True,
    workload_pool=f"{PROJECT}.svc.id.goog",
    shielded=True,
    confidential_cluster=None,
    dataplane_v2=True,
    channel="REGULAR",
    window=Window("2026-01-03T02:00:00Z", "2026-01-03T08:00:00Z", "FREQ=WEEKLY;BYDAY=SA,SU"),
    exclusions=(Exclusion("freeze", "2026-12-15T00:00:00Z", "2027-01-05T00:00:00Z"),),
    security_group="gke-security-groups@acme.com",
    binary_authorization=BinaryAuthorization(True, (f"projects/{PROJECT}/attestors/built-by-ci",), True, EC_KEY),
    registries=(Registry("ray-images", "docker", None), Registry("pypi", "pypi", "PYPI")),
    operator_addon=False,
    internal=InternalExposure(("10.0.0.0/8",)),
    iap=IapExposure("ray.acme.com", ("group:ml@acme.com",), zone_domain="ray.acme.com"),
    gateway_class="gke-l7-global-external-managed",
    ssl_policy=True,
    cloud_logging=True,
    observability=Observability(
        sinks=(Sink("archive", "storage.googleapis.com/acme-logs"),),
        channels=(f"projects/{PROJECT}/notificationChannels/1",),
    ),
    perimeter=Perimeter("42", data_projects=("acme-data",)),
    workbench=Workbench("notebook", f"{REGION}-a", "ana@acme.com"),
)
VISION: Final = ClusterTenant(
    "vision",
    Roles(viewer=("group:vision@acme.com",)),
    access=(
        Grant("bigquery", "acme-data.images", "dataViewer"),
        Grant("storage", "acme-checkpoints", "objectUser"),
        Grant("secretmanager", f"projects/{PROJECT}/secrets/token", "secretAccessor"),
        Grant("pubsub", f"projects/{PROJECT}/topics/done", "publisher"),
        Grant("artifactregistry", f"projects/{PROJECT}/locations/{REGION}/repositories/models", "reader"),
        Grant("kms", KEY, "cryptoKeyDecrypter"),
    ),
)


def resolution(
    settings: GkeSettings | None = STANDARD, *tenants: ClusterTenant, registry: str = ""
) -> ClusterResolution:
    """A resolution around these settings."""
    target = GkeTarget(PROJECT, NUMBER, REGION, Network(NetworkKind.OWN))
    images = Images((registry or f"{REGION}-docker.pkg.dev/{PROJECT}/ray-images/",))
    inside = KubernetesSettings(
        Datapath.CILIUM, images.registries, "1.7.0", "ray-system", (), True, None, None, None, (), False, True
    )
    platform = ClusterPlatform("ray", target, tenants or (VISION,), images)
    return ClusterResolution(platform, settings, inside, (), ())


AUTOPILOT: Final = replace(STANDARD, mode=GkeMode.AUTOPILOT, pools=(), operator_addon=True, workbench=None)
SHARED: Final = replace(
    STANDARD,
    project_number=None,
    network=replace(
        OWN,
        kind=NetworkKind.SHARED_VPC,
        project="acme-host",
        made=False,
        nodes_cidr=None,
        pods_cidr=None,
        services_cidr=None,
    ),
    iap=IapExposure("ray.acme.com", ("group:ml@acme.com",), scope=IapScope.INTERNAL, zone="acme", zone_private=True),
)
UNMANAGED: Final = replace(SHARED, network=replace(SHARED.network, manage_firewall=False))
MADE_PROJECT: Final = replace(STANDARD, project_number=None, make_project="folders/12", billing_account="A-B-C")
PEERED: Final = replace(
    STANDARD,
    network=replace(OWN, kind=NetworkKind.SPOKE, hub="projects/acme-hub/global/networks/hub", peering=True, nat=True),
    iap=IapExposure("ray.acme.com", ("group:ml@acme.com",), scope=IapScope.REGIONAL, zone="acme"),
)
SPOKE: Final = replace(
    PEERED,
    network=replace(PEERED.network, hub="projects/acme-hub/locations/global/hubs/hub", peering=False),
    control_plane=ControlPlaneSettings(False, True, False, ("10.0.0.0/8",)),
    iap=IapExposure("ray.acme.com", ("group:ml@acme.com",), legacy_ingress=True),
    perimeter=Perimeter("42", enforced=True),
)
EXTERNAL: Final = replace(
    STANDARD,
    key=replace(HSM, protection=Protection.EXTERNAL, external_key="https://ekm.acme.com/v0/key"),
    pools=(pool("system"), replace(GPU_POOL, sandbox=True)),
)
EXTERNAL_VPC: Final = replace(
    STANDARD,
    key=replace(HSM, protection=Protection.EXTERNAL_VPC, external_key="v0/key", ekm_connection="projects/k/x/y"),
    dataplane_v2=False,
)
BARE: Final = replace(
    STANDARD,
    key=None,
    encrypt_secrets=False,
    internal=None,
    iap=None,
    perimeter=None,
    workbench=None,
    window=None,
    exclusions=(),
    registries=(),
    workload_pool=None,
    confidential_cluster=Confidential.SEV,
    binary_authorization=BinaryAuthorization(False, (), False, None),
    observability=Observability(alerts=False),
)
EXISTING_KEY: Final = replace(
    STANDARD,
    key=replace(HSM, made=False),
    binary_authorization=BinaryAuthorization(True, (), True, f"{KEY}/cryptoKeyVersions/3"),
    observability=Observability(
        sinks=(
            Sink("bus", "pubsub.googleapis.com/projects/acme-logs/topics/logs"),
            Sink("lake", "bigquery.googleapis.com/projects/acme-logs/datasets/logs", "severity>=ERROR"),
            Sink("bucket", "logging.googleapis.com/projects/acme-logs/locations/us-central1/buckets/b"),
        )
    ),
)
ANNOTATED: Final = replace(VISION, identity=WorkloadIdentity.ANNOTATED)
CASES: Final = {
    "standard": STANDARD,
    "autopilot": AUTOPILOT,
    "shared": SHARED,
    "unmanaged": UNMANAGED,
    "made-project": MADE_PROJECT,
    "peered": PEERED,
    "spoke": SPOKE,
    "external": EXTERNAL,
    "external-vpc": EXTERNAL_VPC,
    "bare": BARE,
    "existing-key": EXISTING_KEY,
}
