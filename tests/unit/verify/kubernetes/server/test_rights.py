"""Rights: what an account may do that it should not, and who gave it."""

from typing import Any

import pytest

from rayfence.model.evidence import Evidence
from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.server.rights import Account, Asked, Bindings, accounts_of, is_allowed, rights_rows
from tests.sim.kubernetes.cluster import SimCluster

TENANTS = ("vision", "speech")
RBAC = "rbac.authorization.k8s.io/v1"


def rows(sim: SimCluster, pattern: str = "") -> dict[str, Evidence]:
    return {row.attack: row for row in rights_rows(sim, sim.kinds(), TENANTS, lambda name: pattern in name)}


def reviewing(**wanted: str) -> SimCluster:
    """A server that allows what each account needs, and what is `wanted`."""
    sim = SimCluster()

    def allowed(spec: Any) -> bool:
        asked = spec["resourceAttributes"]
        return asked["resource"] == "selfsubjectaccessreviews" or (
            bool(wanted) and all(str({**asked, "user": spec["user"]}.get(key)) == text for key, text in wanted.items())
        )

    sim.reviewer = allowed
    return sim


def test_none_held_is_a_pass_for_every_account_of_every_tenant() -> None:
    sim = reviewing()
    found = rows(sim)
    assert {row.verdict for row in found.values()} == {Verdict.PASS}
    for tenant in TENANTS:
        for account in accounts_of(tenant):
            assert f"rights.{account.namespace}.{account.name}.secrets" in found
            assert f"rights.{account.namespace}.{account.name}.other-tenants" in found
    assert not sim.writes


def test_one_right_too_many_is_a_hole_that_names_role_and_binding() -> None:
    sim = reviewing(
        verb="create", resource="pods", namespace="vision", user="system:serviceaccount:vision:ray-autoscaler"
    )
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["create"]}]
    sim.put({"apiVersion": RBAC, "kind": "Role", "metadata": {"name": "wide", "namespace": "vision"}, "rules": rules})
    subjects = [{"kind": "ServiceAccount", "name": "ray-autoscaler", "namespace": "vision"}]
    sim.put(
        {
            "apiVersion": RBAC, "kind": "RoleBinding", "metadata": {"name": "oops", "namespace": "vision"},
            "subjects": subjects, "roleRef": {"kind": "Role", "name": "wide"},
        }
    )  # fmt: skip
    found = rows(sim, "rights.vision.ray-autoscaler")
    hole = found["rights.vision.ray-autoscaler.pods"]
    assert (hole.verdict, hole.fix) == (Verdict.FAIL, "Role vision/wide, given by RoleBinding vision/oops")
    assert "create pods in vision" in hole.seen
    assert found["rights.vision.ray-autoscaler.secrets"].verdict is Verdict.PASS


def test_who_says_no_to_everything_shows_nothing() -> None:
    sim = SimCluster()
    sim.reviewer = lambda _: False
    assert {row.verdict for row in rows(sim).values()} == {Verdict.UNKNOWN}


def test_who_may_not_ask_learns_nothing() -> None:
    sim = SimCluster()
    sim.denied.add(("create", "subjectaccessreviews"))
    found = rows(sim)
    assert {row.verdict for row in found.values()} == {Verdict.UNKNOWN}
    assert "can't ask" in next(iter(found.values())).control


def test_a_review_says_who_asks_for_what() -> None:
    sim, seen = SimCluster(), list[object]()

    def note(spec: object) -> bool:
        seen.append(spec)
        return True

    sim.reviewer = note
    assert is_allowed(sim, Account("vision", "ray-head"), Asked("create", "", "pods/exec", "vision"))
    assert seen == [
        {
            "user": "system:serviceaccount:vision:ray-head",
            "groups": ["system:serviceaccounts", "system:serviceaccounts:vision", "system:authenticated"],
            "resourceAttributes": {"verb": "create", "resource": "pods", "subresource": "exec", "namespace": "vision"},
        }
    ]


@pytest.mark.parametrize(
    ("subject", "names", "found"),
    [
        ({"kind": "Group", "name": "system:serviceaccounts"}, [], True),
        ({"kind": "User", "name": "system:serviceaccount:vision:ray-head"}, [], True),
        ({"kind": "ServiceAccount", "name": "ray-head", "namespace": "speech"}, [], False),
        ({"kind": "Group", "name": "system:authenticated"}, ["another"], False),
        ({"kind": "Group", "name": "system:authenticated"}, ["mine"], True),
    ],
)
def test_which_binding_gives_a_right(subject: dict[str, str], names: list[str], found: bool) -> None:
    sim = SimCluster()
    rule: dict[str, Any] = {"apiGroups": ["*"], "resources": ["secrets"], "verbs": ["*"]}
    if names:
        rule["resourceNames"] = names
    sim.put({"apiVersion": RBAC, "kind": "ClusterRole", "metadata": {"name": "all"}, "rules": [rule]})
    sim.put(
        {
            "apiVersion": RBAC, "kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "subjects": [subject],
            "roleRef": {"kind": "ClusterRole", "name": "all"},
        }
    )  # fmt: skip
    told = Bindings(sim, sim.kinds()).granting(
        Account("vision", "ray-head"), Asked("get", "", "secrets", "vision", "mine")
    )
    assert told == ("ClusterRole all, given by ClusterRoleBinding b" if found else "")


def test_roles_that_may_not_be_read_are_not_named() -> None:
    sim = SimCluster()
    sim.denied |= {("list", plural) for plural in ("roles", "rolebindings", "clusterroles", "clusterrolebindings")}
    assert Bindings(sim, sim.kinds()).granting(Account("a", "b"), Asked("get", "", "secrets", "a")) == ""
