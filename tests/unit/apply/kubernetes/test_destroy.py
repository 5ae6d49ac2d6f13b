"""Destroy: the cluster as it was, whenever it is interrupted, and what is marked stays."""

from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.apply.kubernetes.destroy import condemned, destroy
from rayfence.apply.kubernetes.lease import take
from rayfence.apply.kubernetes.waiting import NotReady
from rayfence.errors import Busy, Forbidden, ServerUnreachable
from rayfence.model.api_objects import Json
from rayfence.model.receipt import Deed, Outcome
from tests.sim.kubernetes.stand import Stand, changed_order, one_of_each, two_tenants


def _settled() -> tuple[Stand, tuple[str, ...]]:
    stand = Stand()
    stand.settle()
    return stand, stand.cluster.references()


def test_the_cluster_is_as_it_was() -> None:
    stand, before = _settled()
    stand.apply(two_tenants())
    stand.settle()
    receipt = stand.destroy(two_tenants())
    stand.settle()
    assert receipt.outcome is Outcome.COMPLETE and stand.cluster.references() == before
    assert stand.destroy(two_tenants()).outcome is Outcome.UNCHANGED


def test_ray_goes_first_guards_after_it_namespaces_last() -> None:
    stand, _ = _settled()
    stand.apply(two_tenants())
    receipt = stand.destroy(two_tenants())
    gone = [item.reference for item in receipt.done]
    assert all(item.deed is Deed.REMOVED for item in receipt.done)
    ray, operator = gone.index("RayCluster vision/train"), gone.index("Deployment ray-system/kuberay-operator")
    assert ray < operator < gone.index("NetworkPolicy vision/default-deny") < gone.index("Namespace vision")
    assert ray < gone.index("ValidatingAdmissionPolicyBinding rayfence-research-pods") < gone.index("Namespace vision")
    assert gone[-1] == "Namespace research-rayfence"


def test_ray_is_waited_for_while_its_operator_is_there() -> None:
    stand, _ = _settled()
    stand.apply(two_tenants())
    cluster = stand.cluster.find("RayCluster vision/train")
    cluster["metadata"]["finalizers"] = ["ray.io/gcs-ft-redis-cleanup-finalizer"]

    def clean_up() -> None:
        if "deletionTimestamp" in cluster["metadata"] and cluster["metadata"]["finalizers"]:
            assert "Deployment ray-system/kuberay-operator" in stand.cluster.references()
            cluster["metadata"]["finalizers"] = []

    stand.cluster.clock.beside.append(clean_up)
    assert stand.destroy(two_tenants()).outcome is Outcome.COMPLETE


def test_what_does_not_go_is_named_with_what_holds_it() -> None:
    stand, _ = _settled()
    stand.apply(one_of_each())
    stand.cluster.find("RayCluster vision/train")["metadata"]["finalizers"] = ["example.com/backup"]
    with pytest.raises(NotReady, match=r"RayCluster vision/train: is still there .*example\.com/backup"):
        stand.destroy(one_of_each())
    assert stand.receipts[-1].outcome is Outcome.FAILED
    assert stand.receipts[-1].left == ("RayCluster vision/train",)
    assert "Namespace vision" in stand.cluster.references()


def test_what_is_marked_stays_with_its_namespace() -> None:
    stand, _ = _settled()
    stand.apply(one_of_each())
    name = "ResourceQuota vision/tenant"
    stand.cluster.edit(name, "ada", lambda v: v["metadata"].setdefault("annotations", {}).update(KEEP))
    receipt = stand.destroy(one_of_each())
    stand.settle()
    left = set(stand.cluster.references())
    assert {name, "Namespace vision"} <= left and "RayCluster vision/train" not in left
    assert {item.reference for item in receipt.done if item.deed is Deed.KEPT} == {name, "Namespace vision"}


KEEP = {"rayfence.dev/retain": "true"}


