"""Tenants of a platform on Kubernetes: who holds which role, which Ray clusters, jobs and services there are."""

from typing import Annotated, Literal

from pydantic import Field

from rayfence.model import tenancy as model
from rayfence.spec.v1alpha1 import fields
from rayfence.spec.v1alpha1.parsed import Cron
from rayfence.spec.v1alpha1.strict import Strict, no_entries, no_items

Cpus = Annotated[int, Field(ge=1, le=1024)]
MemoryGib = Annotated[int, Field(ge=1, le=16 * 1024)]
Gpus = Annotated[int, Field(ge=0, le=16)]
Members = Annotated[list[fields.Member], Field(max_length=64)]


class RolesSpec(Strict):
    """Who holds each role of the tenant's gateway: `group:` or `serviceAccount:`. Nobody by default."""

    viewer: Members = Field(default_factory=no_items, description="May look: dashboard, status, own logs.")
    submitter: Members = Field(default_factory=no_items, description="May also submit jobs, and end their own.")
    operator: Members = Field(default_factory=no_items, description="May also read and end everybody's jobs.")
    ray_client: Members = Field(
        default_factory=no_items, description="May use Ray Client: code execution, interactively."
    )
    serve_call: Members = Field(default_factory=no_items, description="May call applications of Ray Serve.")

    def to_model(self) -> model.Roles:
        """The internal form."""
        lists = (self.viewer, self.submitter, self.operator, self.ray_client, self.serve_call)
        return model.Roles(*(tuple(members) for members in lists))


class PodSpec(Strict):
    """Resources of a pod; requests equal limits."""

    cpus: Cpus = 2
    memory_gib: MemoryGib = 8
    gpus: Gpus = 0
    pool: fields.PoolName | None = Field(default=None, description="Node pool it is bound to (GKE Standard).")

    def shape(self) -> model.PodShape:
        """The internal form."""
        return model.PodShape(self.cpus, self.memory_gib, self.gpus, self.pool)


class WorkersSpec(PodSpec):
    """A group of equal workers: `minimum` to `maximum` pods."""

    name: fields.Name = "workers"
    minimum: Annotated[int, Field(ge=0, le=10_000, description="Pods that always run.")] = 0
    maximum: Annotated[int, Field(ge=0, le=10_000, description="Pods the autoscaler may run.")] = 4

    def to_model(self) -> model.WorkerPods:
        """The internal form."""
        return model.WorkerPods(self.name, self.shape(), self.minimum, self.maximum)


class RaySpec(Strict):
    """Ray itself."""

    version: fields.Version = Field(default="2.60.0", description="Ray's release, as in the image.")
    image: fields.Image = Field(description="Ray's image by digest, below one of images.registries.")


class FaultToleranceSpec(Strict):
    """A Redis that keeps the cluster's state over the loss of its head."""

    redis: fields.HostPort = Field(description="Its address.")
    secret: fields.KubernetesName = Field(description="Secret with key `password` in the tenant's namespace.")


class PodsSpec(Strict):
    """What every Ray object is made of."""

    ray: RaySpec
    head: PodSpec = Field(default_factory=PodSpec, description="The head's pod.")
    workers: list[WorkersSpec] = Field(
        default_factory=lambda: [WorkersSpec()], max_length=16, description="Groups of workers."
    )
    autoscaling: bool = Field(default=True, description="Ray's autoscaler; without it groups run `maximum` pods.")
    idle_seconds: Annotated[
        int, Field(ge=1, le=24 * 3600, description="Idle for so long, a worker above `minimum` is taken away.")
    ] = 60
    spill_gib: Annotated[int, Field(ge=0, le=64 * 1024, description="Volume per pod for object spilling; 0: none.")] = 0
    fault_tolerance: FaultToleranceSpec | None = None

    def pods(self) -> model.RayPods:
        """The internal form."""
        external = self.fault_tolerance
        return model.RayPods(
            version=self.ray.version,
            image=self.ray.image,
            head=self.head.shape(),
            workers=tuple(group.to_model() for group in self.workers),
            autoscaling=self.autoscaling,
            idle_seconds=self.idle_seconds,
            spill_gib=self.spill_gib,
            fault_tolerance=model.FaultTolerance(external.redis, external.secret) if external else None,
        )


class ClusterSpec(PodsSpec):
    """A long-lived Ray cluster."""

    name: fields.ClusterName = "ray"

    def to_model(self) -> model.NamedCluster:
        """The internal form."""
        return model.NamedCluster(self.name, self.pods())


class JobSpec(PodsSpec):
    """A job with a Ray cluster of its own, once or by a schedule."""

    name: fields.JobName
    entrypoint: fields.Script = Field(description="The command that is the job.")
    schedule: Cron | None = Field(default=None, description="Five cron fields; left out: it runs once.")
    deadline_seconds: Annotated[int, Field(ge=60, le=30 * 24 * 3600, description="It is ended after this.")] = 24 * 3600

    def to_model(self) -> model.Job:
        """The internal form."""
        return model.Job(self.name, self.pods(), self.entrypoint, self.schedule or "", self.deadline_seconds)


