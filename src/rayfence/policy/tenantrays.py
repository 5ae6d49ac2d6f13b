"""Which Ray a tenant may run on a cluster: at or above the floor, and one whose routes are catalogued."""

from collections.abc import Iterator, Sequence

from rayfence.catalog.ray_versions import RayVersions
from rayfence.model.outcome import PolicyConflict
from rayfence.model.tenancy import ClusterTenant, RayPods


def tenant_version_conflicts(tenants: Sequence[ClusterTenant], versions: RayVersions) -> Iterator[PolicyConflict]:
    """What stands against the Ray of each cluster, job and service of the tenants."""
    supported = f"use a supported version: {', '.join(versions.supported)}"
    for path, pods in (found for number, tenant in enumerate(tenants) for found in _ray_of(tenant, number)):
        if versions.below_floor(pods.version):
            holes = "; ".join(f"{hole.id} ({hole.title})" for hole in versions.holes(pods.version))
            problem = f"Ray {pods.version} is below the floor {versions.floor}: {holes}"
            yield PolicyConflict((), (path,), problem, (supported,))
        elif pods.version not in versions.supported:
            problem = f"Ray {pods.version} is not catalogued: its routes and listeners are unknown to the gateway"
            yield PolicyConflict((), (path,), problem, (supported,))


def _ray_of(tenant: ClusterTenant, number: int) -> Iterator[tuple[str, RayPods]]:
    found = (
        ("clusters", [cluster.pods for cluster in tenant.clusters]),
        ("jobs", [job.pods for job in tenant.jobs]),
        ("services", [service.pods for service in tenant.services]),
    )
    for kind, items in found:
        for index, pods in enumerate(items):
            yield f"tenants[{number}].{kind}[{index}].ray.version", pods
