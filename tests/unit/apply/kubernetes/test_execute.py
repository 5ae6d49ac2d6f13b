"""Applying a platform, on the simulator: order, repair, conflicts, interruptions at every moment, receipts."""

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from rayfence.apply.kubernetes.execute import execute
from rayfence.apply.kubernetes.lease import LEASE
from rayfence.apply.kubernetes.look import RENDERED
from rayfence.apply.kubernetes.order import Order, Told, change_digests, prospect
from rayfence.apply.kubernetes.receipts import kept
from rayfence.apply.kubernetes.rehearsal import Conflicts
from rayfence.apply.kubernetes.waiting import NotReady
from rayfence.errors import Forbidden, KindMissing, Refused, ServerUnreachable, StalePlan
from rayfence.model.api_objects import Json, Kinds, reference
from rayfence.model.receipt import Deed, Outcome
from rayfence.ports.kubernetes import KubernetesApi, KubernetesReads
from tests.sim.kubernetes.cluster import WRITES
from tests.sim.kubernetes.kinds import KINDS
from tests.sim.kubernetes.stand import Stand, changed_order, one_of_each, two_tenants

GUARDS = (
    *("Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    *("NetworkPolicy", "CiliumNetworkPolicy", "ResourceQuota", "LimitRange"),
)
HOME = "research-rayfence"


class Boom(Exception):
    """What nobody expects."""


def _applied(order: Order) -> Stand:
    stand = Stand()
    stand.apply(order)
    stand.settle()
    stand.cluster.writes.clear()
    stand.cluster.calls.clear()
    stand.told.clear()
    return stand


def _wishes(stand: Stand) -> dict[str, Any]:
    """What is in the cluster, less what time and chance put there."""
    volatile = ("uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "ownerReferences")
    found = {}
    for value in stand.cluster.objects.values():
        metadata = {key: item for key, item in value["metadata"].items() if key not in volatile}
        if value["kind"] not in ("Event", "Lease") and reference(value) != f"ConfigMap {HOME}/receipt":
            found[reference(value)] = {**value, "metadata": metadata, "status": None}
    return found


def test_guards_are_there_and_ready_before_the_first_pod_can_be() -> None:
    stand = Stand()
    assert stand.apply(two_tenants()).outcome is Outcome.COMPLETE
    made = [name for verb, name in stand.cluster.writes if verb == "apply"]
    first = min(
        index for index, name in enumerate(made) if name.split()[0] in ("Deployment", "StatefulSet", "RayCluster")
    )
    wanted = [manifest.reference for manifest in two_tenants().manifests if manifest.object["kind"] in GUARDS]
    assert wanted and {index for index, name in enumerate(made) if name in wanted and index > first} == set()
    # not only sent before: the wait for them ended before
    waits = [index for index, text in enumerate(stand.told) if text.startswith("waiting for ValidatingAdmission")]
    assert waits and max(waits) < stand.told.index("created Deployment ray-system/kuberay-operator")


def test_a_second_apply_writes_nothing() -> None:
    stand = _applied(two_tenants())
    assert stand.apply(two_tenants()).outcome is Outcome.UNCHANGED
    assert stand.cluster.writes == [] and {verb for verb, _ in stand.cluster.calls} & set(WRITES) == set()


def test_the_receipt_says_what_when_and_by_whom() -> None:
    stand = Stand()
    receipt = stand.apply(one_of_each())
    assert (receipt.platform, receipt.digest, receipt.by, receipt.host) == ("research", "d1", "admin", stand.host)
    assert receipt.began < receipt.ended and receipt.server == "v1.36.3"
    done = {item.reference: item for item in receipt.done}
    # the namespace of lease and receipt is made before there is a receipt to write to
    assert set(done) >= {manifest.reference for manifest in one_of_each().manifests}
    assert all(item.deed is Deed.CREATED and len(item.digest) == 16 for item in receipt.done)
    stored = kept(stand.cluster, "research", HOME)
    assert stored is not None and stored["outcome"] == "complete"
    assert [item.outcome for item in stand.receipts][:: len(stand.receipts) - 1] == [Outcome.RUNNING, Outcome.COMPLETE]


def test_the_lease_is_given_back() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    assert stand.cluster.list(LEASE) == ()


def _interrupted_at(order: Order, number: int, failure: BaseException, twice: bool) -> tuple[Stand, bool]:
    """A run in which the call of this number fails, before or after it is carried out; whether it came that far."""
    stand, count = Stand(), 0

    def fault(verb: str, value: Json) -> None:
        nonlocal count
        count += 1
        if count == number or (twice and count > number):
            raise failure

    stand.cluster.faults.append(fault)
    try:
        stand.apply(order)
    except type(failure):
        came = True
    else:
        came = False
    stand.cluster.faults.clear()
    return stand, came


_FAILURES = {"ctrl-c": (KeyboardInterrupt(), False), "server gone": (ServerUnreachable("away"), True)}
_FAILURES |= {"killed": (Boom(), True)}


def _interrupt_at(numbers: Iterable[int], failure: BaseException, twice: bool) -> int:
    """Runs that fail at these calls, each completed by a second one; the last number at which one did fail."""
    whole, last = Stand(), 0
    whole.apply(one_of_each())
    whole.settle()
    for number in numbers:
        stand, came = _interrupted_at(one_of_each(), number, failure, twice)
        if not came:
            break
        last, stand.host = number, "ada@laptop, process 2"
        outcome = stand.apply(one_of_each()).outcome
        stand.settle()
        assert _wishes(stand) == _wishes(whole), number
        # where the lease could not be given back it runs out, and the next that has something to do takes it
        assert outcome is Outcome.UNCHANGED or (outcome is Outcome.COMPLETE and stand.cluster.list(LEASE) == ())
    return last


@pytest.mark.parametrize(("first", "name"), list(enumerate(_FAILURES, 1)))
def test_interrupted_at_any_call_a_second_apply_completes_it(first: int, name: str) -> None:
    assert _interrupt_at(range(first, 1000, 6), *_FAILURES[name]) > 100


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", _FAILURES)
def test_interrupted_at_every_call_a_second_apply_completes_it(name: str) -> None:
    assert _interrupt_at(range(1, 1000), *_FAILURES[name]) > 100


def test_ctrl_c_leaves_a_receipt() -> None:
    stand, came = _interrupted_at(one_of_each(), 100, KeyboardInterrupt(), False)
    stored = kept(stand.cluster, "research", HOME)
    assert came and stored is not None and stored["outcome"] == "interrupted" and stored["done"]
    assert stand.receipts[-1].problem == "KeyboardInterrupt"


def test_where_a_guard_is_refused_there_is_no_ray() -> None:
    stand = Stand()

    def no_network_policies(verb: str, value: Json) -> None:
        if value.get("kind") == "NetworkPolicy":
            raise Refused(f"{reference(value)}: ValidatingAdmissionPolicy 'x' denied request: not here", "Forbidden")

    stand.cluster.admission.append(no_network_policies)
    with pytest.raises(Refused, match="denied request: not here"):
        stand.apply(two_tenants())
    kinds = {name.split()[0] for name in stand.cluster.references()}
    assert not kinds & {"Deployment", "StatefulSet", "RayCluster", "RayService", "RayCronJob"}
    assert stand.receipts[-1].outcome is Outcome.FAILED and "not here" in stand.receipts[-1].problem


def test_a_spec_that_the_operator_refuses_fails_with_its_words() -> None:
    stand = Stand()
    text = "authOptions.mode is 'token' but minimum Ray version is 2.52.0"
    stand.controllers.refused["RayCluster vision/train"] = text
    with pytest.raises(NotReady, match="minimum Ray version"):
        stand.apply(one_of_each())
    assert stand.receipts[-1].left == ("RayCluster vision/train",)
    assert stand.cluster.list(LEASE) == ()


def test_pods_that_stay_pending_past_the_deadline_fail_with_the_reason() -> None:
    stand = Stand()
    stand.controllers.stuck["RayCluster vision/train"] = "Back-off pulling image registry.example.com/ray"
    with pytest.raises(NotReady, match=r"registry\.example\.com/ray") as caught:
        stand.apply(replace(one_of_each(), deadline=30.0))
    assert "RayCluster vision/train" in str(caught.value) and caught.value.hint


def test_a_field_of_another_is_shown_and_not_stolen() -> None:
    stand = _applied(one_of_each())

    def scale(value: dict[str, Any]) -> None:
        value["spec"]["replicas"] = 0

    stand.cluster.edit("StatefulSet vision-gateway/gateway", "kubectl-edit", scale)
    with pytest.raises(Conflicts, match=r"\.spec\.replicas \(set by kubectl-edit\)") as caught:
        stand.apply(one_of_each())
    assert "--force-conflicts StatefulSet/vision-gateway/gateway" in caught.value.hint
    assert stand.cluster.writes == []
    other = replace(one_of_each(), forced=frozenset({"Deployment vision/other"}))
    with pytest.raises(Conflicts):
        stand.apply(other)
    forced = replace(one_of_each(), forced=frozenset({"StatefulSet vision-gateway/gateway"}))
    receipt = stand.apply(forced)
    assert [(item.reference, item.deed) for item in receipt.done] == [
        ("StatefulSet vision-gateway/gateway", Deed.FORCED)
    ]
    assert stand.cluster.find("StatefulSet vision-gateway/gateway")["spec"]["replicas"] == 2


def test_every_conflict_is_named_at_once() -> None:
    stand = _applied(two_tenants())
    for name in ("vision", "speech"):
        stand.cluster.edit(
            f"StatefulSet {name}-gateway/gateway", "kubectl-edit", lambda v: v["spec"].update(replicas=1)
        )
    with pytest.raises(Conflicts) as caught:
        stand.apply(two_tenants())
    assert {one.reference for one in caught.value.conflicts} == {
        "StatefulSet vision-gateway/gateway",
        "StatefulSet speech-gateway/gateway",
    }


def _remove(kind: str, name: str) -> Callable[[Stand], None]:
    def act(stand: Stand) -> None:
        key = next(key for key, value in stand.cluster.objects.items() if reference(value) == f"{kind} {name}")
        del stand.cluster.objects[key]

    return act


def _unlabel(stand: Stand) -> None:
    stand.cluster.edit("Namespace vision", "kubectl-label", lambda v: v["metadata"]["labels"].pop("rayfence.dev/role"))


@pytest.mark.parametrize(
    "damage", [_remove("NetworkPolicy", "vision/default-deny"), _remove("Namespace", "vision-gateway"), _unlabel]
)
def test_what_was_taken_away_by_hand_comes_back(damage: Callable[[Stand], None]) -> None:
    stand = _applied(two_tenants())
    before = _wishes(stand)
    damage(stand)
    assert stand.apply(two_tenants()).outcome is Outcome.COMPLETE
    stand.settle()
    assert _wishes(stand) == before


def test_what_the_autoscaler_chose_stays_when_something_else_changes(tmp_path: Path) -> None:
    stand = _applied(two_tenants())

    def scale(value: dict[str, Any]) -> None:
        value["spec"]["workerGroupSpecs"][0]["replicas"] = 5

    stand.cluster.edit("RayCluster vision/train", "python-requests", scale)
    stand.settle()
    assert stand.apply(two_tenants()).outcome is Outcome.UNCHANGED
    more = changed_order(tmp_path, ("tenants.0.clusters.0.workers.0.maximum", 9))
    assert stand.apply(more).outcome is Outcome.COMPLETE
    group = stand.cluster.find("RayCluster vision/train")["spec"]["workerGroupSpecs"][0]
    assert (group["replicas"], group["maxReplicas"]) == (5, 9)


def test_what_left_the_spec_goes_only_when_that_is_confirmed_and_only_if_it_is_ours(tmp_path: Path) -> None:
    stand = _applied(two_tenants())
    labels = {"app.kubernetes.io/managed-by": "rayfence", "rayfence.dev/platform": "other"}
    foreign = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "default"}}
    stand.cluster.put({**foreign, "metadata": {**foreign["metadata"], "labels": labels}})  # type: ignore[dict-item]
    less = changed_order(tmp_path, ("tenants.1", ...))
    stand.apply(less)
    assert "RayService speech/transcribe" in stand.cluster.references()
    receipt = stand.apply(replace(less, prune=True))
    stand.settle()
    removed = [item.reference for item in receipt.done if item.deed is Deed.REMOVED]
    assert removed.index("RayService speech/transcribe") < removed.index("NetworkPolicy speech/default-deny")
    assert removed.index("NetworkPolicy speech/default-deny") < removed.index("Namespace speech")
    left = stand.cluster.references()
    assert not [name for name in left if " speech" in name] and "ConfigMap default/x" in left
    assert stand.apply(replace(less, prune=True)).outcome is Outcome.UNCHANGED


