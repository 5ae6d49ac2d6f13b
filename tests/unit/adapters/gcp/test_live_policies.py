"""An organisation read live, against Google's APIs on loopback."""

import json
from typing import Any

import pytest

from rayfence.adapters.gcp.live_policies import LiveOrganization, LiveReader, NotAName
from rayfence.adapters.gcp.rest import GoogleApi, GoogleApiError
from tests.sim.google_apis import DENIED, SimGoogle, refusal

LOCATIONS = {"name": "organizations/1/policies/gcp.resourceLocations", "spec": {"rules": [{"denyAll": True}]}}
OS_LOGIN = {"name": "projects/123/policies/compute.requireOsLogin", "spec": {"rules": [{"enforce": True}]}}
CUSTOM = {"name": "organizations/1/customConstraints/custom.gkeX", "condition": "true"}
TAG = {"tagKey": "tagKeys/1", "tagValue": "tagValues/2", "namespacedTagValue": "1/env/prod", "inherited": True}
ASKED = ("gcp.resourceLocations", "compute.requireOsLogin")


def read(sim: SimGoogle, network: str = "", host: str = "", asked: tuple[str, ...] = ASKED) -> LiveOrganization:
    with sim, GoogleApi("", sim.overrides, sleep=lambda _: None) as api:
        return LiveReader(api, asked).read("acme-ml", network, host)


def content(organization: LiveOrganization) -> dict[str, Any]:
    return {path.removeprefix("live/"): json.loads(raw) for path, raw in organization.files}


def test_everything_above_the_project_is_read() -> None:
    sim = SimGoogle(
        policies={"organizations/1": [LOCATIONS], "acme-ml": [OS_LOGIN]}, custom=[CUSTOM], tags=[TAG], page=1
    )
    organization = read(sim)
    assert organization.ancestry == ("folders/2", "organizations/1", "projects/123")
    assert organization.problems == ()
    assert not organization.no_tags
    assert content(organization) == {
        "project.json": {"projectId": "acme-ml", "projectNumber": "123", "parent": {"type": "folder", "id": "2"}},
        "ancestors.json": [
            {"type": "project", "id": "acme-ml"},
            {"type": "folder", "id": "2"},
            {"type": "organization", "id": "1"},
        ],
        "tags.json": [TAG],
        "projects/acme-ml/policies.json": [OS_LOGIN],
        "folders/2/policies.json": [],
        "organizations/1/policies.json": [LOCATIONS],
        "organizations/1/custom-constraints.json": [CUSTOM],
        "firewalls.json": {"firewallPolicys": []},
    }
    assert not any("getEffectivePolicy" in path for path in sim.paths())


def test_lists_are_read_over_all_pages() -> None:
    policies = [{"name": f"organizations/1/policies/a.b{number}", "spec": {}} for number in range(7)]
    organization = read(SimGoogle(policies={"organizations/1": policies}, page=2))
    assert content(organization)["organizations/1/policies.json"] == policies


def test_no_tags_are_known_to_be_none() -> None:
    assert read(SimGoogle()).no_tags


def test_tags_that_may_not_be_read_are_unknown() -> None:
    organization = read(SimGoogle(denied={"/v3/effectiveTags"}))
    assert not organization.no_tags
    assert "tags are unknown" in organization.problems[0]
    assert "tags.json" not in content(organization)


def test_where_the_organisation_may_not_be_read_google_merges_at_the_project() -> None:
    merged = {"name": "projects/123/policies/gcp.resourceLocations", "spec": {"rules": [{"denyAll": True}]}}
    sim = SimGoogle(denied={"/v2/organizations/1/policies"}, merged={"gcp.resourceLocations": merged})
    organization = read(sim)
    files = content(organization)
    assert files["projects/acme-ml/effective.json"] == [merged]
    assert files["organizations/1/unread.json"] == [
        {
            "name": "organizations/1/policies/compute.requireOsLogin",
            "spec": {"unread: HTTP 403 PERMISSION_DENIED": True},
        }
    ]
    assert "organizations/1/policies.json" not in files
    assert any("policies set at organizations/1 are unknown" in problem for problem in organization.problems)
    assert any("unknown for 1 constraints" in problem for problem in organization.problems)


def test_policies_with_conditions_are_asked_for_as_google_decides_them() -> None:
    rules = [{"denyAll": True, "condition": {"expression": "resource.matchTag('1/env', 'prod')"}}, {"allowAll": True}]
    merged = {"name": "projects/123/policies/gcp.resourceLocations", "spec": {"rules": [{"denyAll": True}]}}
    conditional = {"name": "folders/2/policies/gcp.resourceLocations", "spec": {"rules": rules}}
    sim = SimGoogle(policies={"folders/2": [conditional, OS_LOGIN, 3]}, merged={"gcp.resourceLocations": merged})
    assert content(read(sim))["projects/acme-ml/effective.json"] == [merged]
    assert sum("getEffectivePolicy" in path for path in sim.paths()) == 1
    silent = read(SimGoogle(policies={"folders/2": [conditional]}))
    assert "projects/acme-ml/effective.json" not in content(silent)
    assert silent.problems == ()


def test_custom_constraints_that_may_not_be_read_are_told() -> None:
    organization = read(SimGoogle(denied={"/v2/organizations/1/customConstraints"}))
    assert any("none of them is checked" in problem for problem in organization.problems)


