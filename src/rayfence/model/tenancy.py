"""Tenants of a platform on Kubernetes, as specified: who, which Ray clusters, jobs and services."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class PodShape:
    """Resources of one Ray pod; requests equal limits. `pool`: node pool it is bound to, None: any it may use."""

    cpus: int
    memory_gib: int
    gpus: int = 0
    pool: str | None = None


@dataclass(frozen=True, slots=True)
class WorkerPods:
    """A worker group; `minimum` to `maximum` pods with the autoscaler, else `replicas` equals both."""

    name: str
    shape: PodShape
    minimum: int
    maximum: int


@dataclass(frozen=True, slots=True)
class FaultTolerance:
    """External Redis for GCS. `secret`: Secret with key `password` in the tenant's namespace."""

    redis: str
    secret: str


@dataclass(frozen=True, slots=True)
class RayPods:
    """What every Ray object of a tenant is made of: version, image by digest, head and workers."""

    version: str
    image: str
    head: PodShape
    workers: tuple[WorkerPods, ...]
    autoscaling: bool = True
    idle_seconds: int = 60  # after which the autoscaler takes a worker away
    spill_gib: int = 0  # 0: none; else a volume per pod for object spilling
    fault_tolerance: FaultTolerance | None = None


@dataclass(frozen=True, slots=True)
class NamedCluster:
    """A long-lived RayCluster."""

    name: str
    pods: RayPods


@dataclass(frozen=True, slots=True)
class Job:
    """A RayJob with a cluster of its own; with `schedule` (cron) a RayCronJob."""

    name: str
    pods: RayPods
    entrypoint: str
    schedule: str = ""
    deadline_seconds: int = 24 * 3600


@dataclass(frozen=True, slots=True)
class ServiceApp:
    """A RayService. `config`: Serve's own YAML (serveConfigV2), checked as text only."""

    name: str
    pods: RayPods
    config: str


class WorkloadIdentity(StrEnum):
    """How pods prove themselves to Google APIs."""

    PRINCIPAL = "principal"  # the service account itself, by Workload Identity Federation
    ANNOTATED = "annotated"  # impersonates a Google service account
    NODE = "node"  # acts as its node, on a pool of its own; by waiver
    KEY_FILE = "keyFile"  # a downloaded key with a maximum age; by waiver


@dataclass(frozen=True, slots=True)
class Grant:
    """A Google resource that the tenant's pods may use, by one resource-level binding.

    `service`: bigquery, storage, secretmanager, pubsub, artifactregistry, kms. `resource`: `project.dataset`, bucket,
    full secret, topic, repository or key name. `role`: short (`dataViewer`) or full (`roles/bigquery.dataViewer`).
    """

    service: str
    resource: str
    role: str


@dataclass(frozen=True, slots=True)
class Roles:
    """Who holds each cumulative role of the gateway; members as `group:` or `serviceAccount:`."""

    viewer: tuple[str, ...] = ()
    submitter: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    ray_client: tuple[str, ...] = ()
    serve_call: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Quota:
    """Bounds of the tenant's namespace."""

    cpus: int | None = None
    memory_gib: int | None = None
    gpus: int | None = None
    pods: int | None = None


@dataclass(frozen=True, slots=True)
class ClusterTenant:
    """A trust boundary: one namespace for its Ray objects, `<name>-gateway` for its gateway."""

    name: str
    roles: Roles
    clusters: tuple[NamedCluster, ...] = ()
    jobs: tuple[Job, ...] = ()
    services: tuple[ServiceApp, ...] = ()
    access: tuple[Grant, ...] = ()
    identity: WorkloadIdentity = WorkloadIdentity.PRINCIPAL
    key_max_age_days: int = 0  # of a key file
    quota: Quota = Quota()
    queue: str | None = None  # Kueue ClusterQueue to draw from
    extra_labels: Mapping[str, str] = field(default_factory=dict)
    retain: bool = False  # its namespaces outlive the platform, with what only they hold
