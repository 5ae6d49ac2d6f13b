"""Refusals before the first write; what stands against an apply as a whole is in `test_execute.py`."""

import pytest

from rayfence.apply.kubernetes import preflight
from rayfence.apply.kubernetes.look import Seen, look
from rayfence.apply.kubernetes.order import complete, prospect
from rayfence.errors import Forbidden, KindMissing, Refused
from rayfence.model.live import ObjectKey
from tests.sim.kubernetes.stand import Stand, one_of_each, two_tenants


def test_each_group_of_missing_kinds_has_its_own_next_step() -> None:
    missing = (("ray.io/v1", "RayCluster"), ("kueue.x-k8s.io/v1beta2", "LocalQueue"), ("x.example/v1", "Thing"))
    with pytest.raises(KindMissing, match=r"RayCluster \(ray.io/v1\), LocalQueue") as caught:
        preflight.refuse_missing_kinds(Seen({}, (), {}, missing), "1.6.0")
    hint = caught.value.hint
    assert "ref=v1.6.0" in hint and "`queue`" in hint and "install what offers x.example" in hint
    preflight.refuse_missing_kinds(Seen({}, (), {}, ()), "1.6.0")


def test_what_can_t_be_read_is_not_changed() -> None:
    with pytest.raises(Forbidden, match="cannot list"):
        preflight.refuse_unseen(Seen({}, (), {("", "Secret"): "User cannot list secrets"}, ()))
    preflight.refuse_unseen(Seen({}, (), {}, ()))


def test_another_platform_s_objects_are_not_taken_over() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    seen = look(stand.cluster, one_of_each().manifests)
    preflight.refuse_foreign(seen, one_of_each().manifests, "research")
    with pytest.raises(Refused, match=r"Namespace vision \(of platform research\)"):
        preflight.refuse_foreign(seen, one_of_each().manifests, "other")


def test_an_object_of_ours_that_lost_its_labels_is_still_ours() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    labels = stand.cluster.find("Namespace vision")["metadata"]["labels"]
    kept = {key: value for key, value in labels.items() if "rayfence" not in key and "managed-by" not in key}
    stand.cluster.edit("Namespace vision", "eve", lambda value: value["metadata"].update(labels=kept))
    preflight.refuse_foreign(look(stand.cluster, one_of_each().manifests), one_of_each().manifests, "research")


def test_each_missing_verb_is_named_once_with_its_place() -> None:
    stand = Stand()
    seen = look(stand.cluster, two_tenants().manifests)
    stand.cluster.denied |= {("create", "networkpolicies"), ("update", "leases"), ("delete", "services")}
    gone = (ObjectKey("", "Service", "vision", "old"),)
    with pytest.raises(Forbidden) as caught:
        preflight.refuse_missing_rights(stand.cluster, seen, complete(two_tenants()), gone, "research")
    lines = str(caught.value).splitlines()
    assert len(lines) == len(set(lines)) and "nothing has been changed" in lines[0]
    text = str(caught.value)
    assert "create on networkpolicies.networking.k8s.io in vision" in text
    assert (
        "update on leases.coordination.k8s.io in research-rayfence" in text and "delete on services in vision" in text
    )
    assert "get" not in text.replace("getting", "")


def test_who_may_do_everything_is_asked_a_bounded_number_of_questions() -> None:
    stand = Stand()
    seen = look(stand.cluster, two_tenants().manifests)
    stand.cluster.calls.clear()
    preflight.refuse_missing_rights(stand.cluster, seen, complete(two_tenants()), (), "research")
    assert len(stand.cluster.calls) < 150


def test_rights_to_destroy_are_those_to_delete() -> None:
    stand = Stand()
    seen = look(stand.cluster, ())
    stand.cluster.denied.add(("delete", "rayclusters"))
    with pytest.raises(Forbidden, match=r"delete on rayclusters.ray.io in vision"):
        preflight.refuse_missing_rights_to_destroy(
            stand.cluster, seen, [ObjectKey("ray.io", "RayCluster", "vision", "train")], "research"
        )
    stand.cluster.denied = {("create", "rayclusters")}
    preflight.refuse_missing_rights_to_destroy(
        stand.cluster, seen, [ObjectKey("ray.io", "RayCluster", "vision", "train")], "research"
    )


def test_namespaces_that_end_are_named_with_how_to_see_why() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    stand.cluster.find("Namespace vision")["metadata"]["deletionTimestamp"] = stand.cluster.clock.text()
    with pytest.raises(Refused) as caught:
        preflight.refuse_ending(look(stand.cluster, one_of_each().manifests), one_of_each().manifests)
    assert caught.value.reason == "NamespaceTerminating" and "kubectl get namespace vision" in caught.value.hint


def test_only_what_differs_is_written() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    stand.settle()
    stand.cluster.edit("StatefulSet vision-gateway/gateway", "eve", lambda v: v["spec"].update(replicas=0))
    ahead = prospect(one_of_each(), stand.where())
    found = preflight.to_write(complete(one_of_each()), ahead.drift)
    assert [manifest.reference for manifest in found] == ["StatefulSet vision-gateway/gateway"]
