"""Custom constraints against planned objects: the published ones, and what must never be a pass."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.catalog.api_messages import FieldType, load_api_messages
from rayfence.model.outcome import ConstraintOutcome, Outcome
from rayfence.organization.custom import NAMED, evaluate
from tests.unit.organization.published import (
    ARTICLE,
    CLUSTER,
    HARDENED,
    POOL,
    custom,
    platform,
    published,
    resource,
)

PASSED = (Outcome.SATISFIED, Outcome.SATISFIED_BY)


def one(condition: str, body: dict[str, Any], kind: str = CLUSTER, **options: Any) -> ConstraintOutcome:
    """The outcome of one condition on one body."""
    [outcome] = evaluate([custom(condition, kind, **options)], [resource(body, kind)])
    return outcome


def violated(outcomes: tuple[ConstraintOutcome, ...]) -> set[str]:
    return {outcome.constraint for outcome in outcomes if outcome.outcome is Outcome.VIOLATED}


def test_the_article_violates_six_of_the_published_gke_constraints() -> None:
    outcomes = evaluate(published("container."), platform(ARTICLE))
    assert len(outcomes) == 22
    assert violated(outcomes) == {
        "custom.gkeRequireDataplaneV2",
        "custom.gkeRequireGKEMetadataServer",
        "custom.gkeRequireIntraNodeVisibility",
        "custom.gkeRequireMasterAuthorizedNetworks",
        "custom.gkeRequirePrivateEndpoint",
        "custom.gkeRequireRegionalClusters",
    }
    assert all(outcome.outcome in (*PASSED, Outcome.VIOLATED) for outcome in outcomes)


def test_a_hardened_cluster_satisfies_all_of_them() -> None:
    outcomes = evaluate(published("container."), platform(HARDENED))
    assert {outcome.outcome for outcome in outcomes} <= set(PASSED)
    [by] = [outcome for outcome in outcomes if outcome.constraint == "custom.gkeRequireDataplaneV2"]
    assert by.outcome is Outcome.SATISFIED_BY and by.fields == ("ray: networkConfig.datapathProvider",)
    [already] = [outcome for outcome in outcomes if outcome.constraint == "custom.gkeAllowedReleaseChannels"]
    assert already.outcome is Outcome.SATISFIED and already.fields == ()


def test_a_pool_without_a_sandbox_is_seen_only_when_objects_are_messages() -> None:
    pool = copy.deepcopy(dict(HARDENED[1]))
    del pool["config"]["sandboxConfig"]
    outcomes = evaluate(published("container."), platform((HARDENED[0], pool)))
    assert violated(outcomes) == {"custom.gkeRequireNodePoolSandbox"}


def test_the_published_pattern_for_regions_lacks_a_digit() -> None:
    cluster = {**HARDENED[0], "location": "europe-west10"}
    outcomes = evaluate(published("container."), platform((cluster, HARDENED[1])))
    assert violated(outcomes) == {"custom.gkeRequireRegionalClusters"}


def test_every_published_constraint_gets_a_verdict_or_a_reason() -> None:
    bodies = [resource({"name": "x"} if "name" in _fields(kind) else {}, kind) for kind in load_api_messages().kinds]
    outcomes = {outcome.constraint: outcome for outcome in evaluate(published(), bodies)}
    assert len(outcomes) == 40
    unknown = {name: outcome.reason for name, outcome in outcomes.items() if outcome.outcome is Outcome.UNKNOWN}
    assert set(unknown) == {"custom.iamAllowedMembers"}
    assert "placeholder ${organization.domain}" in unknown["custom.iamAllowedMembers"]


def _fields(kind: str) -> Mapping[str, FieldType]:
    types = load_api_messages()
    return types.fields(types.kinds[kind])


def test_a_violation_names_object_field_and_value() -> None:
    outcome = one("resource.location.startsWith('us-')", {"location": "us-central1"})
    assert outcome.outcome is Outcome.VIOLATED
    assert outcome.reason == "ray would be refused (a test): location is 'us-central1'"
    assert outcome.fields == ("ray: location",)
    assert outcome.source == "test.yaml:1"
    unset = one("resource.networkConfig.datapathProvider != 'ADVANCED_DATAPATH'", {})
    assert "networkConfig.datapathProvider is not set" in unset.reason


def test_a_constant_condition_is_a_violation_too() -> None:
    assert "constant" in one("true", {}).reason


def test_allow_refuses_what_it_is_not_true_of() -> None:
    condition = "resource.location == 'us-central1'"
    assert one(condition, {"location": "us-central1"}, denies=False).outcome is Outcome.SATISFIED_BY
    assert one(condition, {"location": "us-east1"}, denies=False).outcome is Outcome.VIOLATED


def test_what_the_platform_does_not_touch_is_not_relevant() -> None:
    assert one("true", {}, methods="DELETE").outcome is Outcome.NOT_RELEVANT
    assert one("true", {}, methods="REMOVE_GRANT GOVERN_TAGS").outcome is Outcome.NOT_RELEVANT
    [other] = evaluate([custom("true", "sqladmin.googleapis.com/Instance")], platform(ARTICLE))
    assert other.outcome is Outcome.NOT_RELEVANT
    assert "no sqladmin.googleapis.com/Instance" in other.reason


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("resource.nosuch == 1", "no field nosuch"),
        ("resource.location ==", "parsed"),
        ("resource.location + 1 == 2", "overload"),
        ("resource.location", "string, not true or false"),
        ("resource.location == '${region}'", "placeholder"),
        ("other.location == 'a'", "not declared"),
        ("resource.location.reverse() == 'a'", "reverse"),
        ("resource.locations.reduce(r, i, 0, r + i) == 0", "reduce"),
        ("Frobnicate(resource.location)", "Frobnicate"),
        ("Cluster{} == resource", "constructs"),
        ("resource.location.matches('(')", "regular expression"),
        ("resource.locations[3] == 'a'", "invalid_argument"),
        ("1 / 0 == 1", "divide"),
    ],
)
@pytest.mark.parametrize("denies", [True, False])
def test_what_can_not_be_decided_is_unknown(condition: str, said: str, denies: bool) -> None:
    outcome = one(condition, {"location": "us-central1", "locations": ["a"]}, denies=denies)
    assert outcome.outcome is Outcome.UNKNOWN
    assert said in outcome.reason


def test_an_unknown_part_does_not_matter_where_the_rest_decides() -> None:
    assert one("resource.nosuch == 1 || true", {}).outcome is Outcome.VIOLATED
    assert one("resource.nosuch == 1 && false", {}).outcome in PASSED


def test_an_unknown_kind_is_unknown() -> None:
    [outcome] = evaluate([custom("true", "a.googleapis.com/B")], [resource({}, "a.googleapis.com/B")])
    assert outcome.outcome is Outcome.UNKNOWN
    assert "does not know" in outcome.reason


@pytest.mark.parametrize("body", [{"nosuch": 1}, {"location": 7}, {"nodePools": [{"config": {"tags": "a"}}]}])
def test_a_body_the_api_would_not_take_is_unknown(body: dict[str, Any]) -> None:
    outcome = one("resource.location == 'b'", body)
    assert outcome.outcome is Outcome.UNKNOWN
    assert "not what the API takes" in outcome.reason


def test_one_bad_object_among_good_ones_is_enough() -> None:
    pools = [resource({"name": name, "config": {"imageType": image}}, POOL, name) for name, image in IMAGES]
    [outcome] = evaluate([custom("resource.config.imageType != 'COS_CONTAINERD'", POOL)], pools)
    assert outcome.outcome is Outcome.VIOLATED
    assert outcome.fields == ("b: config.imageType",)
    [doubtful] = evaluate(
        [custom("resource.config.imageType == 'X'", POOL)], [*pools, resource({"nosuch": 1}, POOL, "c")]
    )
    assert doubtful.outcome is Outcome.UNKNOWN


IMAGES = (("a", "COS_CONTAINERD"), ("b", "UBUNTU_CONTAINERD"))


def test_many_violations_are_told_in_few_words() -> None:
    pools = [resource({"name": str(number)}, POOL, str(number)) for number in range(100)]
    [outcome] = evaluate([custom("resource.name != ''", POOL)], pools)
    assert len(outcome.fields) == NAMED + 1
    assert outcome.fields[-1] == "and 80 more"
    assert len(outcome.reason) < 500


def test_what_controllers_make_beside_the_plan_is_never_a_pass() -> None:
    condition = custom("has(resource.logConfig) == false", "compute.googleapis.com/BackendService")
    [beside] = evaluate([condition], platform(ARTICLE))
    assert beside.outcome is Outcome.UNKNOWN
    assert "load-balancer controllers" in beside.reason
    assert evaluate([condition], platform(ARTICLE)[1:])[0].outcome is Outcome.NOT_RELEVANT
    [without] = evaluate([condition], platform(ARTICLE), ruled_out={"compute.googleapis.com/BackendService"})
    assert without.outcome is Outcome.NOT_RELEVANT


def test_firewall_rules_of_gke_are_judged_by_a_model_of_them() -> None:
    kind = "compute.googleapis.com/Firewall"
    ours = resource({"name": "ray-deny", "logConfig": {"enable": True}}, kind, "ray-deny")
    cluster = platform(ARTICLE)
    logging = next(c for c in published("compute.") if c.name == "custom.firewallEnforceRuleLogging")
    assert evaluate([logging], [*cluster, ours])[0].outcome is Outcome.SATISFIED_BY
    strict = custom("!resource.logConfig.enable", kind)
    [outcome] = evaluate([strict], [*cluster, ours])
    assert outcome.outcome is Outcome.UNKNOWN
    assert "gke-cluster-0a1b2c3d-vms" in outcome.reason


def test_a_firewall_rule_without_sources_is_open_to_everyone() -> None:
    kind = "compute.googleapis.com/Firewall"
    everyone = "resource.sourceRanges.exists(r, r == '0.0.0.0/0')"
    assert one(everyone, {"name": "a", "allowed": [{"IPProtocol": "tcp"}]}, kind).outcome is Outcome.VIOLATED
    assert one(everyone, {"name": "a", "sourceTags": ["t"]}, kind).outcome in PASSED


def test_pools_created_with_the_cluster_are_checked_as_pools() -> None:
    pools = [{"name": "default-pool", "config": {"imageType": "UBUNTU_CONTAINERD"}}, 3]
    [outcome] = evaluate(
        [custom("resource.config.imageType != 'COS_CONTAINERD'", POOL)], [resource({"nodePools": pools[:1]})]
    )
    assert outcome.outcome is Outcome.VIOLATED
    assert outcome.fields == ("ray nodePools[0]: config.imageType",)
    [strange] = evaluate([custom("false", POOL)], [resource({"nodePools": pools[1:]})])
    assert strange.outcome is Outcome.UNKNOWN


@pytest.mark.parametrize(
    "body", [{"autopilot": {"enabled": True}}, {"autoscaling": {"enableNodeAutoprovisioning": True}}]
)
def test_pools_that_gke_makes_by_itself_are_unknown(body: dict[str, Any]) -> None:
    [outcome] = evaluate([custom("resource.management.autoRepair == false", POOL)], [resource(body)])
    assert outcome.outcome is Outcome.UNKNOWN
    assert "Autopilot" in outcome.reason
    off = {"autopilot": {"enabled": False}}
    assert evaluate([custom("true", POOL)], [resource(off)])[0].outcome is Outcome.NOT_RELEVANT


BOMBS = (
    "[1,2,3,4,5,6,7,8,9,10].exists(a, " * 8 + "false" + ")" * 8,
    "[['a']]" + ".map(x, [x, x])" * 60 + " == []",
    "['aaaaaaaaaaaaaaaa']" + ".map(x, x + x)" * 60 + " == []",
    "!" * 4000 + "true",
    "true" + "||false" * 500,
    "((((" * 30 + "true" + "))))" * 30,
    "'" + "\\a" * 1500,
    '"' + "\\a" * 1500 + "\n" + '"',
    "resource.location.matches('" + "(a*)*" * 300 + "b')",
    "resource.location.matches('a{1000}{1000}{1000}')",
    "9" * 4000 + " == 1",
    "duration('" + "9" * 3000 + "s') == duration('1s')",
    "timestamp('x') == timestamp('y')",
    "resource.nodePools.exists(x, resource.nodePools.exists(y, resource.nodePools.exists(z, false)))",
)


@pytest.mark.parametrize("condition", BOMBS, ids=range(len(BOMBS)))
def test_a_hostile_condition_ends_soon(condition: str) -> None:
    body = {"location": "a" * 60_000, "nodePools": [{"name": str(number)} for number in range(200)]}
    outcome = one(condition, body)
    assert outcome.outcome in (Outcome.UNKNOWN, Outcome.VIOLATED, *PASSED)


def test_many_hostile_conditions_share_one_bound() -> None:
    bomb = "[1,2,3,4,5,6,7,8,9,10].exists(a, " * 8 + "false" + ")" * 8
    outcomes = evaluate([custom(bomb)] * 50 + [custom("true")], [resource({})])
    assert {outcome.outcome for outcome in outcomes} == {Outcome.UNKNOWN}
    assert "with the constraints before it" in outcomes[-1].reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)
FIELDS = st.sampled_from(["name", "location", "nodePools", "networkConfig", "resourceLabels", "releaseChannel", "id"])


@given(body=st.dictionaries(FIELDS, JSON, max_size=4))
def test_no_body_breaks_the_evaluation(body: dict[str, Any]) -> None:
    outcomes = evaluate(published("container."), [resource(body, CLUSTER), resource(body, POOL)])
    assert len(outcomes) == 22


@settings(max_examples=60)
@given(condition=st.text(max_size=60) | st.text("resource.locatin&|!=()[]{}'\"\\,abr 01", max_size=60))
def test_no_condition_breaks_the_evaluation(condition: str) -> None:
    assert len(evaluate([custom(condition)], [resource({"location": "a"})])) == 1


def test_the_same_input_gives_the_same_outcomes() -> None:
    assert evaluate(published(), platform(ARTICLE)) == evaluate(published(), platform(ARTICLE))


def test_no_constraints_cost_nothing() -> None:
    assert evaluate([], platform(ARTICLE)) == ()


def test_an_outcome_that_hangs_on_older_fields_is_unknown() -> None:
    newer = {"enabled": True, "enablePublicEndpoint": False, "authorizedNetworksConfig": {"enabled": True}}
    body = {"name": "ray", "controlPlaneEndpointsConfig": {"ipEndpointsConfig": newer}}
    for condition in (
        "resource.masterAuthorizedNetworksConfig.enabled == false",
        "resource.privateClusterConfig.enablePrivateEndpoint == false",
    ):
        outcome = one(condition, body)
        assert outcome.outcome is Outcome.UNKNOWN and "not documented" in outcome.reason
        closed = {"name": "ray", "controlPlaneEndpointsConfig": {"ipEndpointsConfig": {"enabled": False}}}
        assert one(condition, closed).outcome is Outcome.VIOLATED
    public = {**newer, "enablePublicEndpoint": True}
    both = {"name": "ray", "controlPlaneEndpointsConfig": {"ipEndpointsConfig": public}}
    assert one("resource.privateClusterConfig.enablePrivateEndpoint == false", both).outcome is Outcome.VIOLATED


def test_kinds_that_controllers_make_are_judged_by_the_caller_s_sample() -> None:
    kind = "compute.googleapis.com/BackendService"
    rule = custom("has(resource.logConfig) == false || resource.logConfig.enable == false", kind)
    cluster = [resource({"name": "ray"}, CLUSTER)]
    outcomes = [
        evaluate([rule], cluster)[0].outcome,
        evaluate([rule], cluster, samples={kind: {"name": "x", "logConfig": {"enable": True}}})[0].outcome,
        evaluate([rule], cluster, samples={kind: {"name": "x", "logConfig": {"enable": False}}})[0].outcome,
    ]
    assert outcomes == [Outcome.UNKNOWN, Outcome.SATISFIED, Outcome.UNKNOWN]
