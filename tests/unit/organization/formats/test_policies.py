"""Google's own JSON. Sources: API references of v2 `Policy`, `CustomConstraint` and v1 `Policy`."""

from collections.abc import Mapping

import pytest

from rayfence.organization.formats.policies import MOST_VALUES, NotAPolicy, custom_constraint, v1_policy, v2_policies
from rayfence.organization.raw import RawRule


def v2(spec: Mapping[str, object], **other: object) -> Mapping[str, object]:
    return {"name": "organizations/1/policies/a.b", "spec": spec, **other}


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        ({"enforce": True}, RawRule(enforce=True)),
        ({"enforce": False}, RawRule(enforce=False)),
        ({"denyAll": True}, RawRule(deny_all=True)),
        ({"allowAll": True, "denyAll": False}, RawRule(allow_all=True)),
        ({"values": {"allowedValues": ["a"], "deniedValues": ["b"]}}, RawRule(allowed=("a",), denied=("b",))),
        ({"values": {"allowedValues": [86400]}}, RawRule(allowed=("86400",))),
        (
            {"enforce": True, "parameters": {"p": ["x"]}, "condition": {"expression": " c ", "title": "t"}},
            RawRule(enforce=True, parameters={"p": ["x"]}, condition="c"),
        ),
    ],
)
def test_rules(rule: object, wanted: RawRule) -> None:
    (policy,) = v2_policies(v2({"rules": [rule]}), "f:1", effective=False)
    assert (policy.rules, policy.problem) == ((wanted,), "")


@pytest.mark.parametrize(
    "spec",
    [
        {"rules": [{}]},
        {"rules": [{"enforce": "TRUE"}]},
        {"rules": [{"enforce": 1}]},
        {"rules": [{"enforce": True, "allowAll": True}]},
        {"rules": [{"enforce": True, "resourceTypes": {"included": ["x"]}}]},
        {"rules": [{"values": {"allowedValues": ["a b"]}}]},
        {"rules": [{"values": {"allowedValues": ["a\n"]}}]},
        {"rules": [{"values": {"allowedValues": [True]}}]},
        {"rules": [{"values": {"allowedValues": "a"}}]},
        {"rules": [{"values": {"suggested": []}}]},
        {"rules": [{"values": {"allowedValues": ["a"] * MOST_VALUES, "deniedValues": ["b"]}}]},
        {"rules": [{"allowAll": True, "condition": {}}]},
        {"rules": [{"allowAll": True, "condition": "x"}]},
        {"rules": [{"allowAll": True, "parameters": {"a": 1}}]},
        {"rules": [{"enforce": True}, {"allowAll": True}]},
        {"rules": {"enforce": True}},
        {"reset": True, "inheritFromParent": True},
        {"reset": "true"},
        {"unknown": 1},
        [],
        None,
    ],
)
def test_what_is_not_documented_is_a_problem_of_its_constraint(spec: Mapping[str, object]) -> None:
    (policy,) = v2_policies(v2(spec), "f:1", effective=False)
    assert policy.problem
    assert (policy.constraint, policy.node, policy.rules) == ("a.b", "organizations/1", ())


def test_dry_runs_are_policies_of_their_own() -> None:
    live, dry = v2_policies(v2({}, dryRunSpec={"rules": [{"enforce": True}]}), "f:1", effective=True)
    assert (live.dry_run, live.effective, dry.dry_run, dry.effective) == (False, True, True, False)
    only_dry = {"name": "organizations/1/policies/a.b", "dryRunSpec": {}}
    assert [policy.dry_run for policy in v2_policies(only_dry, "f:1", effective=False)] == [True]
    assert all(policy.problem for policy in v2_policies(v2({}, alternate={}), "f:1", effective=False))


