"""Members at their edges: agents, workload pools, foreign organisations, directories nobody can read."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.identity.members import CRITERIA
from tests.unit.policy.constraints.platforms import (
    NODE_ACCOUNT,
    POD_MEMBER,
    PROJECT,
    Made,
    binding,
    enforced,
    listed,
    made,
)

DOMAINS = "iam.allowedPolicyMemberDomains"
MEMBERS = "iam.managed.allowedPolicyMembers"
OWN = "is:principalSet://iam.googleapis.com/organizations/1"
SET = "//cloudresourcemanager.googleapis.com/organizations/1"
AGENT = "serviceAccount:service-123456@container-engine-robot.iam.gserviceaccount.com"


def _bind(*members: str) -> Made:
    body = binding("roles/viewer", *members)
    return made().add("iam.googleapis.com/AllowPolicy", "grant", body, "google_project_iam_member")


@pytest.mark.parametrize(
    ("member", "legacy", "managed"),
    [
        (f"serviceAccount:{NODE_ACCOUNT}", Outcome.SATISFIED_BY, Outcome.SATISFIED_BY),
        (AGENT, Outcome.SATISFIED_BY, Outcome.SATISFIED_BY),
        ("serviceAccount:service-9@container-engine-robot.iam.gserviceaccount.com", Outcome.UNKNOWN, Outcome.UNKNOWN),
        (POD_MEMBER, Outcome.UNKNOWN, Outcome.SATISFIED_BY),
        (f"serviceAccount:{PROJECT}.svc.id.goog[vision/worker]", Outcome.UNKNOWN, Outcome.SATISFIED_BY),
        ("group:vision@acme.com", Outcome.UNKNOWN, Outcome.UNKNOWN),
        ("user:named@acme.com", Outcome.UNKNOWN, Outcome.SATISFIED_BY),
        ("serviceAccount:ci@stranger.iam.gserviceaccount.com", Outcome.UNKNOWN, Outcome.UNKNOWN),
        ("allUsers", Outcome.VIOLATED, Outcome.VIOLATED),
        ("allAuthenticatedUsers", Outcome.VIOLATED, Outcome.VIOLATED),
    ],
)
def test_members(member: str, legacy: Outcome, managed: Outcome) -> None:
    parameters = {"allowedPrincipalSets": [SET], "allowedMemberSubjects": ["user:named@acme.com"]}
    found = _bind(member).judge([listed(DOMAINS, OWN), enforced(MEMBERS, **parameters)])
    assert (found[DOMAINS].outcome, found[MEMBERS].outcome) == (legacy, managed)
    for outcome in (found[DOMAINS], found[MEMBERS]):
        assert outcome.outcome is not Outcome.UNKNOWN or "whether" in outcome.reason or "ancestry" in outcome.reason


def test_a_directory_can_not_be_told_from_an_organisation() -> None:
    found = _bind(f"serviceAccount:{NODE_ACCOUNT}").judge([listed(DOMAINS, "is:C03xgje4y")])[DOMAINS]
    assert found.outcome is Outcome.UNKNOWN and "organizations/1" in found.reason


def test_a_foreign_organisation_is_not_admitted_unless_something_else_is_listed_too() -> None:
    platform = _bind(f"serviceAccount:{NODE_ACCOUNT}")
    other = "is:principalSet://iam.googleapis.com/organizations/77"
    assert platform.judge([listed(DOMAINS, other)])[DOMAINS].outcome is Outcome.VIOLATED
    assert platform.judge([listed(DOMAINS, other, "is:C1")])[DOMAINS].outcome is Outcome.UNKNOWN
    sets = ["//cloudresourcemanager.googleapis.com/organizations/77"]
    assert platform.judge([enforced(MEMBERS, allowedPrincipalSets=sets)])[MEMBERS].outcome is Outcome.VIOLATED
    pool = ["principalSet://iam.googleapis.com/projects/9/locations/global/workloadIdentityPools/ci/*"]
    assert platform.judge([enforced(MEMBERS, allowedPrincipalSets=pool)])[MEMBERS].outcome is Outcome.UNKNOWN


def test_denied_organisations_and_no_parameters_at_all() -> None:
    platform = _bind(f"serviceAccount:{NODE_ACCOUNT}")
    assert platform.judge([listed(DOMAINS, denied=(OWN,))])[DOMAINS].outcome is Outcome.VIOLATED
    assert platform.judge([listed(DOMAINS, OWN, denied=("is:C1",))])[DOMAINS].outcome is Outcome.UNKNOWN
    assert platform.judge([listed(DOMAINS, deny_all=True)])[DOMAINS].outcome is Outcome.VIOLATED
    assert platform.judge([enforced(MEMBERS)])[MEMBERS].outcome is Outcome.VIOLATED


def test_members_are_read_from_terraforms_form_where_the_body_has_none() -> None:
    platform = made().add(
        "iam.googleapis.com/AllowPolicy", "g", {}, "google_project_iam_member", role="r", member="allUsers"
    )
    assert platform.judge([listed(DOMAINS, OWN)])[DOMAINS].outcome is Outcome.VIOLATED
    plain = made().add("storage.googleapis.com/Policy", "g", {"role": "r", "members": ["allUsers"]}, "x")
    assert plain.judge([listed(DOMAINS, OWN)])[DOMAINS].outcome is Outcome.VIOLATED


def test_nobody_is_exempt_and_nothing_is_bound() -> None:
    assert {criterion.constraint for criterion in CRITERIA} >= {DOMAINS, MEMBERS}
    assert made().judge([listed(DOMAINS, OWN)])[DOMAINS].outcome is Outcome.NOT_RELEVANT
    name = "iam.disableAuditLoggingExemption"
    assert made().judge([enforced(name)])[name].outcome is Outcome.SATISFIED
