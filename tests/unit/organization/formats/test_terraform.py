"""Terraform state and configuration. Source: provider google, resource `google_org_policy_policy`."""

import pytest

from rayfence.organization.formats.policies import NotAPolicy
from rayfence.organization.formats.terraform import (
    is_terraform,
    parent_of,
    resources,
    terraform_custom,
    terraform_policies,
)
from rayfence.organization.raw import RawPolicy, RawRule
from rayfence.organization.read import read
from tests.unit.organization.policy_files import as_file

RULE = {"allow_all": "", "condition": [], "deny_all": "", "enforce": "", "parameters": "", "values": []}


def state(kind: str, attributes: object, **other: object) -> dict[str, object]:
    return {
        "version": 4,
        "resources": [
            {"mode": "managed", "type": kind, "name": "it", "instances": [{"attributes": attributes}], **other}
        ],
    }


def policy_of(rule: object, **spec: object) -> RawPolicy:
    attributes = {
        "id": "x",
        "name": "folders/2/policies/a.b",
        "parent": "folders/2",
        "spec": [
            {"etag": "x", "inherit_from_parent": False, "reset": False, "rules": [rule], "update_time": "t", **spec}
        ],
        "dry_run_spec": [],
        "timeouts": None,
    }
    (policy,) = read([as_file("s.tfstate", state("google_org_policy_policy", attributes))]).policies
    return policy


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"enforce": "TRUE"}, RawRule(enforce=True)),
        ({"enforce": "FALSE"}, RawRule(enforce=False)),
        ({"enforce": "TRUE", "parameters": '{"a":["b"]}'}, RawRule(enforce=True, parameters={"a": ["b"]})),
        ({"deny_all": "TRUE", "enforce": "FALSE"}, RawRule(deny_all=True)),
        ({"allow_all": "TRUE"}, RawRule(allow_all=True)),
        ({"values": [{"allowed_values": ["a"], "denied_values": None}]}, RawRule(allowed=("a",))),
        (
            {"enforce": "TRUE", "condition": [{"expression": "c", "title": "", "description": "", "location": ""}]},
            RawRule(enforce=True, condition="c"),
        ),
    ],
)
def test_rules_of_a_state(change: dict[str, object], wanted: RawRule) -> None:
    policy = policy_of({**RULE, **change})
    assert (policy.rules, policy.problem, policy.node) == ((wanted,), "", "folders/2")
    assert policy.place == "s.tfstate:12 google_org_policy_policy.it"


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"enforce": "maybe"},
        {"enforce": 1},
        {"values": [{"allowed_values": ["${var.x}"]}]},
        {"enforce": "TRUE", "parameters": "{"},
        {"enforce": "TRUE", "parameters": {}},
        {"enforce": "TRUE", "condition": [{"title": "x"}]},
        {"enforce": "TRUE", "dynamic": {}},
        {"values": [{}, {}]},
    ],
)
def test_problems_of_a_state(change: dict[str, object]) -> None:
    assert policy_of({**RULE, **change}).problem


def test_a_configuration() -> None:
    data = {
        "resource": {
            "google_org_policy_policy": {
                "one": {
                    "name": "projects/p/policies/a.b",
                    "parent": "projects/p",
                    "spec": {"rules": {"enforce": "TRUE"}},
                },
                "two": {
                    "name": "${var.parent}/policies/c.d",
                    "parent": "${var.parent}",
                    "dry_run_spec": [{"rules": [{"allow_all": "TRUE"}]}],
                },
                "many": {"for_each": {}, "name": "projects/p/policies/e.f", "parent": "x", "spec": {"reset": True}},
                "none": {"name": "projects/p/policies/g.h"},
            },
            "google_storage_bucket": {"x": {}},
        }
    }
    found = {policy.constraint: policy for policy in read([as_file("main.tf.json", data)]).policies}
    assert found["a.b"].rules == (RawRule(enforce=True),)
    assert (found["c.d"].node, found["c.d"].dry_run) == ("", True)
    assert "for_each" in found["e.f"].problem
    assert "neither" in found["g.h"].problem


def test_the_json_of_terraform_show() -> None:
    attributes = {
        "name": "folders/2/policies/a.b",
        "parent": "folders/2",
        "spec": [{"rules": [{**RULE, "enforce": "TRUE"}]}],
    }
    inner = {"resources": [{"address": "m.x", "type": "google_org_policy_policy", "values": attributes}]}
    for key in ("values", "planned_values"):
        data = {"format_version": "1.0", key: {"root_module": {"child_modules": [inner]}}}
        assert is_terraform(data)
        assert [resource.address for resource in resources(data)] == ["m.x"]


@pytest.mark.parametrize(
    ("attributes", "wanted", "inherit", "reset"),
    [
        ({"boolean_policy": [{"enforced": True}]}, (RawRule(enforce=True),), False, False),
        ({"list_policy": [{"allow": [{"all": True, "values": None}]}]}, (RawRule(allow_all=True),), False, False),
        (
            {"list_policy": [{"deny": [{"all": False, "values": ["x"]}], "inherit_from_parent": True}]},
            (RawRule(denied=("x",)),),
            True,
            False,
        ),
        ({"restore_policy": [{"default": True}]}, (), False, True),
    ],
)
def test_legacy_resources(attributes: dict[str, object], wanted: object, inherit: bool, reset: bool) -> None:
    data = state("google_organization_policy", {"org_id": "1", "constraint": "constraints/a.b", **attributes})
    (policy,) = read([as_file("s.tfstate", data)]).policies
    assert (policy.node, policy.rules, policy.problem) == ("organizations/1", wanted, "")
    assert (policy.inherit, policy.reset) == (inherit, reset)
    empty = state("google_folder_organization_policy", {"folder": "folders/2", "constraint": "a.b"})
    (nothing,) = read([as_file("s.tfstate", empty)]).policies
    assert nothing.problem
    assert nothing.node == "folders/2"


def test_custom_constraints_and_places() -> None:
    attributes = {
        "name": "custom.x",
        "parent": "organizations/1",
        "condition": "resource.x",
        "action_type": "DENY",
        "method_types": ["CREATE"],
        "resource_types": ["container.googleapis.com/Cluster"],
        "display_name": "",
    }
    (resource,) = resources(state("google_org_policy_custom_constraint", attributes))
    assert terraform_custom(resource, "f:1").name == "custom.x"
    project = {"project_id": "p", "number": "77", "folder_id": "2", "org_id": ""}
    (resource,) = resources(state("google_project", project))
    assert parent_of(resource) == ("projects/p", "folders/2", "77")
    (resource,) = resources(state("google_folder", {"name": "folders/2", "parent": "organizations/1"}))
    assert parent_of(resource) == ("folders/2", "organizations/1", "")


def test_data_sources_and_strangers_are_passed_over() -> None:
    assert list(resources(state("google_org_policy_policy", {}, mode="data"))) == []
    assert list(resources(state("google_storage_bucket", {"name": "x"}))) == []
    with pytest.raises(NotAPolicy):
        list(resources({"version": 4, "resources": [1]}))
    (resource,) = resources(state("google_org_policy_policy", {"name": "x"}))
    assert terraform_policies(resource, "f:1")[0].constraint == ""