@pytest.mark.parametrize(
    "name",
    [
        None,
        1,
        "a.b",
        "users/1/policies/a.b",
        "folders/x/policies/a.b",
        "folders/1/policies/",
        "folders/1/policies/a.b\n",
    ],
)
def test_names(name: object) -> None:
    (policy,) = v2_policies({"name": name, "spec": {}}, "f:1", effective=False)
    assert policy.constraint == ""
    assert policy.problem


@pytest.mark.parametrize(
    ("body", "rules", "inherit", "reset"),
    [
        ({"booleanPolicy": {"enforced": True}}, (RawRule(enforce=True),), False, False),
        ({"booleanPolicy": {}}, (RawRule(enforce=False),), False, False),
        ({"listPolicy": {"allValues": "DENY"}}, (RawRule(deny_all=True),), False, False),
        ({"listPolicy": {"allValues": "ALLOW"}}, (RawRule(allow_all=True),), False, False),
        (
            {"listPolicy": {"allowedValues": ["a"], "inheritFromParent": True, "suggestedValue": "a"}},
            (RawRule(allowed=("a",)),),
            True,
            False,
        ),
        ({"listPolicy": {}}, (), False, False),
        ({"restoreDefault": {}}, (), False, True),
    ],
)
def test_v1(body: Mapping[str, object], rules: tuple[RawRule, ...], inherit: bool, reset: bool) -> None:
    policy = v1_policy({"constraint": "constraints/a.b", "etag": "x", **body}, "folders/2", "f:1", effective=False)
    assert policy is not None
    assert (policy.rules, policy.inherit, policy.reset, policy.problem) == (rules, inherit, reset, "")
    assert not policy.effective


@pytest.mark.parametrize(
    "body",
    [
        {"listPolicy": {"allValues": "SOME"}},
        {"listPolicy": {"allValues": "DENY", "allowedValues": ["a"]}},
        {"listPolicy": {"values": []}},
        {"restoreDefault": {"x": 1}},
        {"booleanPolicy": {"enforced": "true"}},
        {"booleanPolicy": {}, "listPolicy": {}},
        {"policy": {}},
    ],
)
def test_v1_problems(body: Mapping[str, object]) -> None:
    policy = v1_policy({"constraint": "constraints/a.b", "etag": "x", **body}, "folders/2", "f:1", effective=False)
    assert policy is not None
    assert policy.problem


def test_v1_without_a_kind_sets_nothing() -> None:
    item = {"constraint": "constraints/a.b", "etag": "x"}
    assert v1_policy(item, "folders/2", "f:1", effective=False) is None
    merged = v1_policy({"constraint": "constraints/a.b"}, "", "f:1", effective=False)
    assert merged is not None
    assert merged.effective
    assert merged.problem
    nameless = v1_policy({"constraint": 1}, "", "f:1", effective=False)
    assert nameless is not None
    assert nameless.constraint == ""


CUSTOM: Mapping[str, object] = {
    "name": "organizations/1/customConstraints/custom.gkeX",
    "resourceTypes": ["container.googleapis.com/Cluster"],
    "methodTypes": ["CREATE", "UPDATE"],
    "condition": "resource.x == 1",
    "actionType": "ALLOW",
    "displayName": "X",
}


def test_custom_constraints() -> None:
    constraint = custom_constraint(CUSTOM, "f:1")
    assert (constraint.name, constraint.denies, constraint.title, constraint.source) == (
        "custom.gkeX",
        False,
        "X",
        "f:1",
    )
    assert constraint.methods == ("CREATE", "UPDATE")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "custom.gkeX"},
        {"name": "organizations/1/customConstraints/gkeX"},
        {"resourceTypes": []},
        {"methodTypes": ["READ"]},
        {"condition": " "},
        {"condition": 1},
        {"actionType": "WARN"},
        {"scope": "x"},
    ],
)
def test_custom_constraints_that_are_none(change: Mapping[str, object]) -> None:
    with pytest.raises(NotAPolicy):
        custom_constraint({**CUSTOM, **change}, "f:1")
