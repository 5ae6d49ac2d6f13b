"""Loads `data/value_groups.yaml`: what `in:NAME` stands for in list constraints."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass

_SUFFIX: Final = "-locations"
_REGION: Final = re.compile(r"^[a-z]+-[a-z]+[0-9]+\Z")
#: `us-central1-a`, and zones for AI such as `us-central1-ai1a`.
_ZONE: Final = re.compile(r"^([a-z]+-[a-z]+[0-9]+)-(?:[a-z]|ai[0-9]+[a-z])\Z")


@dataclass(frozen=True, slots=True)
class ValueGroups:
    """Groups as of `as_of` (year-month). `regions`, `multi_regions`: location to its groups, without `-locations`."""

    as_of: str
    location_groups: frozenset[str]
    regions: Mapping[str, frozenset[str]]
    multi_regions: Mapping[str, frozenset[str]]
    groups: Mapping[str, frozenset[str]]
    closed: frozenset[str]

    def holds(self, group: str, value: str) -> bool | None:
        """Whether the group `group` (without `in:`) holds `value`; None: group or value are not known well enough."""
        if group.endswith(_SUFFIX):
            return self._location(group.removesuffix(_SUFFIX), value.lower())
        members = self.groups.get(group)
        if members is None:
            return None
        if value in members:
            return True
        listed = any(value in others for others in self.groups.values())
        return False if listed and group in self.closed else None

    def region_of(self, location: str) -> str:
        """The region of a zone, the region itself, or empty for anything else (also for unknown regions)."""
        found = _ZONE.match(location)
        region = found.group(1) if found else location
        return region if region in self.regions else ""

    def _location(self, group: str, value: str) -> bool | None:
        region = self.region_of(value)
        if group in self.regions:
            if region:
                return region == group
            return False if value in self.multi_regions or _ZONE.match(value) or _REGION.match(value) else None
        if group not in self.location_groups:
            return None
        if region:
            return group in self.regions[region]
        return True if group in self.multi_regions.get(value, frozenset()) else None


@cache
def load_value_groups() -> ValueGroups:
    """The shipped groups. Raises CatalogError."""
    return parse_value_groups(read_data("value_groups.yaml"), "value_groups.yaml")


def parse_value_groups(text: str, name: str) -> ValueGroups:
    """Parse a document of groups. Raises CatalogError."""
    document = parse_document(text, name)
    keys = {"as_of", "location_groups", "regions", "multi_regions", "groups", "closed"}
    check_keys(document, keys, (), name)
    larger = _names(document["location_groups"], f"{name}: location_groups")
    regions = _sets(document["regions"], f"{name}: regions")
    multi_regions = _sets(document["multi_regions"], f"{name}: multi_regions")
    for location, held in (*regions.items(), *multi_regions.items()):
        if held - larger:
            raise CatalogError(f"{location} is in unknown groups {sorted(held - larger)}", where=name)
    wrong = [region for region in regions if not _REGION.match(region)]
    if wrong or set(regions) & (larger | set(multi_regions)):
        raise CatalogError(f"regions must look like us-central1, and be nothing else: {wrong}", where=name)
    groups = _sets(document["groups"], f"{name}: groups")
    closed = _names(document["closed"], f"{name}: closed")
    if closed - set(groups):
        raise CatalogError(f"closed names unknown groups {sorted(closed - set(groups))}", where=name)
    return ValueGroups(as_text(document["as_of"], name), larger, regions, multi_regions, groups, closed)


def _sets(value: object, where: str) -> dict[str, frozenset[str]]:
    return {key: _names(names, f"{where}.{key}") for key, names in as_mapping(value, where).items()}


def _names(value: object, where: str) -> frozenset[str]:
    names = [as_text(item, where) for item in as_items(value, where)]
    if len(set(names)) != len(names):
        raise CatalogError("a name stands twice", where=where)
    return frozenset(names)
