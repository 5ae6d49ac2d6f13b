"""Where things stand: the cluster's region, its zones, and that each place is allowed.

Constraint: gcp.resourceLocations. It checks the cluster's location, every node zone, the subnet's region, key rings,
repositories and addresses; global resources are not governed. An allowed region alone does not admit its zones.
Source: Resource Manager, defining-locations; Compute Engine, regions-zones (2026-11).
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.frozen import dataclass
from rayfence.policy.basis import Case, Standing
from rayfence.policy.basis.petitions import admitted

RULE: Final = "gcp.resourceLocations"

#: Zones a regional cluster is spread over.
SPREAD: Final = 3

_ZONE: Final = re.compile(r"[a-z]+-[a-z]+[0-9]+-[a-z]")
#: Regions whose zones are not a, b, c.
_ZONES: Final[Mapping[str, str]] = {"us-central1": "abcf", "us-east1": "bcd", "europe-west1": "bcd"}


@dataclass(frozen=True, slots=True)
class Place:
    """Region and zones of the cluster; `location` is the region, or the one zone of a zonal cluster."""

    location: str
    region: str
    regional: bool
    zones: tuple[str, ...]


def is_zone(location: str) -> bool:
    """Whether a location is a zone (`us-central1-c`) and no region."""
    return _ZONE.fullmatch(location) is not None


def region_of(location: str) -> str:
    """The region of a zone, or the region itself."""
    return location.rpartition("-")[0] if is_zone(location) else location


def zones_of(region: str) -> tuple[str, ...]:
    """Zones of a region, in order."""
    return tuple(f"{region}-{letter}" for letter in _ZONES.get(region, "abc"))


def place(case: Case) -> Place:
    """Decide region and zones.

    1. A region, or a zone by waiver.
    2. Zones as specified, else the first three of the region that the organisation allows.
    3. Whatever was chosen must be allowed.
    """
    location = case.gke.location
    region, regional = region_of(location), not is_zone(location)
    if regional:
        case.decide("gke.location", location, "as specified", serves=(RULE,), source=Source.SPEC, irreversible=_FIXED)
        case.decide("gke.regional", True, "the control plane survives the loss of a zone", irreversible=_FIXED)
    else:
        waiver = case.refuse_unwaived(
            "zonal-cluster",
            "target.gke.location",
            f"{location} is a zone: a zonal control plane is away while it is upgraded, and when the zone is",
            f"set location: {region} and nodeLocations: [{location}]",
        )
        case.decide("gke.location", location, "as specified", serves=(RULE,), source=Source.SPEC, irreversible=_FIXED)
        case.decide("gke.regional", False, "a zone was asked for", waiver=waiver, source=Source.SPEC)
    groups = case.rules.groups
    if not groups.region_of(region):
        near = get_close_matches(region, groups.regions, n=1, cutoff=0.8)
        meant = f"did you mean {near[0]}? " if near else ""
        told = f"{region} is not among Google's regions of {groups.as_of}; {meant}evidence: gcloud compute regions list"
        case.warnings.append(f"target.gke.location: {told}")
    zones = _zones(case, region, regional)
    for name, field in {region: "target.gke.location", location: "target.gke.location"}.items():
        require_place(case, name, field, "the cluster and its subnet")
    return Place(location, region, regional, zones)


def require_place(case: Case, location: str, field: str, what: str) -> bool:
    """Whether `location` is allowed; otherwise a conflict that says what would stand there."""
    verdict = case.rules.verdict(RULE, location)
    if verdict.allowed:
        return True
    allowed = allowed_places(case)
    case.refuse(
        (RULE,),
        (field,),
        f"{what} would stand in {location}: {verdict.reason}",
        (f"choose a place that is allowed: {allowed}", "ask for the exception below"),
        admitted(RULE, location, f"{what} must stand in {location}, near the data and users it serves"),
    )
    return False


def allowed_places(case: Case) -> str:
    """The values the organisation allows, as text."""
    policy = case.rules.facts.policies.get(RULE)
    if policy is None or policy.values is None:
        return "not known"
    return ", ".join(policy.values.allowed) or "nothing is"


def _zones(case: Case, region: str, regional: bool) -> tuple[str, ...]:
    asked = case.gke.node_locations or (() if regional else (case.gke.location,))
    if asked:
        case.decide("gke.zones", asked, "as specified", serves=(RULE,), source=Source.SPEC)
        for index, zone in enumerate(asked):
            field = f"target.gke.nodeLocations[{index}]" if case.gke.node_locations else "target.gke.location"
            if not is_zone(zone) or region_of(zone) != region:
                case.refuse(
                    (), (field,), f"{zone} is no zone of {region}", (f"choose among {', '.join(zones_of(region))}",)
                )
            else:
                require_place(case, zone, field, "nodes")
        return asked
    candidates = zones_of(region)
    fitting = tuple(zone for zone in candidates if case.rules.verdict(RULE, zone).standing is Standing.ALLOWED)[:SPREAD]
    if not fitting:
        require_place(case, candidates[0], "target.gke.nodeLocations", "nodes")
        fitting = candidates[:SPREAD]
    reason = (
        "zones of the region that the organisation allows" if case.rules.binding(RULE) else "three zones of the region"
    )
    case.decide("gke.zones", fitting, reason, serves=(RULE,))
    return fitting


_FIXED: Final = "a cluster can't be moved"
