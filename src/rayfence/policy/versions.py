"""Which Ray may be started: the version floor, known holes, and that spec, machine and catalogue mean the same
version.
"""

from collections.abc import Iterator, Sequence

from rayfence.catalog import RayVersions
from rayfence.model.outcome import PolicyConflict
from rayfence.model.resolution import Conflict
from rayfence.model.tenancy import ClusterTenant, RayPods


def version_conflicts(wanted: str, installed: str | None, versions: RayVersions) -> Iterator[Conflict]:
    """What stands against starting `wanted` with the `installed` Ray; nothing when all is well."""
    supported = ", ".join(versions.supported)
    if versions.below_floor(wanted):
        holes = "; ".join(f"{hole.id} ({hole.title}), fixed in {hole.fixed_in}" for hole in versions.holes(wanted))
        yield Conflict(
            "ray.version",
            f"Ray {wanted} is below the floor {versions.floor}: {holes}",
            f"use a supported version: {supported}",
        )
    elif wanted not in versions.supported:
        yield Conflict(
            "ray.version",
            f"Ray {wanted} is not catalogued: its routes and listeners are unknown",
            f"use a supported version: {supported}",
        )
    if installed is None:
        yield Conflict("ray", "Ray is not installed beside rayfence", f"install `ray[default]=={wanted}`")
    elif installed != wanted:
        yield Conflict("ray", f"Ray {installed} is installed, the spec wants {wanted}", f"install `ray=={wanted}`")


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
