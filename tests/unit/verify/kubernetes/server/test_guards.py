"""Guards that are not as planned: each has a row that names it."""

from typing import Any

from rayfence.model.api_objects import FIELD_MANAGER
from rayfence.model.evidence import Evidence
from rayfence.model.verdict import Verdict
from rayfence.plan.live.compare import compare
from rayfence.verify.kubernetes.server.guards import foreign_policies, guard_rows
from tests.sim.kubernetes.stand import Stand, two_tenants


def rows(stand: Stand, unseen: dict[tuple[str, str], str] | None = None) -> dict[str, Evidence]:
    order = two_tenants()
    live = tuple(stand.cluster.objects.values())
    if unseen:
        live = tuple(value for value in live if value["kind"] not in {kind for _, kind in unseen})
    drift = compare(order.manifests, live, FIELD_MANAGER, unseen=unseen or {})
    return {row.attack: row for row in guard_rows(order.manifests, drift)}


def applied() -> Stand:
    stand = Stand()
    stand.apply(two_tenants())
    return stand


def test_as_applied_all_pass_by_kind_and_namespace() -> None:
    found = rows(applied())
    assert {row.verdict for row in found.values()} == {Verdict.PASS}
    assert {"guard.networkpolicy.vision", "guard.validatingadmissionpolicy", "guard.raycluster.vision"} <= set(found)


def test_a_deleted_policy_is_named_and_the_others_still_pass() -> None:
    stand = applied()
    key = next(k for k, v in stand.cluster.objects.items() if k[1:] == ("NetworkPolicy", "vision", "default-deny"))
    del stand.cluster.objects[key]
    found = rows(stand)
    lost = found["guard.networkpolicy.vision.default-deny"]
    assert (lost.verdict, lost.fix, lost.seen) == (Verdict.FAIL, "NetworkPolicy vision/default-deny", "missing")
    assert found["guard.networkpolicy.vision"].verdict is Verdict.PASS


def test_a_loosened_role_and_a_binding_that_only_warns_are_named_with_field_and_author() -> None:
    stand = applied()
    binding = "ValidatingAdmissionPolicyBinding rayfence-research-pods"

    def warn(value: dict[str, Any]) -> None:
        value["spec"]["validationActions"] = ["Warn"]

    def open_up(value: dict[str, Any]) -> None:
        value["rules"][0]["verbs"].append("create")

    stand.cluster.edit(binding, "kubectl-edit", warn)
    role = next(ref for ref in stand.cluster.references() if ref.startswith("Role vision/"))
    stand.cluster.edit(role, "kubectl-edit", open_up)
    found = rows(stand)
    weak = found["guard.validatingadmissionpolicybinding.rayfence-research-pods"]
    assert weak.fix == binding and "kubectl-edit" in weak.seen and "validationActions" in weak.field
    assert [
        row.fix for row in found.values() if row.verdict is Verdict.FAIL and row.attack.startswith("guard.role.")
    ] == [role]


def test_what_may_not_be_read_is_unknown() -> None:
    found = rows(applied(), {("networking.k8s.io", "NetworkPolicy"): "forbidden"})
    policies = [row for row in found.values() if row.attack.startswith("guard.networkpolicy.")]
    assert policies and {row.verdict for row in policies} == {Verdict.UNKNOWN}


def test_a_policy_of_somebody_else_is_named_one_of_kuberay_is_not() -> None:
    order, stand = two_tenants(), applied()
    live = [value for value in stand.cluster.objects.values() if value["kind"] == "NetworkPolicy"]
    assert all(row.verdict is Verdict.PASS for row in foreign_policies(("vision",), order.manifests, live))
    metadata: dict[str, Any] = {"name": "let-all-in", "namespace": "vision"}
    foreign = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata}
    (hole,) = foreign_policies(("vision",), order.manifests, [*live, foreign])
    assert (hole.verdict, hole.fix) == (Verdict.FAIL, "NetworkPolicy vision/let-all-in")
    owned = {**foreign, "metadata": {**metadata, "ownerReferences": [{"kind": "RayCluster"}]}}
    (fine,) = foreign_policies(("vision",), order.manifests, [*live, owned])
    assert fine.verdict is Verdict.PASS
    (nothing,) = foreign_policies(("vision",), order.manifests, [])
    assert nothing.verdict is Verdict.UNKNOWN
