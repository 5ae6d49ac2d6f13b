"""What a look promises, and what of it a plan remembers."""

from dataclasses import replace

from rayfence.apply.kubernetes.order import (
    NoSecrets,
    change_digests,
    complete,
    is_awaited,
    keep_nothing,
    prospect,
    remove_nothing,
)
from rayfence.model.receipt import ClusterReceipt, Outcome
from tests.sim.kubernetes.stand import Stand, one_of_each, two_tenants


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