def test_a_tenant_that_goes_makes_room_before_the_first_workload_is_waited_for(tmp_path: Path) -> None:
    stand = _applied(two_tenants())
    less = replace(
        changed_order(tmp_path, ("tenants.1", ...), ("tenants.0.clusters.0.workers.0.maximum", 9)), prune=True
    )
    receipt = stand.apply(less)
    done = [item.reference for item in receipt.done]
    assert done.index("Namespace speech") < done.index("RayCluster vision/train")


def test_what_is_replaced_goes_when_its_replacement_is_ready() -> None:
    stand = _applied(one_of_each())
    kept = tuple(m for m in one_of_each().manifests if m.object["kind"] != "PodDisruptionBudget")
    changed = []
    for manifest in kept:
        value = dict(manifest.object)
        if value["kind"] == "StatefulSet":
            value["spec"] = {**value["spec"], "replicas": 3}  # type: ignore[dict-item]
        changed.append(replace(manifest, object=value))
    receipt = stand.apply(replace(one_of_each(), manifests=tuple(changed), prune=True))
    assert [(item.reference, item.deed) for item in receipt.done] == [
        ("StatefulSet vision-gateway/gateway", Deed.UPDATED),
        ("PodDisruptionBudget vision-gateway/gateway", Deed.REMOVED),
    ]


