from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.actors import BASIC
from rayfence.model.proofs import ActorGrant, Plane, RbacRule
from rayfence.policy.proofs.grants.broad import refuse_broad

IAM = ActorGrant(
    actor="auditor",
    plane=Plane.IAM,
    role="roles/logging.privateLogViewer",
    on="projects/p",
    members=("group:audit@acme.com",),
    bound=False,
    why="w",
    worst="x",
    meaning="m",
)
RBAC = replace(
    IAM,
    actor="developer",
    plane=Plane.RBAC,
    role="Role viewer",
    on="vision",
    rules=(RbacRule(("",), ("pods",), ("get",)),),
)
NODE = replace(IAM, actor="node", members=("serviceAccount:n@p.iam.gserviceaccount.com",))


def test_narrow_grants_pass() -> None:
    workforce = "principalSet://iam.googleapis.com/locations/global/workforcePools/acme/group/audit"
    assert refuse_broad((IAM, RBAC, replace(IAM, members=(workforce,)))) == ()


@pytest.mark.parametrize(
    ("member", "problem"),
    [
        ("user:eve@acme.com", "is a person"),
        ("principal://iam.googleapis.com/locations/global/workforcePools/acme/subject/eve", "is a person"),
        ("domain:acme.com", "everybody of a domain"),
        ("allUsers", "is everybody"),
        ("allAuthenticatedUsers", "is everybody"),
        ("group:system:authenticated", "is everybody"),
        ("serviceAccount:123-compute@developer.gserviceaccount.com", "default account"),
        ("serviceAccount:p@appspot.gserviceaccount.com", "default account"),
        ("serviceAccount:vision/default", "default account"),
        ("principal://iam.googleapis.com/x/subject/ns/v/sa/default", "default account"),
        ("serviceAccount:p.svc.id.goog[v/default]", "default account"),
        ("principalSet://iam.googleapis.com/x/workloadIdentityPools/p/*", "more than one workload"),
        ("projectEditor:p", "more than one workload"),
    ],
)
def test_members(member: str, problem: str) -> None:
    assert problem in refuse_broad((replace(IAM, members=(member,)),))[0]


@pytest.mark.parametrize(
    ("grant", "problem"),
    [
        (replace(IAM, role="roles/editor"), "basic role"),
        (replace(IAM, role="roles/iam.serviceAccountUser"), "every service account"),
        (replace(IAM, role="roles/container.admin"), "never ends"),
        (replace(IAM, role="roles/resourcemanager.projectIamAdmin"), "every right"),
        (replace(IAM, why=""), "nobody explains"),
        (replace(IAM, actor="unexplained"), "nobody explains"),
        (replace(IAM, members=()), "of nobody"),
        (replace(NODE, role="roles/storage.objectViewer"), "whole project"),
        (replace(NODE, role="roles/storage.admin", on="//storage/buckets/b"), "administrator's role"),
        (replace(RBAC, rules=()), "not known"),
        (replace(RBAC, on="*"), "whole cluster"),
    ],
)
def test_roles(grant: ActorGrant, problem: str) -> None:
    assert any(problem in text for text in refuse_broad((grant,)))


@pytest.mark.parametrize(
    ("actor", "rule", "problem"),
    [
        ("developer", RbacRule(("*",), ("pods",), ("get",)), "wildcard"),
        ("developer", RbacRule(("",), ("*",), ("get",)), "wildcard"),
        ("operator", RbacRule(("",), ("pods",), ("*",)), "wildcard"),
        ("operator", RbacRule(("rbac",), ("roles",), ("escalate",)), "detour"),
        ("developer", RbacRule(("",), ("secrets",), ("list",)), "Secrets"),
        ("developer", RbacRule(("",), ("pods/exec",), ("create",)), "commands in a pod"),
        ("developer", RbacRule(("ray.io",), ("rayclusters",), ("create",)), "as any account"),
        ("ray-head", RbacRule(("",), ("pods",), ("patch",)), "as any account"),
        ("autoscaler", RbacRule(("ray.io",), ("rayclusters",), ("patch",)), "as any account"),
        ("gateway", RbacRule(("rbac",), ("rolebindings",), ("create",)), "rights on"),
    ],
)
def test_rules(actor: str, rule: RbacRule, problem: str) -> None:
    assert any(problem in text for text in refuse_broad((replace(RBAC, actor=actor, rules=(rule,), bound=True),)))


def test_the_autoscaler_may_scale_its_own_cluster_and_the_operator_works() -> None:
    scale = RbacRule(("ray.io",), ("rayclusters",), ("get", "patch"), ("train",))
    work = RbacRule(("",), ("pods", "secrets"), ("create", "get"))
    good = (
        replace(RBAC, actor="autoscaler", rules=(scale,), bound=True),
        replace(RBAC, actor="operator", rules=(work,)),
    )
    assert refuse_broad(good) == ()


@given(st.sampled_from(sorted(BASIC)), st.sampled_from(["projects/p", "//x/y"]), st.text(max_size=20))
def test_no_words_make_a_basic_role_pass(role: str, on: str, words: str) -> None:
    assert refuse_broad((replace(IAM, role=role, on=on, why=words, condition=words),))