@pytest.mark.parametrize("applied", [True, False])
def test_a_tenant_that_the_spec_retains_keeps_its_namespaces_and_what_only_they_hold(
    tmp_path: Path, applied: bool
) -> None:
    """Marked in the spec: whether or not the mark was applied before the end."""
    stand = Stand()
    kept = changed_order(tmp_path, ("tenants.0.retain", True))
    stand.apply(kept if applied else two_tenants())
    held = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "notes", "namespace": "vision"}}
    stand.cluster.put(held)
    receipt = stand.destroy(kept)
    stand.settle()
    left = {name for name in stand.cluster.references() if "vision" in name or "speech" in name}
    left = {name for name in left if not name.endswith(("/default", "/kube-root-ca.crt"))}  # made for every namespace
    assert left == {"Namespace vision", "Namespace vision-gateway", "ConfigMap vision/notes"}
    assert {item.reference for item in receipt.done if item.deed is Deed.KEPT} == {
        "Namespace vision",
        "Namespace vision-gateway",
    }
    assert stand.apply(kept).outcome is Outcome.COMPLETE


def test_a_retained_tenant_that_left_the_spec_stays_when_the_rest_is_pruned(tmp_path: Path) -> None:
    stand = Stand()
    stand.apply(changed_order(tmp_path, ("tenants.1.retain", True)))
    stand.settle()
    stand.apply(replace(changed_order(tmp_path, ("tenants.1", ...)), prune=True))
    stand.settle()
    left = {name for name in stand.cluster.references() if "speech" in name}
    left = {name for name in left if not name.endswith(("/default", "/kube-root-ca.crt"))}
    assert left == {"Namespace speech", "Namespace speech-gateway"}
    again = stand.apply(replace(changed_order(tmp_path, ("tenants.1", ...)), prune=True))
    assert again.outcome is Outcome.UNCHANGED and again.strays == ()


def test_missing_rights_are_named_before_anything_is_removed() -> None:
    stand, _ = _settled()
    stand.apply(one_of_each())
    stand.cluster.writes.clear()
    stand.cluster.denied.add(("delete", "namespaces"))
    with pytest.raises(Forbidden, match="delete on namespaces"):
        stand.destroy(one_of_each())
    assert stand.cluster.writes == []


def test_a_dry_run_removes_nothing() -> None:
    stand, _ = _settled()
    stand.apply(one_of_each())
    before = stand.cluster.references()
    assert stand.destroy(one_of_each(), dry_run=True).outcome is Outcome.DRY_RUN
    assert stand.cluster.references() == before


def test_an_apply_at_work_is_not_disturbed() -> None:
    stand, _ = _settled()
    stand.apply(one_of_each())
    lease = take(stand.cluster, "research", "bob", stand.cluster.clock, print)
    stand.cluster.clock.beside.append(lease.renew)
    with pytest.raises(Busy, match="bob"):
        stand.destroy(one_of_each())
    assert "RayCluster vision/train" in stand.cluster.references()


def test_interrupted_at_any_call_a_second_destroy_completes_it() -> None:
    number = 0
    while True:
        number += 3
        stand, before = _settled()
        stand.apply(one_of_each())
        stand.settle()
        count = 0

        def fault(verb: str, value: Json, at: int = number) -> None:
            nonlocal count
            count += 1
            if count >= at:
                raise ServerUnreachable("away")

        stand.cluster.faults.append(fault)
        try:
            stand.destroy(one_of_each())
            break
        except ServerUnreachable:
            stand.cluster.faults.clear()
        stand.host = "ada@laptop, process 2"
        assert stand.destroy(one_of_each()).outcome in (Outcome.COMPLETE, Outcome.UNCHANGED)
        stand.settle()
        assert stand.cluster.references() == before, number
    assert number > 60


def test_what_left_the_spec_goes_too() -> None:
    stand, before = _settled()
    stand.apply(two_tenants())
    less = replace(two_tenants(), manifests=())
    assert stand.destroy(less).outcome is Outcome.COMPLETE
    stand.settle()
    assert stand.cluster.references() == before


def test_an_object_that_was_made_anew_meanwhile_is_another_s() -> None:
    stand, _ = _settled()
    stand.apply(one_of_each())
    what = condemned("research", one_of_each().manifests, stand.where())
    key = next(k for k, v in stand.cluster.objects.items() if (v["kind"], k[3]) == ("RayCluster", "train"))
    other = dict(stand.cluster.objects.pop(key))
    other["metadata"] = {"name": "train", "namespace": "vision"}
    stand.cluster.put(other, "ada")
    destroy("research", what, stand.where())
    assert any("is another's by now" in text for text in stand.told)