def test_a_plan_that_was_read_before_the_cluster_changed_is_refused() -> None:
    stand = _applied(one_of_each())
    read = change_digests(prospect(one_of_each(), stand.where()).drift)
    _remove("NetworkPolicy", next(n for n in stand.cluster.references() if n.startswith("NetworkPolicy")).split()[1])(
        stand
    )
    with pytest.raises(StalePlan, match="NetworkPolicy"):
        stand.apply(replace(one_of_each(), expected=read))
    read = change_digests(prospect(one_of_each(), stand.where()).drift)
    assert stand.apply(replace(one_of_each(), expected=read)).outcome is Outcome.COMPLETE


def test_a_plan_of_which_a_part_was_done_is_still_good() -> None:
    stand = Stand()
    read = change_digests(prospect(one_of_each(), stand.where()).drift)
    with pytest.raises(NotReady):
        stand.controllers.refused["RayCluster vision/train"] = "no"
        stand.apply(replace(one_of_each(), expected=read))
    stand.controllers.refused.clear()
    stand.settle()
    assert stand.apply(replace(one_of_each(), expected=read)).outcome in (Outcome.COMPLETE, Outcome.UNCHANGED)


def test_a_dry_run_asks_the_server_and_writes_nothing() -> None:
    stand = Stand()
    receipt = stand.apply(replace(one_of_each(), dry_run=True))
    assert receipt.outcome is Outcome.DRY_RUN and stand.cluster.writes == []
    notes = {item.reference: item.note for item in receipt.done}
    assert notes["Namespace vision"] == "" and "namespace is not there yet" in notes["RayCluster vision/train"]

    def strict(verb: str, value: Json) -> None:
        if value.get("kind") == "Namespace":
            raise Refused(f"{reference(value)}: namespaces need an owner", "Forbidden")

    stand.cluster.admission.append(strict)
    with pytest.raises(Refused, match="need an owner"):
        stand.apply(replace(one_of_each(), dry_run=True))
    assert stand.cluster.writes == []