def test_a_folder_that_may_not_be_read_is_told_by_the_project() -> None:
    sim = SimGoogle(denied={"/v3/folders/2"})
    organization = read(sim)
    assert organization.ancestry == ("folders/2", "organizations/1", "projects/123")
    assert organization.problems == ()
    assert "/v1/projects/acme-ml:getAncestry" in sim.paths()


def test_an_unknown_part_of_the_hierarchy_leaves_constraints_undecided() -> None:
    organization = read(SimGoogle(denied={"/v3/folders/2", "/v1/projects/acme-ml:getAncestry"}))
    assert organization.ancestry == ("folders/2", "projects/123")
    assert any("what lies above folders/2 is unknown" in problem for problem in organization.problems)
    assert len(content(organization)["projects/acme-ml/unread.json"]) == len(ASKED)
    assert any("firewall policies above" in problem for problem in organization.problems)


def test_a_project_without_an_organisation_has_nothing_above() -> None:
    organization = read(SimGoogle(parents={"acme-ml": ""}))
    assert organization.ancestry == ("projects/123",)
    assert organization.problems == ()


def test_a_hierarchy_that_goes_round_ends() -> None:
    organization = read(SimGoogle(parents={"acme-ml": "folders/2", "folders/2": "folders/3", "folders/3": "folders/2"}))
    assert any("unknown" in problem for problem in organization.problems)


def test_a_network_tells_its_rules_and_their_order() -> None:
    firewalls = {"firewalls": [{"name": "deny", "direction": "EGRESS"}], "firewallPolicys": []}
    network = {"network": {"networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"}, "firewalls": firewalls}
    files = content(read(SimGoogle(networks={"host-net/vpc": network}), "vpc", "host-net"))
    assert files["firewalls.json"] == {**firewalls, "networkFirewallPolicyEnforcementOrder": "BEFORE_CLASSIC_FIREWALL"}


@pytest.mark.parametrize("network", ["", "not-yet"])
def test_a_network_to_be_made_inherits_hierarchical_policies(network: str) -> None:
    sim = SimGoogle(
        associations={"organizations/1": ["77"], "folders/2": ["88"]},
        firewall_policies={"77": {"shortName": "org", "rules": []}, "88": {"shortName": "folder", "rules": []}},
    )
    policies = content(read(sim, network))["firewalls.json"]["firewallPolicys"]
    assert [(policy["shortName"], policy["type"]) for policy in policies] == [
        ("org", "HIERARCHY"),
        ("folder", "HIERARCHY"),
    ]


def test_a_shared_network_to_be_made_inherits_from_above_its_own_project() -> None:
    sim = SimGoogle(associations={"folders/9": ["77"]}, firewall_policies={"77": {"shortName": "net", "rules": []}})
    sim.parents |= {"host-net": "folders/9", "folders/9": "organizations/1"}
    sim.numbers |= {"host-net": "456"}
    policies = content(read(sim, "vpc", "host-net"))["firewalls.json"]["firewallPolicys"]
    assert [policy["shortName"] for policy in policies] == ["net"]


def test_firewalls_that_may_not_be_read_are_unknown() -> None:
    organization = read(SimGoogle(denied={"/compute/v1/locations/global/firewallPolicies/listAssociations"}))
    assert "firewalls.json" not in content(organization)
    assert any("may deny a flow" in problem for problem in organization.problems)


def test_a_project_that_may_not_be_read_is_an_error() -> None:
    with pytest.raises(GoogleApiError, match="403 PERMISSION_DENIED"):
        read(SimGoogle(denied={"/v3/projects/acme-ml"}))


BROKEN = (
    "/v3/projects/acme-ml",
    "/v3/folders/2",
    "/v3/effectiveTags",
    "/v2/organizations/1/policies",
    "/v2/organizations/1/customConstraints",
    "/compute/v1/locations/global/firewallPolicies/listAssociations",
)


@pytest.mark.parametrize("path", BROKEN)
def test_an_api_that_does_not_answer_is_an_error_and_never_an_empty_list(path: str) -> None:
    down = refusal(503, "UNAVAILABLE", "try again")
    with pytest.raises(GoogleApiError, match="503 UNAVAILABLE"):
        read(SimGoogle(broken={path: [down] * 9}))
    assert read(SimGoogle(broken={path: [down]})).problems == ()


@pytest.mark.parametrize(
    ("project", "network"), [("../x", ""), ("Acme", ""), ("acme-ml", "a/b"), ("acme-ml?x=y", ""), ("acme-ml", "A")]
)
def test_names_that_would_change_the_address_are_refused(project: str, network: str) -> None:
    sim = SimGoogle()
    with sim, GoogleApi("", sim.overrides) as api, pytest.raises(NotAName):
        LiveReader(api, ()).read(project, network)
    assert sim.seen == []


def test_a_hostile_answer_does_not_lead_anywhere_else() -> None:
    sim = SimGoogle(parents={"acme-ml": "folders/2/../../v9/evil"})
    organization = read(sim)
    assert organization.ancestry == ("projects/123",)
    assert not any("evil" in path for path in sim.paths())
    assert len(content(organization)["projects/acme-ml/unread.json"]) == len(ASKED)
    with pytest.raises(GoogleApiError, match="without policy"):
        read(SimGoogle(associations={"folders/2": ["7/../8"]}))


def test_what_is_read_is_the_same_each_time() -> None:
    assert read(SimGoogle(tags=[TAG])) == read(SimGoogle(tags=[TAG]))
    assert DENIED[0] == 403
