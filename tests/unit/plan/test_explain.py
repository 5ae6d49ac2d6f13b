"""Explanations: of settings, constraints and waivers."""

from dataclasses import replace

import pytest

from rayfence.model.decision import Decision, Source
from rayfence.model.outcome import ConstraintOutcome, Outcome
from rayfence.plan.explain import UnknownSubject, explain
from tests.unit.plan.cluster_plans import PLATFORM, PRIVATE, REGION, plan

LOCATIONS = ConstraintOutcome(
    "gcp.resourceLocations", Outcome.SATISFIED_BY, "europe-west4 is allowed", ("target.gke.location",), "loc.json:1"
)
MADE = plan(PRIVATE, REGION, outcomes=(LOCATIONS,))


def test_a_setting_says_what_demanded_it_and_what_would_change_it() -> None:
    (found,) = explain(MADE, PLATFORM, "cluster.location", {})
    assert (found.value, found.source) == ("europe-west4", "constraint gcp.resourceLocations")
    assert found.changes == (
        "another policy of gcp.resourceLocations (loc.json:1), or an exception for this project",
        "not afterwards: a cluster can't be moved",
    )


def test_the_beginning_of_a_path_explains_all_below_it() -> None:
    assert [item.name for item in explain(MADE, PLATFORM, "cluster", {})] == [PRIVATE.path, REGION.path]


@pytest.mark.parametrize("name", ["gcp.resourceLocations", "constraints/gcp.resourceLocations"])
def test_a_constraint_says_its_outcome_fields_and_remedy(name: str) -> None:
    (found,) = explain(MADE, PLATFORM, name, {"gcp.resourceLocations": "every location is a member"})
    assert (found.value, found.source) == ("satisfied by a setting", "loc.json:1")
    assert found.changes == (
        "the fields it looks at: target.gke.location",
        "satisfied when: every location is a member",
    )


def test_a_waived_control_names_owner_and_end() -> None:
    (found,) = explain(MADE, PLATFORM, "node-image", {})
    assert (found.value, found.source) == ("accepted until 2027-03-01", "owner ml@example.com")


def test_a_control_that_nobody_waived_says_what_a_waiver_would_permit() -> None:
    (found,) = explain(MADE, PLATFORM, "flow-logs", {})
    assert found.value == "not waived" and "owner, reason and end" in found.changes[0]


def test_the_field_of_the_spec_is_named_with_its_place() -> None:
    placed = replace(PLATFORM, places={"target.gke.location": "p.yaml:9:5"})
    asked = Decision("gke.location", "europe-west4", "as specified", Source.SPEC)
    (said,) = explain(plan(asked), placed, "gke.location", {})
    assert said.changes == ("another value of target.gke.location (p.yaml:9:5)",)
    (fixed,) = explain(plan(replace(asked, path="gke.abac", source=Source.DEFAULT)), placed, "gke.abac", {})
    assert fixed.changes == ("a rule of the organisation that demands another; no field of the spec does",)


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UnknownSubject) as caught:
        explain(MADE, PLATFORM, "gcp.resourceLocation", {})
    assert "gcp.resourceLocations" in caught.value.hint