def test_missing_rights_are_named_before_anything_is_written() -> None:
    stand = Stand()
    stand.cluster.denied |= {("create", "networkpolicies"), ("patch", "rayclusters"), ("create", "leases")}
    with pytest.raises(Forbidden) as caught:
        stand.apply(one_of_each())
    for words in ("create on networkpolicies", "patch on rayclusters.ray.io", "create on leases"):
        assert words in str(caught.value)
    assert stand.cluster.writes == []


def test_missing_kinds_are_named_with_what_brings_them() -> None:
    stand = Stand()
    for kind in ("RayCluster", "RayJob", "RayService", "RayCronJob"):
        del stand.cluster.available["ray.io/v1", kind]
    with pytest.raises(KindMissing, match=r"RayCluster \(ray.io/v1\)") as caught:
        stand.apply(two_tenants())
    assert "ref=v1.7.0" in caught.value.hint and stand.cluster.writes == []


def test_a_namespace_that_ends_is_told_before_anything_is_written() -> None:
    stand = _applied(one_of_each())
    space = stand.cluster.find("Namespace vision")
    space["metadata"]["deletionTimestamp"] = stand.cluster.clock.text()
    with pytest.raises(Refused, match="being deleted: namespace vision"):
        stand.apply(one_of_each())
    assert stand.cluster.writes == []


