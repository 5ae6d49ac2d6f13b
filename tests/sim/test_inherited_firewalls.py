"""Firewall policies of the organisation, as gcloud prints them, beside policies: a deny that closes a needed flow."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from tests.sim.planning import based_on, on, plan_by_command

OTHER: Final = on("compute.requireShieldedVm")


def rule(action: str, direction: str, ranges: str, port: str | None = "443", **more: object) -> dict[str, object]:
    """A rule of a firewall policy."""
    side = "destIpRanges" if direction == "EGRESS" else "srcIpRanges"
    layer = {"ipProtocol": "tcp", "ports": [port]} if port else {"ipProtocol": "all"}
    return {
        "action": action,
        "direction": direction,
        "priority": 100,
        "match": {side: [ranges], "layer4Configs": [layer], **more.pop("match", {})},  # type: ignore[dict-item]
        **more,
    }


def effective(*rules: Mapping[str, object]) -> dict[str, object]:
    """The answer of `gcloud compute networks get-effective-firewalls --format=json`."""
    policy = {"name": "7001", "shortName": "corporate-baseline", "type": "HIERARCHY", "rules": list(rules)}
    return {"firewallPolicys": [policy], "firewalls": []}


def planned(folder: Path, *rules: Mapping[str, object], example: str = "article") -> tuple[int, dict[str, Any], str]:
    """The plan of an example below these rules."""
    return plan_by_command(folder, based_on(example), OTHER, effective(*rules))


@pytest.mark.parametrize(
    ("found", "flow"),
    [
        (rule("deny", "EGRESS", "199.36.153.4/30"), "google-apis"),
        (rule("deny", "EGRESS", "0.0.0.0/0", None), "google-apis"),
        (rule("deny", "INGRESS", "35.191.0.0/16", None), "probers"),
        (rule("deny", "INGRESS", "0.0.0.0/0", None), "probers"),
    ],
)
def test_a_deny_that_closes_a_needed_flow_is_a_conflict(found: Mapping[str, object], flow: str, tmp_path: Path) -> None:
    status, plan, read = planned(tmp_path, found)
    assert status == 4
    named = [item for item in plan["conflicts"] if any("corporate-baseline" in name for name in item["rules"])]
    assert any(f"flow {flow} " in item["problem"] for item in named), plan["conflicts"]
    for item in named:
        assert item["fields"] and item["remedies"] and "corporate-baseline" in item["request"]
        assert item["request"].startswith("To org-policy-admins@example.com: project acme-ray")
        assert "limited to" in item["request"]
    assert "corporate-baseline" in read


@pytest.mark.parametrize(
    "found",
    [
        rule("deny", "EGRESS", "0.0.0.0/0", None, match={"destRegionCodes": ["US"]}),
        rule("deny", "EGRESS", "199.36.153.4/30", match={"destFqdns": ["a.example"]}),
        rule("deny", "EGRESS", "0.0.0.0/0", None, targetSecureTags=[{"name": "tagValues/1", "state": "EFFECTIVE"}]),
    ],
)
def test_what_can_not_be_decided_is_unknown_and_never_open(found: Mapping[str, object], tmp_path: Path) -> None:
    status, plan, _ = planned(tmp_path, found)
    states = {item["flow"]["id"]: item["state"] for item in plan["flows"]}
    assert status == 0 and "unknown" in states.values()
    doubted = [name for name, state in states.items() if state == "unknown"]
    assert all(any(f"flow {name}: unknown" in text for text in plan["warnings"]) for name in doubted)


@pytest.mark.parametrize(
    "found",
    [
        rule("deny", "EGRESS", "203.0.113.0/24"),
        rule("goto_next", "EGRESS", "0.0.0.0/0", None),
        rule("deny", "EGRESS", "0.0.0.0/0", None, disabled=True),
        rule("deny", "EGRESS", "0.0.0.0/0", None, targetServiceAccounts=["others@elsewhere.iam.gserviceaccount.com"]),
    ],
)
def test_what_closes_nothing_of_ours_is_no_conflict(found: Mapping[str, object], tmp_path: Path) -> None:
    status, plan, _ = planned(tmp_path, found)
    assert status == 0 and {item["state"] for item in plan["flows"] if item["flow"]["needed"]} <= {
        "open",
        "not filtered",
    }


def test_an_allow_before_the_deny_opens_it_again(tmp_path: Path) -> None:
    allowed = {**rule("allow", "EGRESS", "199.36.153.4/30"), "priority": 10}
    status, _, _ = planned(tmp_path, allowed, rule("deny", "EGRESS", "199.36.153.4/30"))
    assert status == 0


def test_a_deny_above_a_network_of_others_stops_the_plan_as_well(tmp_path: Path) -> None:
    status, plan, _ = planned(tmp_path, rule("deny", "EGRESS", "199.36.153.8/30"), example="shared-vpc")
    assert status == 4 and any("corporate-baseline" in name for item in plan["conflicts"] for name in item["rules"])
