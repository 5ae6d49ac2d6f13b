"""YAML of landing-zone factories. Source: Cloud Foundation Fabric's schema of org-policies."""

import pytest

from rayfence.organization.formats.factory import factory_custom, factory_policy, is_custom, is_factory
from rayfence.organization.formats.policies import NotAPolicy
from rayfence.organization.raw import RawRule
from rayfence.organization.read import read

TEXT = """---
compute.vmExternalIpAccess:
  rules:
  - deny: {all: true}
compute.trustedImageProjects:
  inherit_from_parent: true
  rules:
  - allow:
      values:
      - is:projects/gke-node-images
essentialcontacts.managed.allowedContactDomains:
  rules:
  - enforce: true
    parameters: |
      {"allowedDomains": ["@x.org"]}
gcp.resourceLocations:
  reset: true
iam.disableServiceAccountKeyCreation:
  rules:
  - enforce: false
    condition:
      title: exempt
      expression: resource.matchTag('1/keys', 'allowed')
  - enforce: true
dry_run:compute.requireShieldedVm:
  rules:
  - enforce: true
"""


def test_a_factory_file() -> None:
    policies = {policy.constraint: policy for policy in read([("organization/p.yaml", TEXT.encode())]).policies}
    assert policies["compute.vmExternalIpAccess"].rules == (RawRule(deny_all=True),)
    assert policies["compute.trustedImageProjects"].inherit
    contacts = policies["essentialcontacts.managed.allowedContactDomains"]
    assert contacts.rules == (RawRule(enforce=True, parameters={"allowedDomains": ["@x.org"]}),)
    assert policies["gcp.resourceLocations"].reset
    assert (
        policies["iam.disableServiceAccountKeyCreation"].rules[0].condition == "resource.matchTag('1/keys', 'allowed')"
    )
    assert policies["compute.requireShieldedVm"].dry_run
    assert policies["compute.requireShieldedVm"].place == "organization/p.yaml:25"
    assert not any(policy.problem for policy in policies.values())


@pytest.mark.parametrize(
    "value",
    [
        {"rules": [{"allow": {"values": ["${organization.id}"]}}]},
        {"rules": [{"enforce": True, "condition": {"expression": "resource.hasTagKey('${org}/x')"}}]},
        {"rules": [{"enforce": "yes"}]},
        {"rules": [{"enforce": True, "parameters": "{"}]},
        {"rules": [{"allow": {"all": True}, "deny": {"all": True}}]},
        {"rules": [{"allow": {"any": True}}]},
        {"rules": [{"allow": "x"}]},
        {"rules": [{"enforce": True, "condition": {"title": "x"}}]},
        {"enforce": True},
        "x",
    ],
)
def test_problems(value: object) -> None:
    policy = factory_policy("dry_run:a.b", value, "", "f:1")
    assert policy.problem
    assert (policy.constraint, policy.dry_run) == ("a.b", True)


def test_told_apart() -> None:
    assert is_factory({"a.b": {}, "dry_run:a.b": {}, "constraints/c.d": {}})
    assert not is_factory({"a.b": {}, "name": "x"})
    assert not is_factory({})
    assert not is_factory([])
    assert factory_policy("a.b", None, "", "f:1").problem == ""


def test_custom_constraints() -> None:
    value = {
        "resource_types": ["container.googleapis.com/NodePool"],
        "method_types": ["CREATE"],
        "condition": "resource.x == 1",
        "action_type": "DENY",
        "display_name": "X",
    }
    assert is_custom("custom.x", value)
    assert not is_custom("custom.x", {"rules": [{"enforce": True}]})
    constraint = factory_custom("custom.x", value, "f:1")
    assert (constraint.name, constraint.kinds, constraint.denies) == (
        "custom.x",
        ("container.googleapis.com/NodePool",),
        True,
    )
    with pytest.raises(NotAPolicy):
        factory_custom("custom.x", {**value, "scope": 1}, "f:1")
