"""Effective firewalls. Sources: Google's page "Firewall policies"; reference of getEffectiveFirewalls."""

from collections.abc import Mapping

import pytest

from rayfence.errors import OrganizationError
from rayfence.organization.formats.firewall import firewall_rules, is_firewall, order_unknown
from rayfence.organization.formats.policies import NotAPolicy
from rayfence.organization.read import read
from tests.unit.organization.policy_files import as_file


def rule(priority: int, action: str = "deny", direction: str = "EGRESS", **other: object) -> dict[str, object]:
    match = {"destIpRanges": ["0.0.0.0/0"], "layer4Configs": [{"ipProtocol": "all"}]}
    return {"priority": priority, "action": action, "direction": direction, "match": match, **other}


VPC = {
    "name": "gke-vms",
    "priority": 1000,
    "direction": "INGRESS",
    "sourceRanges": ["10.0.0.0/8"],
    "allowed": [{"IPProtocol": "tcp", "ports": ["443", "8000-9000"]}, {"IPProtocol": "17"}],
    "targetTags": ["gke"],
}
DATA: Mapping[str, object] = {
    "firewallPolicys": [
        {"shortName": "org", "type": "HIERARCHY", "rules": [rule(200, "goto_next"), rule(100)]},
        {"shortName": "folder", "type": "HIERARCHY", "rules": [rule(50, "allow")]},
        {"shortName": "net", "type": "NETWORK", "rules": [rule(1)]},
    ],
    "firewalls": [VPC],
}


def test_order_of_evaluation() -> None:
    found = firewall_rules(DATA, "fw.json")
    assert [entry.source.split(": ")[1].split(",")[0] for entry in found] == [
        "policy org",
        "policy org",
        "policy folder",
        "VPC rule gke-vms",
        "policy net",
    ]
    assert [entry.action for entry in found] == ["deny", "goto_next", "allow", "allow", "deny"]
    first = firewall_rules({**DATA, "networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"}, "fw.json")
    assert [entry.source.split(": ")[1].split(",")[0] for entry in first][3:] == ["policy net", "VPC rule gke-vms"]


def test_a_rule_in_full() -> None:
    vpc = firewall_rules({"firewalls": [VPC]}, "fw.json")[0]
    assert (vpc.egress, vpc.ranges, vpc.ports) == (False, ("10.0.0.0/8",), ("tcp:443", "tcp:8000-9000", "udp"))
    assert (vpc.targets, vpc.source) == (("gke",), "fw.json: VPC rule gke-vms, priority 1000")
    secure = rule(1, targetSecureTags=[{"name": "tagValues/1", "state": "EFFECTIVE"}], targetServiceAccounts=["a@b"])
    entry = firewall_rules({"firewallPolicys": [{"rules": [secure]}]}, "f")[0]
    assert entry.targets == ("a@b", "tagValues/1")
    assert entry.ports == ()


def test_deny_comes_before_allow_at_the_same_priority() -> None:
    """Source: Google's page "VPC firewall rules", priority and action."""
    both = [{**VPC, "name": "a"}, {**VPC, "name": "z", "allowed": None, "denied": [{"IPProtocol": "all"}]}]
    assert [entry.action for entry in firewall_rules({"firewalls": both}, "f")] == ["deny", "allow"]


def test_what_can_not_be_told_is_undecided() -> None:
    countries = rule(1)
    countries["match"] = {"srcRegionCodes": ["XX"], "layer4Configs": [{"ipProtocol": "tcp"}]}
    elsewhere = rule(2, "allow", targetResources=["https://x/networks/n"])
    tags = {**VPC, "sourceTags": ["bastion"], "sourceRanges": None}
    found = firewall_rules({"firewallPolicys": [{"rules": [countries, elsewhere]}], "firewalls": [tags]}, "f")
    assert [bool(entry.undecided) for entry in found] == [True, True, True]


def test_disabled_rules_are_left_out() -> None:
    data = {"firewallPolicys": [{"rules": [rule(1, disabled=True)]}], "firewalls": [{**VPC, "disabled": True}]}
    assert firewall_rules(data, "f") == ()


@pytest.mark.parametrize(
    "change",
    [
        {"action": "maybe"},
        {"direction": "UP"},
        {"priority": "1"},
        {"priority": True},
        {"match": {"destIpRanges": ["10.0.0.0/99"]}},
        {"match": {"layer4Configs": [{}]}},
        {"match": []},
        {"targetSecureTags": ["x"]},
    ],
)
def test_a_rule_that_is_not_understood_stops(change: dict[str, object]) -> None:
    with pytest.raises(NotAPolicy):
        firewall_rules({"firewallPolicys": [{"rules": [{**rule(1), **change}]}]}, "f")


def test_read_says_when_the_order_is_assumed() -> None:
    raw = read([as_file("fw.json", DATA)])
    assert len(raw.firewall) == 5
    assert "is taken" in raw.problems[0]
    assert order_unknown(DATA)
    with pytest.raises(OrganizationError, match="second network"):
        read([as_file("fw.json", DATA), as_file("other.json", DATA)])
    assert not order_unknown({"firewalls": [VPC]})
    assert is_firewall({"firewalls": []})
    assert not is_firewall({"name": "x"})
