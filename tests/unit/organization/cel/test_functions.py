"""Functions that Google adds to the language."""

import pytest
from celpy.celtypes import BoolType, ListType, StringType
from celpy.evaluation import CELEvalError

from rayfence.organization.cel.functions import FUNCTIONS, LONGEST_TEXT, matches, possible_types


def call(name: str, subject: str, *items: str) -> object:
    """What a function answers: True, False, or None where it can't tell."""
    answer = FUNCTIONS[name](StringType(subject), ListType([StringType(item) for item in items]))
    return None if isinstance(answer, CELEvalError) else bool(answer)


@pytest.mark.parametrize(
    ("name", "subject", "items", "answer"),
    [
        ("RoleNameMatches", "roles/owner", ["roles/editor", "roles/owner"], True),
        ("RoleNameMatches", "roles/owner", ["roles/own"], False),
        ("RoleNameStartsWith", "roles/storage.admin", ["roles/storage."], True),
        ("RoleNameEndsWith", "roles/storage.admin", [".admin"], True),
        ("RoleNameContains", "roles/iam.roleAdmin", ["Admin"], True),
        ("RoleNameContains", "roles/iam.roleAdmin", ["owner"], False),
        ("MemberSubjectMatches", "allUsers", ["allUsers"], True),
        ("MemberSubjectMatches", "user:a@b.org", ["user:a@b.or"], False),
        ("MemberSubjectStartsWith", "user:a@b.org", ["group:", "user:"], True),
        ("MemberSubjectEndsWith", "user:a@b.org", ["@c.org"], False),
        ("MemberSubjectEndsWith", "user:a@b.org", [], False),
        ("MemberTypeMatches", "group:a@b.org", ["iam.googleapis.com/ServiceAccount"], False),
        ("MemberTypeMatches", "group:a@b.org", ["iam.googleapis.com/WorkspaceGroup"], None),
        (
            "MemberTypeMatches",
            "group:a@b.org",
            ["iam.googleapis.com/WorkspaceGroup", "iam.googleapis.com/ConsumerGroup"],
            True,
        ),
        ("MemberTypeMatches", "deleted:what", ["iam.googleapis.com/Domain"], None),
        ("MemberInPrincipalSet", "allUsers", ["//cloudresourcemanager.googleapis.com/organizations/1"], False),
        ("MemberInPrincipalSet", "user:a@gmail.com", ["//cloudresourcemanager.googleapis.com/organizations/1"], False),
        ("MemberInPrincipalSet", "user:a@b.org", ["//cloudresourcemanager.googleapis.com/organizations/1"], None),
    ],
)
def test_answers(name: str, subject: str, items: list[str], answer: object) -> None:
    assert call(name, subject, *items) is answer


POOL = (
    "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p.svc.id.goog/subject/ns/a/sa/b"
)


@pytest.mark.parametrize(
    ("member", "types"),
    [
        ("user:a@gmail.com", {"ConsumerPrincipal"}),
        ("user:a@b.org", {"ConsumerPrincipal", "WorkspacePrincipal"}),
        ("group:a@googlegroups.com", {"ConsumerGroup"}),
        ("domain:b.org", {"Domain"}),
        ("serviceAccount:a@p.iam.gserviceaccount.com", {"ServiceAccount"}),
        ("serviceAccount:service-1@gcp-sa-logging.iam.gserviceaccount.com", {"ServiceAgent"}),
        ("serviceAccount:service-1@other.iam.gserviceaccount.com", {"ServiceAccount", "ServiceAgent"}),
        ("serviceAccount:1@cloudservices.gserviceaccount.com", {"ServiceAgent"}),
        ("serviceAccount:p.svc.id.goog[ns/sa]", {"ServiceAccount", "WorkloadPoolPrincipal"}),
        (POOL, {"WorkloadPoolPrincipal"}),
        (POOL.replace("principal:", "principalSet:"), {"WorkloadPoolPrincipalSet"}),
        ("principalSet://iam.googleapis.com/locations/global/workforcePools/p/*", {"WorkforcePoolPrincipalSet"}),
        ("allAuthenticatedUsers", {"PublicPrincipals"}),
        ("projectOwner:p", {"ProjectRoleReference"}),
        ("principal://elsewhere", set()),
        ("", set()),
    ],
)
def test_types_a_member_may_be_of(member: str, types: set[str]) -> None:
    assert possible_types(member) == {f"iam.googleapis.com/{name}" for name in types}


def test_matches_finds_and_refuses(capfd: pytest.CaptureFixture[str]) -> None:
    assert matches(StringType("us-central1"), StringType("central")) == BoolType(True)
    assert matches(StringType("us-central1"), StringType("^central")) == BoolType(False)
    assert isinstance(matches(StringType("a"), StringType("(")), CELEvalError)
    assert isinstance(matches(StringType("a" * (LONGEST_TEXT + 1)), StringType("a")), CELEvalError)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_wrong_types_are_refused_as_the_engine_expects(name: str) -> None:
    with pytest.raises(TypeError):
        FUNCTIONS[name](3, 4)