def test_what_is_somebody_else_s_is_not_taken_over() -> None:
    stand = Stand()
    stand.cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vision"}})
    with pytest.raises(Refused, match="not of this platform: Namespace vision"):
        stand.apply(one_of_each())
    assert stand.cluster.writes == []


def test_a_full_quota_and_an_ending_namespace_leave_a_receipt() -> None:
    stand = Stand()

    def full(verb: str, value: Json) -> None:
        if value.get("kind") == "StatefulSet":
            raise Refused(f"{reference(value)}: exceeded quota: objects", "Forbidden")

    stand.cluster.admission.append(full)
    with pytest.raises(Refused, match="exceeded quota"):
        stand.apply(one_of_each())
    stored = kept(stand.cluster, "research", HOME)
    assert stored is not None and stored["outcome"] == "failed" and "exceeded quota" in str(stored["problem"])


class Maker:
    """Makes one Secret, and records what was there then."""

    def __init__(self, stand: Stand) -> None:
        self.stand, self.there, self.made = stand, tuple[str, ...](), 0

    def missing(self, api: KubernetesReads, kinds: Kinds) -> tuple[str, ...]:
        return () if self.made else ("Secret vision-gateway/gateway-tls",)

    def make(self, api: KubernetesApi, reads: KubernetesReads, kinds: Kinds, did: Told) -> None:
        self.there, self.made = self.stand.cluster.references(), self.made + 1
        did("Secret vision-gateway/gateway-tls", "")


def test_secrets_are_made_after_accounts_and_before_the_first_pod() -> None:
    stand = Stand()
    maker = Maker(stand)
    receipt = stand.apply(replace(one_of_each(), secrets=maker))
    assert [item.reference for item in receipt.done if item.deed is Deed.SECRET] == [
        "Secret vision-gateway/gateway-tls"
    ]
    assert maker.made == 1
    kinds = {name.split()[0] for name in maker.there}
    assert {"ServiceAccount", "RoleBinding"} <= kinds and not kinds & {"Deployment", "StatefulSet", "RayCluster"}
    assert stand.apply(replace(one_of_each(), secrets=maker)).outcome is Outcome.UNCHANGED


