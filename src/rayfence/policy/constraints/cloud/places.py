"""The constraint on places: everything with a location stands in an admitted one.

Global objects have no place and are not governed. Source: Resource Manager, "Restricting resource locations".
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.criterion import (
    Case,
    Criterion,
    Finding,
    Mark,
    irrelevant,
    weigh,
)
from rayfence.policy.constraints.rendered import (
    CLUSTER,
    Item,
    at,
    items_at,
    last,
    text_at,
    texts_at,
)

_IN_NAME: Final = re.compile(r"projects/[^/]+/(?:locations|regions|zones)/(?P<place>[^/]+)(?:/.*)?")
_PLACE_FIELDS: Final = ("location", "region", "zone")
#: A Google Cloud place: a region (`europe-west4`), a zone (`europe-west4-a`), a multi-region (`eu`, `us`).
_PLACE: Final = re.compile(r"[a-z]+(-[a-z]+\d+(-[a-z])?)?", re.IGNORECASE)


#: Terraform types of objects that always stand somewhere; one that does not say where can't be judged.
LOCATED: Final = frozenset(
    {
        "google_artifact_registry_repository",
        "google_compute_address",
        "google_compute_forwarding_rule",
        "google_compute_router",
        "google_compute_subnetwork",
        "google_container_cluster",
        "google_kms_key_ring",
        "google_storage_bucket",
        "google_workbench_instance",
    }
)


def places(item: Item) -> Iterator[tuple[str, str]]:
    """(field, place) of an object, in lower case; global ones are left out."""
    yield from _placed(item, _named(item))


def _placed(item: Item, named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for path, value in dict.fromkeys(named):
        if value.lower() != "global" and _PLACE.fullmatch(value):
            yield item.field(path), value.lower()


def _named(item: Item) -> Iterator[tuple[str, str]]:
    """(path, place) of everything that names one, as it is written."""
    for key in _PLACE_FIELDS:
        value = text_at(item.body, key) or _literal(text_at(item.attributes, key))
        if value:
            yield key, last(value)
    for key in ("locations", "nodeLocations"):
        for value in texts_at(item.body, key):
            yield key, last(value)
    if not texts_at(item.body, "locations"):
        for value in map(_literal, texts_at(item.attributes, "node_locations")):
            yield "locations", value
    if match := _IN_NAME.fullmatch(text_at(item.body, "name")):
        yield "name", match["place"]
    for number, replica in enumerate(items_at(item.body, "replication.userManaged.replicas")):
        yield f"replication.userManaged.replicas[{number}].location", text_at(replica, "location")
    for region in texts_at(item.body, "messageStoragePolicy.allowedPersistenceRegions"):
        yield "messageStoragePolicy.allowedPersistenceRegions", region


def _placeless(item: Item, named: Iterable[tuple[str, str]]) -> Iterator[Mark]:
    """An object that must stand somewhere and does not say where; a secret whose places Google chooses."""
    said = [path for path, _ in named]
    if item.block in LOCATED and not ("location" in said if item.block == CLUSTER else said):
        yield Mark(item.field("location"), missing=f"where {item.address} stands")
    if at(item.body, "replication.automatic") is not None:
        yield Mark(item.field("replication.automatic"), missing=f"the places that Google chooses for {item.address}")


def _literal(value: str) -> str:
    """A Terraform value that is no reference."""
    return "" if "${" in value else value


def _locations(case: Case) -> Finding:
    named = [(item, tuple(_named(item))) for item in case.rendered.items]
    marks = [
        member_mark(case, field, place, f"{place} is not an admitted location")
        for item, said in named
        for field, place in _placed(item, said)
    ]
    marks += [mark for item, said in named for mark in _placeless(item, said)]
    marks += _unnamed_zones(case)
    return weigh(marks, "everything with a location stands in an admitted one", irrelevant("nothing has a location"))


def _unnamed_zones(case: Case) -> list[Mark]:
    """Zones of a regional cluster that names none: Google's choice, so every zone of the region must be admitted."""
    cluster = case.rendered.cluster
    if cluster is None or texts_at(cluster.body, "locations"):
        return []
    region = text_at(cluster.body, "location")
    if not re.fullmatch(r"[a-z]+-[a-z]+\d+", region):
        return []
    if all(admit(case, f"{region}-{letter}").allowed for letter in "abcdf"):
        return [Mark(cluster.field("locations"))]
    return [
        Mark(cluster.field("locations"), missing=f"the zones of the nodes: Google chooses them in {region}, name them")
    ]


CRITERIA: Final = (
    Criterion(
        "gcp.resourceLocations",
        "Everything with a location stands in a listed one; zones count by themselves.",
        "`location`, `nodeLocations`, the subnet's region and the key's location among the listed ones",
        ("location", "locations", "nodePools.locations", "region", "zone"),
        _locations,
    ),
)
