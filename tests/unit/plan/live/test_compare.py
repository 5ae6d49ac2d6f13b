"""Missing, changed, extra and unknown objects; never others' for removal."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import ObjectState
from rayfence.plan.live.compare import compare
from rayfence.render.kubernetes.names import RETAIN
from rayfence.render.kubernetes.render import render
from tests.unit.plan.live.trees import EARLY, LATE, OURS, Json, entry
from tests.unit.render.kubernetes.resolutions import existing

MANIFESTS = render(existing())


def _live(manifest: Manifest) -> Json:
    """The object as somebody's server might hold it: our values, and our entry without any field."""
    value: Any = copy.deepcopy(manifest.object)
    value["metadata"] |= {"uid": f"uid-{manifest.reference}", "resourceVersion": "7"}
    value["metadata"]["managedFields"] = [entry(OURS, {})]
    return dict(value)


LIVE = [_live(manifest) for manifest in MANIFESTS]


def _with(reference: str, change: Any) -> list[Json]:
    found = copy.deepcopy(LIVE)
    index = [manifest.reference for manifest in MANIFESTS].index(reference)
    change(found[index])
    return found


def test_everything_as_it_was_applied_is_no_drift() -> None:
    drift = compare(MANIFESTS, LIVE, OURS)
    assert drift.objects == () and drift.compared == len(MANIFESTS)


@settings(max_examples=20)
@given(st.randoms(use_true_random=False))
def test_the_order_of_the_listing_does_not_matter(random: Any) -> None:
    shuffled = [value for value in LIVE if value["kind"] != "NetworkPolicy"]
    before = compare(MANIFESTS, shuffled, OURS)
    random.shuffle(shuffled)
    assert compare(MANIFESTS, shuffled, OURS) == before


@pytest.mark.parametrize("index", range(0, len(MANIFESTS), 7))
def test_a_deleted_object_is_missing_and_nothing_else_is(index: int) -> None:
    (found,) = compare(MANIFESTS, LIVE[:index] + LIVE[index + 1 :], OURS).objects
    assert (found.state, found.reference) == (ObjectState.MISSING, MANIFESTS[index].reference)
    assert found.group == MANIFESTS[index].group and found.belongs


def test_a_deleted_network_policy_is_named_with_what_it_guarded() -> None:
    live = [value for value in LIVE if value["metadata"]["name"] != "default-deny"]
    found = compare(MANIFESTS, live, OURS)
    assert len(found.of(ObjectState.MISSING)) == len(LIVE) - len(live) > 1
    assert all(item.security and "network isolation" in item.belongs for item in found.objects)


def test_a_swapped_service_account_is_found() -> None:
    def swap(value: Json) -> None:
        value["spec"]["headGroupSpec"]["template"]["spec"]["serviceAccountName"] = "default"

    (found,) = compare(MANIFESTS, _with("RayCluster vision/train", swap), OURS).objects
    (change,) = found.changes
    assert (found.state, found.security, change.security) == (ObjectState.CHANGED, True, True)
    assert change.path.endswith("serviceAccountName") and "identity" in change.belongs
    assert (found.uid, found.version) == ("uid-RayCluster vision/train", "7")


def test_a_kind_that_can_not_be_read_is_unknown_and_not_missing() -> None:
    live = [value for value in LIVE if value["kind"] != "RayCluster"]
    found = compare(MANIFESTS, live, OURS, unseen={("ray.io", "RayCluster"): "the kind is not served"}).objects
    assert len(found) == len(LIVE) - len(live) > 0
    assert {(item.state, item.note) for item in found} == {(ObjectState.UNKNOWN, "the kind is not served")}


def test_what_is_being_deleted_is_named_though_it_is_as_specified() -> None:
    def delete(value: Json) -> None:
        value["metadata"]["deletionTimestamp"] = LATE

    (found,) = compare(MANIFESTS, _with("Namespace vision", delete), OURS).objects
    assert found.changes == () and found.note == f"is being deleted since {LATE}"


def _extra(**metadata: Any) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "old",
            "namespace": "vision",
            "labels": {"app.kubernetes.io/managed-by": "rayfence"},
            "managedFields": [entry(OURS, {}, EARLY)],
            **metadata,
        },
    }


def test_ours_that_left_the_spec_is_extra() -> None:
    (found,) = compare(MANIFESTS, [*LIVE, _extra(uid="u")], OURS).objects
    assert (found.state, found.reference, found.uid) == (ObjectState.EXTRA, "ConfigMap vision/old", "u")
    assert found.by is not None and found.by.manager == OURS


@pytest.mark.parametrize(
    "metadata",
    [
        {"labels": {}},
        {"labels": {"app.kubernetes.io/managed-by": "helm"}},
        {"managedFields": []},
        {"managedFields": [entry("kubectl-client-side-apply", {}, EARLY, "Update")]},
        {"managedFields": [entry(OURS, {}, EARLY, "Update")]},
        {"ownerReferences": [{"kind": "RayCluster", "name": "train", "uid": "1"}]},
        {"namespace": "somebody-elses"},
        {"labels": {"app.kubernetes.io/managed-by": "rayfence", "rayfence.dev/platform": "another"}},
    ],
)
def test_what_is_not_ours_is_never_extra(metadata: Json) -> None:
    assert compare(MANIFESTS, [*LIVE, _extra(**metadata)], OURS).objects == ()


def test_a_namespace_of_another_platform_keeps_its_objects() -> None:
    def other(value: Json) -> None:
        value["metadata"]["labels"]["rayfence.dev/platform"] = "another"

    found = compare(MANIFESTS, [*_with("Namespace vision", other), _extra()], OURS)
    assert [item.state for item in found.objects] == [ObjectState.CHANGED]


def test_what_lies_in_a_namespace_that_left_the_spec_is_extra_with_it() -> None:
    labels = {"app.kubernetes.io/managed-by": "rayfence", "rayfence.dev/platform": "ml"}
    home = {"apiVersion": "v1", "kind": "Namespace"}
    home["metadata"] = {"name": "gone", "labels": labels, "managedFields": [entry(OURS, {})]}  # type: ignore[assignment]
    found = compare(MANIFESTS, [*LIVE, home, _extra(namespace="gone")], OURS)
    assert [item.reference for item in found.objects] == ["ConfigMap gone/old", "Namespace gone"]
    assert all(item.state is ObjectState.EXTRA for item in found.objects)


def test_a_retained_object_is_named_as_such() -> None:
    (found,) = compare(MANIFESTS, [*LIVE, _extra(annotations={RETAIN: "true"})], OURS).objects
    assert found.note == "marked to be kept"


def test_changes_go_in_the_order_of_application() -> None:
    found = compare(MANIFESTS, [], OURS)
    assert [item.stage for item in found.objects] == sorted(item.stage for item in found.objects)
    assert len(found.objects) == len(MANIFESTS)
