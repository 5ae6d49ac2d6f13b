"""What every pod of the platform asks of a node, with what it carries besides Ray.

Covers: head and workers of every cluster, job and service; the platform's own pods. Leaves out: submitters (the
operator submits jobs itself, over HTTP), init containers (smaller than the containers after them), volumes. Pure.
"""

from collections.abc import Iterator

from rayfence.catalog.gke_capacity import GkeCapacity
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.proofs import PodNeed, Room
from rayfence.model.tenancy import ClusterTenant, PodShape, RayPods


def pod_needs(platform: ClusterPlatform, figures: GkeCapacity) -> tuple[PodNeed, ...]:
    """Every kind of pod, in the order of the spec; those of the platform itself first."""
    return (*_platform_needs(platform, figures), *_tenants_needs(platform, figures))


def shape_room(shape: PodShape) -> Room:
    """What the Ray container asks for."""
    return Room(shape.cpus * 1000, shape.memory_gib * 1024, shape.gpus)


def _platform_needs(platform: ClusterPlatform, figures: GkeCapacity) -> Iterator[PodNeed]:
    for pod in figures.platform_pods:
        owners = [tenant.name for tenant in platform.tenants] if pod.per_tenant else [""]
        for owner in owners:
            yield PodNeed(
                name=f"{owner}-gateway {pod.name}" if owner else pod.name,
                path=f"tenants.{owner}" if owner else "target",
                tenant=None,
                request=pod.request,
                minimum=pod.replicas,
                maximum=pod.replicas,
                pool=None,
                waits=False,
                parts=(f"{pod.name}: {text(pod.request)}",),
            )


def _tenants_needs(platform: ClusterPlatform, figures: GkeCapacity) -> Iterator[PodNeed]:
    for index, tenant in enumerate(platform.tenants):
        path = f"tenants.{index}"
        for number, cluster in enumerate(tenant.clusters):
            yield from _ray(tenant, cluster.name, f"{path}.clusters.{number}", cluster.pods, figures, job=False)
        for number, service in enumerate(tenant.services):
            yield from _ray(tenant, service.name, f"{path}.services.{number}", service.pods, figures, job=False)
        for number, job in enumerate(tenant.jobs):
            job_path = f"{path}.jobs.{number}"
            yield from _ray(tenant, job.name, job_path, job.pods, figures, job=True)


def _ray(
    tenant: ClusterTenant, name: str, path: str, pods: RayPods, figures: GkeCapacity, *, job: bool
) -> Iterator[PodNeed]:
    beside = [key for key in ("autoscaler", "mtls") if key == "mtls" or pods.autoscaling]
    request = shape_room(pods.head)
    parts = [f"ray: {text(request)}"]
    for key in beside:
        request += figures.sidecars[key]
        parts.append(f"{key} sidecar: {text(figures.sidecars[key])}")
    yield _need(tenant, f"{name} head", f"{path}.head", request, (1, 1), pods.head.pool, tuple(parts), job=job)
    for index, group in enumerate(pods.workers):
        room = shape_room(group.shape)
        yield _need(
            tenant,
            f"{name} {group.name}",
            f"{path}.workers.{index}",
            room,
            (group.minimum, max(group.minimum, group.maximum)),
            group.shape.pool,
            (f"ray: {text(room)}",),
            job=job,
        )


def _need(
    tenant: ClusterTenant,
    name: str,
    path: str,
    request: Room,
    counts: tuple[int, int],
    pool: str | None,
    parts: tuple[str, ...],
    *,
    job: bool,
) -> PodNeed:
    return PodNeed(
        name=f"{tenant.name}/{name}",
        path=path,
        tenant=tenant.name,
        request=request,
        minimum=counts[0],
        maximum=counts[1],
        pool=pool,
        waits=job and tenant.queue is not None,
        parts=parts,
    )


def text(room: Room) -> str:
    """A room for people: `3.5 CPU, 7.5 GiB, 1 GPU`."""
    gpus = f", {room.gpus} GPU" if room.gpus else ""
    return f"{room.cpu_milli / 1000:g} CPU, {round(room.memory_mib / 1024, 2):g} GiB{gpus}"
