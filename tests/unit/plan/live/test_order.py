"""Order of application and its reverse."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import ObjectKey
from rayfence.plan.live.order import in_order, is_retained, key_of, rank, removal_order, retained, stages
from rayfence.render.kubernetes.names import RETAIN
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.resolutions import existing

KINDS = ["Namespace", "ResourceQuota", "NetworkPolicy", "ServiceAccount", "Role", "RoleBinding", "ConfigMap", "Service"]


def _manifest(kind: str, stage: int = 1, name: str = "a") -> Manifest:
    return Manifest({"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": "vision"}}, "g", stage)


@given(st.permutations(KINDS))
def test_inside_a_stage_what_others_need_comes_first(kinds: list[str]) -> None:
    assert [manifest.object["kind"] for manifest in in_order(map(_manifest, kinds))] == KINDS


def test_stages_go_before_kinds_and_equal_ones_keep_their_order() -> None:
    given_order = [_manifest("Service", 0), _manifest("Namespace", 1), _manifest("Service", 0, "b")]
    assert [(m.stage, m.object["metadata"]["name"]) for m in in_order(given_order)] == [(0, "a"), (0, "b"), (1, "a")]  # type: ignore[index]
    assert [len(stage) for stage in stages(given_order)] == [2, 1]


def test_what_is_rendered_has_guards_before_what_they_guard() -> None:
    manifests = in_order(render(existing()))
    kinds = [str(manifest.object["kind"]) for manifest in manifests]
    first_ray = min(index for index, kind in enumerate(kinds) if kind.startswith("Ray"))
    for guard in (
        "NetworkPolicy",
        "ValidatingAdmissionPolicyBinding",
        "ResourceQuota",
        "RoleBinding",
        "ServiceAccount",
    ):
        assert max(index for index, kind in enumerate(kinds) if kind == guard) < first_ray
    for index, kind in enumerate(kinds):
        if kind.endswith("PolicyBinding"):
            name = manifests[index].object["metadata"]["name"]  # type: ignore[index]
            policies = [m.reference for m in manifests[:index]]
            assert f"ValidatingAdmissionPolicy {name}" in policies
    assert all(rank(kind) < rank("a kind of the future") for kind in kinds)


def test_removal_is_the_reverse() -> None:
    manifests = in_order(render(existing()))
    stage_of = {key_of(manifest.object): manifest.stage for manifest in manifests}
    removed = removal_order(tuple(stage_of), stage_of)
    places = [(stage_of[key], rank(key.kind)) for key in removed]
    assert places == sorted(places, reverse=True) and set(removed) == set(stage_of)
    assert removed[-1].kind == "Namespace"


def test_an_object_of_no_known_stage_is_removed_first() -> None:
    known, unknown = ObjectKey("", "Service", "v", "a"), ObjectKey("", "Namespace", "", "b")
    assert removal_order((known, unknown), {known: 6}) == (unknown, known)


def test_a_key_knows_group_and_namespace_but_no_version() -> None:
    value = {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "g", "namespace": "v"}}
    assert key_of(value) == ObjectKey("policy", "PodDisruptionBudget", "v", "g")
    assert key_of({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "v"}}).group == ""


@pytest.mark.parametrize("value", [{}, {"kind": "A"}, {"kind": "A", "metadata": {}}, {"metadata": {"name": "a"}}])
def test_what_is_no_object_is_refused(value: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="no API object"):
        key_of(value)


def test_only_the_mark_itself_retains() -> None:
    assert is_retained({"metadata": {"annotations": {RETAIN: "true"}}})
    for annotations in ({RETAIN: "false"}, {}, None):
        assert not is_retained({"metadata": {"annotations": annotations}})


def test_a_marked_object_keeps_what_it_had() -> None:
    marked = retained({"kind": "Namespace", "metadata": {"name": "v", "annotations": {"a": "b"}}})
    assert marked["metadata"] == {"name": "v", "annotations": {"a": "b", RETAIN: "true"}} and is_retained(marked)
    assert is_retained(retained({}))
