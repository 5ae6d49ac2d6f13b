"""Violations led back to the spec, with what helps and what to ask for."""

import datetime

from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cluster_platform import ClusterPlatform, Images, OrganizationInput
from rayfence.model.gke import GkeTarget, Network, NetworkKind
from rayfence.model.orgpolicy import EffectivePolicy, ListValues, OrgFacts
from rayfence.model.outcome import ConstraintOutcome, Outcome, PolicyConflict
from rayfence.policy.basis import Rules
from rayfence.policy.constraints.conflicts import LEVERS, conflicts_of
from rayfence.policy.constraints.table import criteria

DNS_ONLY = "container.managed.enableControlPlaneDNSOnlyAccess"
TODAY = datetime.date(2026, 11, 26)
PLATFORM = ClusterPlatform(
    "ray",
    GkeTarget("acme-ml", None, "us-central1", Network(NetworkKind.OWN)),
    (),
    Images(()),
    organization=OrganizationInput(owner="governance@example.com"),
)
SET = (
    EffectivePolicy(DNS_ONLY, "dns.json:1 (organizations/7)", enforced=True),
    EffectivePolicy("gcp.resourceLocations", "places.json:1 (organizations/7)", values=ListValues(allowed=("x",))),
)


def broken(constraint: str, *fields: str) -> ConstraintOutcome:
    """A violation."""
    return ConstraintOutcome(constraint, Outcome.VIOLATED, "it would be refused", fields, "p.json:1")


def conflicts(*outcomes: ConstraintOutcome, known: tuple[PolicyConflict, ...] = ()) -> tuple[PolicyConflict, ...]:
    """What becomes of outcomes."""
    rules = Rules(OrgFacts({item.constraint: item for item in SET}), load_value_groups(), {})
    return conflicts_of(outcomes, known, PLATFORM, rules, TODAY)


def test_a_field_that_a_condition_read_leads_to_the_spec() -> None:
    (found,) = conflicts(broken("custom.zone", "ray: location", "ray: locations[0]"))
    assert found.rules == ("custom.zone",)
    assert found.fields == ("target.gke.location", "target.gke.nodeLocations", "ray: location", "ray: locations[0]")
    assert found.remedies[0].startswith("target.gke.location: name another location")
    assert found.request.startswith("To governance@example.com\n") and "project `acme-ml`" in found.request
    assert "matchTag('7/rayfence-exception', 'custom-zone')" in found.request and "2027-02-24" in found.request


def test_two_rules_that_want_the_opposite_are_named_together() -> None:
    broken_one = broken("custom.x", "ray: masterAuthorizedNetworksConfig.enabled")
    served = ConstraintOutcome(DNS_ONLY, Outcome.SATISFIED_BY, "no address", ("y",), "dns.json:1")
    (found,) = conflicts(broken_one, served)
    assert found.rules == ("custom.x", DNS_ONLY) and "dns.json:1" in found.problem
    assert "dry run" in found.remedies[0] and DNS_ONLY in found.request
    (alone,) = conflicts(broken_one)
    assert alone.rules == ("custom.x",) and "access: private" in alone.remedies[0]


def test_what_no_field_of_the_spec_decides_is_said() -> None:
    (found,) = conflicts(broken("custom.x", "ray: description", "ray: locationsX"))
    assert found.fields == ("ray: description", "ray: locationsX") and found.remedies[0].startswith("none in the spec")


def test_constraints_of_google_bring_the_remedy_of_their_criterion() -> None:
    (found,) = conflicts(broken("gcp.resourceLocations", "Cluster ray: location"))
    assert found.remedies[0] == criteria()["gcp.resourceLocations"].remedy
    assert "also admits what is planned: Cluster ray: location" in found.request


def test_what_was_refused_already_is_not_said_twice_and_the_rest_not_at_all() -> None:
    known = PolicyConflict(("custom.x",), ("target.gke",), "so", ())
    fine = ConstraintOutcome("custom.y", Outcome.UNKNOWN, "nobody knows")
    assert conflicts(broken("custom.x", "ray: location"), fine, known=(known,)) == ()


def test_no_lever_hides_another() -> None:
    for number, lever in enumerate(LEVERS):
        earlier = [other.read for other in LEVERS[:number]]
        assert not any(lever.read == read or lever.read.startswith(f"{read}.") for read in earlier)
