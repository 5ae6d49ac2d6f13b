"""What a look promises, and what of it a plan remembers."""

from dataclasses import replace
from typing import Any

from rayfence.apply.kubernetes.order import (
    NoSecrets,
    Order,
    change_digests,
    complete,
    is_awaited,
    keep_nothing,
    prospect,
    remove_nothing,
)
from rayfence.model.receipt import ClusterReceipt, Outcome
from tests.sim.kubernetes.stand import Stand, desired, one_of_each, two_tenants


def test_rayfence_s_own_namespace_comes_with_the_platform_and_first() -> None:
    listed = [manifest.reference for manifest in complete(two_tenants())]
    assert "Namespace research-rayfence" in listed and listed.index("ResourceQuota research-rayfence/no-pods") > 0
    stages = [manifest.stage for manifest in complete(two_tenants())]
    assert stages == sorted(stages) and len(listed) == len(two_tenants().manifests) + 2


def test_a_look_at_nothing_promises_everything_and_one_after_it_nothing() -> None:
    stand = Stand()
    ahead = prospect(one_of_each(), stand.where())
    assert len(ahead.changes) == len(complete(one_of_each())) and ahead.extra == () and ahead.secrets == ()
    assert stand.cluster.writes == []
    stand.apply(one_of_each())
    stand.settle()
    after = prospect(one_of_each(), stand.where())
    assert (after.drift.objects, after.unready) == ((), ())


def test_what_is_there_and_not_ready_is_told() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    stand.settle()
    stand.cluster.find("RayCluster vision/train")["status"]["state"] = ""
    stand.cluster.find("RayCluster vision/train")["status"]["conditions"] = []
    assert prospect(one_of_each(), stand.where()).unready == ("RayCluster vision/train",)
    assert prospect(replace(one_of_each(), wait=False), stand.where()).unready == ()


def test_digests_of_changes_depend_on_what_changed_and_on_nothing_else() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    stand.settle()

    def damage(replicas: int) -> dict[str, str]:
        stand.cluster.edit("StatefulSet vision-gateway/gateway", "eve", lambda v: v["spec"].update(replicas=replicas))
        return change_digests(prospect(one_of_each(), stand.where()).drift)

    first = damage(0)
    stand.settle()
    assert list(first) == ["StatefulSet vision-gateway/gateway"]
    assert damage(0) == first and damage(1) != first and damage(2) == {}


def test_guards_are_always_awaited() -> None:
    without = replace(two_tenants(), wait=False)
    awaited = {manifest.stage for manifest in complete(without) if is_awaited(without, manifest)}
    assert awaited == {0, 1, 2}
    assert all(is_awaited(two_tenants(), manifest) for manifest in complete(two_tenants()))


def test_defaults_do_nothing() -> None:
    stand = Stand()
    assert NoSecrets().missing(stand.cluster, {}) == ()
    assert remove_nothing(("a",)) is False
    keep_nothing(ClusterReceipt("p", "apply", "d", "t", "b", "h", "s", Outcome.RUNNING))
    assert stand.cluster.calls == []


def _pod(order: Order, image: str) -> dict[str, Any]:
    """The head's pod as the operator makes it, with another image."""
    spec = desired(order, "RayCluster vision/train")["spec"]["headGroupSpec"]
    first, *others = spec["template"]["spec"]["containers"]
    words = ["ray start --head", *(f"--{name}={value}" for name, value in spec["rayStartParams"].items())]
    mode = {"name": "RAY_AUTH_MODE", "value": "token"}
    ray = {**first, "image": image, "env": [*first.get("env", []), mode], "args": [" ".join(words)]}
    labels = {**spec["template"]["metadata"]["labels"], "ray.io/node-type": "head", "ray.io/is-ray-node": "yes"}
    metadata = {"name": "train-head", "namespace": "vision", "labels": labels}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {**spec["template"]["spec"], "containers": [ray, *others]},
    }


def test_a_pod_that_runs_otherwise_than_specified_is_named_with_its_author() -> None:
    stand, order = Stand(), one_of_each()
    stand.apply(order)
    image = desired(order, "RayCluster vision/train")["spec"]["headGroupSpec"]["template"]["spec"]["containers"][0][
        "image"
    ]
    stand.cluster.put(_pod(order, image), manager="manager")
    assert prospect(order, stand.where()).running == ()

    def swap(value: dict[str, Any]) -> None:
        value["spec"]["containers"][0]["image"] = "evil"
        value["spec"]["containers"][0]["env"][-1]["value"] = "disabled"

    stand.cluster.edit("Pod vision/train-head", "kubectl-edit", swap)
    (found,) = prospect(order, stand.where()).running
    assert found.reference == "Pod vision/train-head" and found.security
    changed = {change.path.rpartition(".")[2]: (change.have, str(change.by)) for change in found.changes}
    assert changed["image"][0] == "evil" and "kubectl-edit" in changed["image"][1]
    assert changed["value"][0] == "disabled" and "kubectl-edit" in changed["value"][1]


def test_pods_that_may_not_be_seen_are_said_not_to_be_compared() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    stand.cluster.denied.add(("list", "pods"))
    stand.told.clear()
    assert prospect(one_of_each(), stand.where()).running == ()
    assert [text for text in stand.told if text.startswith("running pods are not compared")]
