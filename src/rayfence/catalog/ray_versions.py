"""Loads `data/ray_versions.yaml`: which Ray versions rayfence starts, and the advisories that decide the floor."""

import re
from functools import cache
from typing import Final

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass

_VERSION: Final = re.compile(r"^(\d{1,4})\.(\d{1,4})\.(\d{1,4})$")


@dataclass(frozen=True, slots=True)
class Advisory:
    """A published hole of Ray. `fixed_in` empty: no release fixes it; `title` says what stands against it."""

    id: str
    title: str
    fixed_in: str


@dataclass(frozen=True, slots=True)
class RayVersions:
    """`floor`: older ones are refused. `supported`: measured and catalogued, newest first."""

    floor: str
    supported: tuple[str, ...]
    advisories: tuple[Advisory, ...]

    def holes(self, version: str) -> tuple[Advisory, ...]:
        """Advisories that `version` has and a later release fixes, in file order. Raises ValueError: not a version."""
        return tuple(
            advisory
            for advisory in self.advisories
            if advisory.fixed_in and version_key(version) < version_key(advisory.fixed_in)
        )

    def below_floor(self, version: str) -> bool:
        """Whether `version` is too old to start. Raises ValueError: not a version."""
        return version_key(version) < version_key(self.floor)


def version_key(version: str) -> tuple[int, int, int]:
    """Orders `major.minor.patch`. Raises ValueError: pre-releases and nightly builds are no known version."""
    found = _VERSION.match(version)
    if found is None:
        raise ValueError(f"{version!r} is not a release version such as 2.60.0")
    major, minor, patch = found.groups()
    return int(major), int(minor), int(patch)


@cache
def load_ray_versions() -> RayVersions:
    """The shipped versions and advisories. Raises CatalogError."""
    return parse_ray_versions(read_data("ray_versions.yaml"), "ray_versions.yaml")


def parse_ray_versions(text: str, name: str) -> RayVersions:
    """Parse a versions document. Raises CatalogError."""
    document = parse_document(text, name)
    check_keys(document, {"floor", "supported", "advisories"}, (), name)
    advisories = tuple(
        _advisory(item, f"{name}: advisories[{number}]")
        for number, item in enumerate(as_items(document["advisories"], name))
    )
    versions = RayVersions(
        floor=_version(document["floor"], name),
        supported=tuple(_version(item, name) for item in as_items(document["supported"], name)),
        advisories=advisories,
    )
    ids = [advisory.id for advisory in advisories]
    if len(set(ids)) != len(ids):
        raise CatalogError("an advisory is named twice", where=name)
    for version in versions.supported:
        if versions.below_floor(version) or versions.holes(version):
            raise CatalogError(f"supported version {version} is below the floor or has a known hole", where=name)
    return versions


def _advisory(value: object, where: str) -> Advisory:
    item = as_mapping(value, where)
    check_keys(item, {"id", "title"}, {"fixed_in"}, where)
    fixed_in = _version(item["fixed_in"], where) if "fixed_in" in item else ""
    return Advisory(id=as_text(item["id"], where), title=as_text(item["title"], where), fixed_in=fixed_in)


def _version(value: object, where: str) -> str:
    version = as_text(value, where)
    try:
        version_key(version)
    except ValueError as error:
        raise CatalogError(str(error), where=where) from error
    return version
