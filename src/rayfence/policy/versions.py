"""Which Ray may be started: the version floor, known holes, and that spec, machine and catalogue mean the same
version.
"""

from collections.abc import Iterator

from rayfence.catalog.ray_versions import RayVersions
from rayfence.model.resolution import Conflict


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