class ServiceSpec(PodsSpec):
    """Applications of Ray Serve on a Ray cluster of their own."""

    name: fields.JobName
    config: fields.ServeConfig = Field(description="Serve's own configuration (serveConfigV2) as text.")

    def to_model(self) -> model.ServiceApp:
        """The internal form."""
        return model.ServiceApp(self.name, self.pods(), self.config)


class QuotaSpec(Strict):
    """Bounds of the tenant's namespace; what is left out is computed from its clusters."""

    cpus: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    memory_gib: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    gpus: Annotated[int, Field(ge=0, le=100_000)] | None = None
    pods: Annotated[int, Field(ge=1, le=1_000_000)] | None = None

    def to_model(self) -> model.Quota:
        """The internal form."""
        return model.Quota(self.cpus, self.memory_gib, self.gpus, self.pods)


class TenantSpec(Strict):
    """A trust boundary: one namespace for its Ray, another for its gateway."""

    name: fields.Name = Field(description="Its namespace; its gateway runs in `NAME-gateway`.")
    roles: RolesSpec = Field(default_factory=RolesSpec)
    clusters: list[ClusterSpec] = Field(default_factory=no_items, max_length=64)
    jobs: list[JobSpec] = Field(default_factory=no_items, max_length=256)
    services: list[ServiceSpec] = Field(default_factory=no_items, max_length=64)
    quota: QuotaSpec = Field(default_factory=QuotaSpec)
    queue: fields.KubernetesName | None = Field(default=None, description="Kueue ClusterQueue to draw from.")
    labels: Annotated[dict[fields.LabelKey, fields.LabelValue], Field(max_length=32)] = Field(
        default_factory=no_entries, description="Labels for its namespace and objects (cost centre, data class)."
    )
    retain: bool = Field(
        default=False,
        description="Its namespaces stay when the platform or the tenant goes, with the trails' volumes and the keys.",
    )

    def to_model(self) -> model.ClusterTenant:
        """The internal form."""
        return model.ClusterTenant(
            name=self.name,
            roles=self.roles.to_model(),
            clusters=tuple(cluster.to_model() for cluster in self.clusters),
            jobs=tuple(job.to_model() for job in self.jobs),
            services=tuple(service.to_model() for service in self.services),
            quota=self.quota.to_model(),
            queue=self.queue,
            extra_labels=dict(self.labels),
            retain=self.retain,
        )


class AccessSpec(Strict):
    """One Google resource that the tenant's pods may use, bound on that resource alone."""

    bigquery: fields.DatasetName | None = Field(default=None, description="A data set.")
    storage: fields.BucketName | None = Field(default=None, description="A bucket.")
    secret_manager: fields.SecretName | None = Field(default=None, description="A secret.")
    pubsub: fields.TopicName | None = Field(default=None, description="A topic.")
    artifact_registry: fields.RepositoryName | None = Field(default=None, description="A repository.")
    kms: fields.KeyName | None = Field(default=None, description="A key.")
    role: fields.Role = Field(description="A role of that service, short or in full; no basic role.")

    def to_model(self) -> model.Grant:
        """The internal form. Services are named there as their APIs are."""
        resources = {
            "bigquery": self.bigquery,
            "storage": self.storage,
            "secretmanager": self.secret_manager,
            "pubsub": self.pubsub,
            "artifactregistry": self.artifact_registry,
            "kms": self.kms,
        }
        service, resource = next((name, value) for name, value in resources.items() if value is not None)
        return model.Grant(service, resource, self.role)


class WorkloadIdentitySpec(Strict):
    """How the tenant's pods prove themselves to Google APIs."""

    mode: Literal["principal", "annotated", "node", "keyFile"] = Field(
        default="principal",
        description="principal: as their own service account. annotated: as a Google service account, for APIs that "
        "need one. node (waiver node-identity): as their node. keyFile (waiver service-account-key): a downloaded key.",
    )
    max_age_days: Annotated[int, Field(ge=1, le=90, description="After which a key file must be replaced.")] | None = (
        None
    )


class GkeTenantSpec(TenantSpec):
    """A tenant whose pods may use Google's APIs."""

    access: list[AccessSpec] = Field(
        default_factory=no_items, max_length=256, description="Google resources its pods may use. None by default."
    )
    identity: WorkloadIdentitySpec = Field(default_factory=WorkloadIdentitySpec)

    def to_model(self) -> model.ClusterTenant:
        """The internal form."""
        common = super().to_model()
        return model.ClusterTenant(
            name=common.name,
            roles=common.roles,
            clusters=common.clusters,
            jobs=common.jobs,
            services=common.services,
            access=tuple(grant.to_model() for grant in self.access),
            identity=model.WorkloadIdentity(self.identity.mode),
            key_max_age_days=self.identity.max_age_days or 0,
            quota=common.quota,
            queue=common.queue,
            extra_labels=common.extra_labels,
            retain=common.retain,
        )
