"""RayCluster, RayJob, RayCronJob and RayService as applied.

Jobs are submitted by the operator over HTTP: no submitter pod, so no further account, image and way to the head. Each
job has its own cluster, which goes when the job is done. Source: KubeRay v1 API (1.5.1 to 1.7.0).
"""

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant, Job
from rayfence.render.kubernetes.names import TENANT
from rayfence.render.kubernetes.operator.features import mutual_tls
from rayfence.render.kubernetes.shape import Json, resource
from rayfence.render.kubernetes.tenant.storage import QUEUE, QUEUE_LABEL
from rayfence.render.kubernetes.workloads.cluster import cluster_spec
from rayfence.render.kubernetes.workloads.listing import Kind, Workload, workloads
from rayfence.render.kubernetes.workloads.sidecar import sidecar_objects

_API = "ray.io/v1"
#: Seconds a finished job's cluster stays, for its logs to be read.
_KEPT = 600


def ray_objects(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Every Ray object of the tenant, its sidecar's objects before it."""
    found: list[Json] = []
    for workload in workloads(tenant):
        if resolution.platform.images.gateway is not None:
            found += sidecar_objects(workload, tenant, ray_tls=mutual_tls(resolution.kubernetes))
        found.append(_object(workload, tenant, resolution))
    return tuple(found)


def _object(workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    spec = cluster_spec(workload, tenant, resolution)
    labels = {TENANT: tenant.name}
    if tenant.queue is not None:
        labels[QUEUE_LABEL] = QUEUE
    if workload.kind is Kind.CLUSTER:
        return resource(_API, "RayCluster", workload.name, tenant.name, labels=labels, spec=spec)
    if workload.kind is Kind.SERVICE:
        config = next(service.config for service in tenant.services if service.name == workload.name)
        service: Json = {
            "serveConfigV2": config,
            "upgradeStrategy": {"type": "NewCluster"},
            "rayClusterConfig": spec,
        }
        return resource(_API, "RayService", workload.name, tenant.name, labels=labels, spec=service)
    job = next(job for job in tenant.jobs if job.name == workload.name)
    if workload.kind is Kind.JOB:
        return resource(_API, "RayJob", workload.name, tenant.name, labels=labels, spec=_job(job, spec))
    cron: Json = {"schedule": job.schedule, "jobTemplate": _job(job, spec)}
    return resource(_API, "RayCronJob", workload.name, tenant.name, labels=labels, spec=cron)


def _job(job: Job, cluster: Json) -> Json:
    return {
        "entrypoint": job.entrypoint,
        "submissionMode": "HTTPMode",
        "shutdownAfterJobFinishes": True,
        "ttlSecondsAfterFinished": _KEPT,
        "activeDeadlineSeconds": job.deadline_seconds,
        "backoffLimit": 0,
        "rayClusterSpec": cluster,
    }