def test_a_missing_secret_alone_is_reason_enough() -> None:
    stand = _applied(one_of_each())
    maker = Maker(stand)
    assert stand.apply(replace(one_of_each(), secrets=maker)).outcome is Outcome.COMPLETE and maker.made == 1


def test_without_waiting_only_guards_are_waited_for() -> None:
    stand = Stand()
    stand.controllers.stuck["RayCluster vision/train"] = "no image"
    assert execute(replace(one_of_each(), wait=False), stand.where()).outcome is Outcome.COMPLETE
    assert any(text.startswith("waiting for ValidatingAdmission") for text in stand.told)


def test_one_tenant_leaves_the_other_alone(tmp_path: Path) -> None:
    stand = _applied(two_tenants())
    more = changed_order(tmp_path, ("tenants.0.quota.pods", 41))
    receipt = stand.apply(more)
    assert [item.reference for item in receipt.done] == ["ResourceQuota vision/tenant"]


@pytest.mark.parametrize("lanes", [1, 4])
def test_nothing_to_do_costs_one_request_for_each_kind_however_many_objects(lanes: int) -> None:
    counts = []
    for order in (one_of_each(), two_tenants()):
        stand = _applied(order)
        where = replace(stand.where(), lanes=lanes)
        assert execute(order, where).outcome is Outcome.UNCHANGED
        assert stand.cluster.writes == []
        counts.append(dict(Counter(verb for verb, _ in stand.cluster.calls)))
    assert len(two_tenants().manifests) > 2 * len(one_of_each().manifests)
    few, many = counts
    kinds = {(kind.group, kind.kind) for kind in KINDS.values() if kind.kind in RENDERED.get(kind.group, ())}
    assert few == many == {"version": 1, "whoami": 1, "kinds": 1, "list": len(kinds) + 2}  # Secrets, and pods


def test_a_first_apply_writes_each_object_once_and_asks_little_besides() -> None:
    stand = Stand()
    stand.apply(two_tenants())
    asked, objects = Counter(verb for verb, _ in stand.cluster.calls), len(two_tenants().manifests)
    written = [name for verb, name in stand.cluster.writes if verb == "apply" and name != f"ConfigMap {HOME}/receipt"]
    assert len(written) == len(set(written)) == objects + 2  # with rayfence's own namespace and its quota
    assert asked["get"] < objects and asked["list"] < objects


def test_side_by_side_gives_the_same_cluster_and_the_same_receipt() -> None:
    one, many = Stand(), Stand()
    first = one.apply(two_tenants())
    second = execute(two_tenants(), replace(many.where(), lanes=6))
    assert _wishes(one) == _wishes(many)
    assert [item.reference for item in second.done] == [item.reference for item in first.done]


@pytest.mark.parametrize("number", range(20, 110, 9))
def test_interrupted_side_by_side_the_receipt_holds_all_that_was_written(number: int) -> None:
    stand, count = Stand(), 0

    def fault(verb: str, value: Json) -> None:
        nonlocal count
        count += 1
        if count == number:
            raise ServerUnreachable("away")

    stand.cluster.faults.append(fault)
    with suppress(ServerUnreachable):
        execute(one_of_each(), replace(stand.where(), lanes=6))
    stand.cluster.faults.clear()
    ours = {name for verb, name in stand.cluster.writes if verb == "apply"} - {f"ConfigMap {HOME}/receipt"}
    if stand.receipts:
        assert ours - {item.reference for item in stand.receipts[-1].done} <= {f"Namespace {HOME}"}
    assert stand.apply(one_of_each()).outcome in (Outcome.COMPLETE, Outcome.UNCHANGED)
