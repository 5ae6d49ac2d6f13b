"""Places are chosen among those allowed; a region alone does not admit its zones."""

from dataclasses import replace

import pytest

from rayfence.model.decision import Source
from rayfence.policy.gke.locations import is_zone, place, region_of, zones_of
from tests.unit.policy.platforms import allow, case, decision, minimal, open_question, refused, resolved, waiver

RULE = "gcp.resourceLocations"


def test_regions_and_zones() -> None:
    assert is_zone("us-central1-c")
    assert not is_zone("us-central1")
    assert region_of("europe-west10-a") == region_of("europe-west10") == "europe-west10"
    assert zones_of("us-east1") == ("us-east1-b", "us-east1-c", "us-east1-d")


def test_three_zones_by_default() -> None:
    settled = place(case(minimal()))
    assert settled.zones == ("us-central1-a", "us-central1-b", "us-central1-c")
    assert settled.regional


def test_zones_are_chosen_among_those_allowed() -> None:
    resolution = resolved(minimal(), allow(RULE, "us-central1", "us-central1-c", "us-central1-f"))
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.zones == ("us-central1-c", "us-central1-f")
    assert resolution.gke.pools[0].zones == resolution.gke.zones
    assert decision(resolution, "gke.zones").source is Source.CONSTRAINT


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (allow(RULE, "us-central1"), "target.gke.nodeLocations"),
        (allow(RULE, "in:eu-locations"), "target.gke.location"),
        (allow(RULE, "in:atlantis-locations"), "target.gke.location"),
        (open_question(RULE), "target.gke.location"),
    ],
)
def test_a_place_that_is_not_known_to_be_allowed_stops_the_plan(policy: object, field: str) -> None:
    resolution = resolved(minimal(), policy)  # type: ignore[arg-type]
    (conflict,) = [item for item in resolution.conflicts if item.fields == (field,)][:1]
    assert conflict.rules == (RULE,)
    assert f"constraints/{RULE}" in conflict.request


def test_a_region_that_google_is_not_known_to_have_is_told_with_the_nearest() -> None:
    item = case(replace(minimal(), target=replace(case(minimal()).gke, location="us-centrall1")))
    place(item)
    assert "us-centrall1 is not among" in item.warnings[0] and "did you mean us-central1?" in item.warnings[0]
    known = case(minimal())
    place(known)
    assert known.warnings == []


def test_a_zone_takes_a_waiver() -> None:
    platform = minimal(location="us-central1-c")
    assert "zonal-cluster" in refused(resolved(platform))
    waived = resolved(replace(platform, waivers=(waiver("zonal-cluster"),)))
    assert waived.conflicts == ()
    assert decision(waived, "gke.regional").source is Source.WAIVER
    assert waived.gke is not None
    assert waived.gke.zones == ("us-central1-c",)


def test_zones_of_another_region_and_zones_refused_are_named_one_by_one() -> None:
    platform = minimal(node_locations=("us-central1-a", "us-east1-b", "nowhere"))
    fields = refused(resolved(platform, allow(RULE, "us-central1", "us-central1-b")))
    assert fields >= {f"target.gke.nodeLocations[{index}]" for index in range(3)}
