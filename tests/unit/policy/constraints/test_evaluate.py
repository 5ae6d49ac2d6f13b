"""Every constraint has an outcome; fixtures reach both sides; what can't be decided is unknown."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.catalog.constraints import Constraint, load_constraints
from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cloud import CloudDesired
from rayfence.model.orgpolicy import EffectivePolicy, ListValues, OrgFacts
from rayfence.model.outcome import ConstraintOutcome, Outcome
from rayfence.policy.constraints import criteria
from rayfence.policy.constraints.evaluate import GOOGLE_DEFAULT, dry_run_outcomes, dry_run_warnings, outcomes
from tests.unit.policy.constraints.fixtures import FIXTURES
from tests.unit.policy.constraints.platforms import enforced, listed, made, resolution

HOLDS: Final = {Outcome.SATISFIED, Outcome.SATISFIED_BY}
IDS: Final = tuple(constraint.id for constraint in load_constraints())
LISTS: Final = {constraint.id for constraint in load_constraints() if constraint.kind == "list"}
ARTICLE: Final = tuple(constraint.id for constraint in load_constraints() if constraint.article)


@pytest.mark.parametrize("constraint", FIXTURES)
def test_a_platform_that_holds(constraint: str) -> None:
    fixture = FIXTURES[constraint]
    found = fixture.satisfying().judge([fixture.policy])[constraint]
    assert found.outcome in HOLDS, found
    assert found.reason and found.source == fixture.policy.source
    assert (found.outcome is Outcome.SATISFIED_BY) == bool(found.fields)


@pytest.mark.parametrize("constraint", FIXTURES)
def test_a_platform_that_breaks_it(constraint: str) -> None:
    fixture = FIXTURES[constraint]
    found = fixture.violating().judge([fixture.policy])[constraint]
    assert found.outcome is Outcome.VIOLATED, found
    assert found.reason and found.fields


def test_at_least_sixty_reach_both_sides_and_the_others_say_why_not() -> None:
    assert len(IDS) == 88
    assert len(FIXTURES) >= 60 and set(FIXTURES) <= set(IDS)
    assert [name for name in IDS if name not in FIXTURES and not criteria()[name].never] == []


def test_order_is_the_catalogues_and_nothing_is_left_out() -> None:
    assert tuple(made().judge()) == IDS
    assert made().judge() == made().judge()


def test_a_constraint_that_nobody_here_knows_is_unknown_and_never_left_out() -> None:
    found = made().judge([enforced("run.allowedIngress"), enforced("custom.judgedElsewhere")])
    assert tuple(found) == (*IDS, "run.allowedIngress")
    told = found["run.allowedIngress"]
    assert told.outcome is Outcome.UNKNOWN and told.source == enforced("run.allowedIngress").source


def test_without_policies_only_googles_defaults_bind() -> None:
    found = made().judge()
    bound = {name for name, outcome in found.items() if outcome.source}
    assert bound == {constraint.id for constraint in load_constraints() if constraint.enforced_by_default}
    assert {found[name].source for name in bound} == {GOOGLE_DEFAULT}
    assert {outcome.outcome for outcome in found.values()} <= HOLDS


def test_the_eight_of_the_article_are_satisfied_together() -> None:
    platform = made().set("Cluster", "workloadIdentityConfig", None)
    found = platform.judge([FIXTURES[name].policy for name in ARTICLE])
    assert len(ARTICLE) == 8
    assert {name: found[name].outcome for name in ARTICLE if found[name].outcome not in HOLDS} == {}
    unknown = [outcome for outcome in found.values() if outcome.outcome is Outcome.UNKNOWN]
    assert len(unknown) <= 10 and all(outcome.reason for outcome in unknown)


@pytest.mark.parametrize("name", IDS)
def test_an_undecided_policy_is_unknown_and_names_the_evidence(name: str) -> None:
    policy = EffectivePolicy(name, "p.json:3", enforced=False, undecided="the tags of projects/acme-ml are not known")
    found = made().judge([policy])[name]
    assert found.outcome is Outcome.UNKNOWN and "tags of projects/acme-ml" in found.reason


@pytest.mark.parametrize("name", IDS)
def test_a_policy_that_demands_nothing_is_satisfied(name: str) -> None:
    values = ListValues(allow_all=True) if name in LISTS else None
    policy = EffectivePolicy(name, "p.json:3", enforced=None if name in LISTS else False, values=values)
    assert made().judge([policy])[name].outcome is Outcome.SATISFIED


@pytest.mark.parametrize("name", IDS)
def test_a_policy_of_the_wrong_kind_is_unknown(name: str) -> None:
    wrong = enforced(name) if name in LISTS else replace(listed(name, "x"), enforced=None)
    assert made().judge([wrong])[name].outcome is Outcome.UNKNOWN


def test_a_constraint_without_criterion_is_unknown() -> None:
    catalog = (Constraint("compute.brandNew", "boolean"),)
    found = outcomes(resolution(), CloudDesired(()), (), OrgFacts(), catalog, load_value_groups())
    assert [outcome.outcome for outcome in found] == [Outcome.UNKNOWN]


def test_an_empty_platform_violates_nothing_that_is_enforced() -> None:
    platform = made()
    platform.resources, platform.manifests = [], []
    platform.resolution = replace(platform.resolution, gke=None)
    found = platform.judge([fixture.policy for fixture in FIXTURES.values()])
    assert {outcome.outcome for outcome in found.values()} <= {Outcome.NOT_RELEVANT, *HOLDS}


def test_dry_runs_warn_and_never_violate() -> None:
    platform, name = made(), "container.managed.enableSecretsEncryption"
    platform.set("Cluster", "databaseEncryption", None)
    facts = OrgFacts(dry_run={name: enforced(name), "compute.requireShieldedVm": enforced("compute.requireShieldedVm")})
    cloud = CloudDesired(tuple(platform.resources))
    found = dry_run_outcomes(platform.resolution, cloud, (), facts, load_constraints(), load_value_groups())
    assert [outcome.constraint for outcome in found] == ["compute.requireShieldedVm", name]
    assert found[1].outcome is Outcome.VIOLATED
    warnings = dry_run_warnings(found)
    assert len(warnings) == 1 and "would be violated" in warnings[0] and "policies.json:1" in warnings[0]
    live = outcomes(platform.resolution, cloud, (), facts, load_constraints(), load_value_groups())
    assert all(outcome.outcome is not Outcome.VIOLATED for outcome in live)


#: Where an absent field leaves the rule kept, and why.
FORGIVEN: Final[Mapping[str, str]] = {
    "compute.vmExternalIpAccess": "a pool inherits private nodes of its cluster",
    "compute.managed.vmExternalIpAccess": "a pool inherits private nodes of its cluster",
    "compute.trustedImageProjects": "the server's default image is of the same project",
    "container.managed.enableShieldedNodes": "the server's default",
    "container.managed.disableABAC": "the server's default",
    "container.managed.disableLegacyClientCertificateIssuance": "the server's default",
    "gcp.disableCloudLogging": "what is not sent writes no logs",
    "compute.requireVpcFlowLogs": "the server's default rate",
    "compute.managed.restrictProtocolForwardingCreationForTypes": "without target it forwards nothing",
    "iam.disableCrossProjectServiceAccountUsage": "the default account is of the same project",
    "gcp.resourceLocations": "zones may be left to Google where all are admitted; a key stands where its ring does",
    "gcp.restrictCmekCryptoKeyProjects": "what uses no key uses no foreign key",
}


@pytest.mark.parametrize("constraint", FIXTURES)
def test_a_renderer_that_forgets_a_field_does_not_satisfy(constraint: str) -> None:
    fixture = FIXTURES[constraint]
    survived = False
    for field in fixture.satisfying().judge([fixture.policy])[constraint].fields:
        platform = fixture.satisfying()
        if platform.forget(field):
            survived |= platform.judge([fixture.policy])[constraint].outcome in HOLDS
    assert survived == (constraint in FORGIVEN)


ENTRIES: Final = (
    "us-central1", "is:us-central1-a", "in:us-locations", "in:eu-locations", "in:INTERNAL", "in:nowhere",
    "under:projects/acme-ml", "under:folders/2", "under:folders/77", "projects/acme-kms", "compute.googleapis.com",
    "is:container.googleapis.com", "LIGHT", "odd:value", "",
)  # fmt: skip
_values = st.builds(
    ListValues,
    allow_all=st.booleans(),
    deny_all=st.booleans(),
    allowed=st.lists(st.sampled_from(ENTRIES), max_size=3).map(tuple),
    denied=st.lists(st.sampled_from(ENTRIES), max_size=2).map(tuple),
)


def _policy(name: str, values: ListValues) -> EffectivePolicy:
    if name in LISTS:
        return EffectivePolicy(name, "p", values=values)
    return EffectivePolicy(name, "p", enforced=values.deny_all)


def _stricter(values: ListValues, entry: str, dropped: int) -> ListValues:
    """Denies more, or allows less of what was listed; never empties a list, which would mean the opposite."""
    allowed = values.allowed[:dropped] + values.allowed[dropped + 1 :] if len(values.allowed) > 1 else values.allowed
    return replace(values, allow_all=False, allowed=allowed, denied=(*values.denied, entry))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(FIXTURES)), _values, st.sampled_from(ENTRIES), st.integers(0, 2), st.booleans())
def test_stricter_never_turns_violated_into_satisfied(
    name: str, values: ListValues, entry: str, dropped: int, broken: bool
) -> None:
    # A list that allows nothing and denies nothing denies all; one that only denies allows the rest.
    fixture = FIXTURES[name]
    platform = fixture.violating() if broken else fixture.satisfying()
    values = values if values.allowed or values.denied else replace(values, denied=("zzz",))
    before = platform.judge([_policy(name, replace(values, allow_all=False))])[name]
    after = platform.judge([_policy(name, replace(_stricter(values, entry, dropped), deny_all=True))])[name]
    narrower = platform.judge([_policy(name, _stricter(values, entry, dropped))])[name]
    if before.outcome is Outcome.VIOLATED:
        assert after.outcome not in HOLDS
        assert narrower.outcome not in HOLDS


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(IDS), unique=True, max_size=4), st.sampled_from(IDS), _values)
def test_adding_a_policy_changes_no_other_outcome(names: list[str], added: str, values: ListValues) -> None:
    platform = made()
    before = platform.judge([_policy(name, values) for name in names if name != added])
    after = platform.judge([_policy(name, values) for name in {*names, added}])
    assert _others(before, added) == _others(after, added)


def _others(found: dict[str, ConstraintOutcome], added: str) -> dict[str, ConstraintOutcome]:
    return {name: outcome for name, outcome in found.items() if name != added}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_odd_bodies_are_judged_and_never_crash(data: st.DataObject) -> None:
    platform = FIXTURES[data.draw(st.sampled_from(sorted(FIXTURES)))].satisfying()
    # Parts of the hand-made platforms are shared, and this one is going to be spoilt.
    platform.resources = copy.deepcopy(platform.resources)
    platform.manifests = copy.deepcopy(platform.manifests)
    bodies = [resource.body for resource in platform.resources] + list(platform.manifests)
    place: object = data.draw(st.sampled_from(bodies))
    kinds = {"apiVersion", "kind", "metadata"} if place in platform.manifests else set()
    while isinstance(place, dict) and (keys := sorted(set(place) - kinds)):
        key, kinds = data.draw(st.sampled_from(keys)), set()
        if not isinstance(place[key], dict) or data.draw(st.booleans()):
            place[key] = data.draw(_json)
            break
        place = place[key]
    found = platform.judge([fixture.policy for fixture in FIXTURES.values()])
    assert tuple(found) == IDS and all(outcome.reason for outcome in found.values())
