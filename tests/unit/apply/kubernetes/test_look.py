"""Seeing what is there: few requests, nothing taken for missing that could not be read, everything we ever rendered."""

import pytest

from rayfence.apply.kubernetes.look import RENDERED, look, ours
from rayfence.errors import KindMissing
from rayfence.model.api_objects import reference
from tests.sim.kubernetes.stand import Stand, one_of_each, two_tenants
from tests.sim.planning import NAMES, VARIANTS, example, variant


def test_one_request_per_kind_where_all_is_there() -> None:
    stand = Stand()
    stand.apply(two_tenants())
    stand.cluster.calls.clear()
    seen = look(stand.cluster, two_tenants().manifests)
    found = {reference(value) for value in seen.objects}
    assert {manifest.reference for manifest in two_tenants().manifests} <= found
    assert not [call for call in stand.cluster.calls if call[0] == "get"] and len(stand.cluster.calls) < 40


def test_where_nothing_is_there_nothing_is_asked_for_one_by_one() -> None:
    stand = Stand()
    seen = look(stand.cluster, two_tenants().manifests)
    namespaced = [name for verb, name in stand.cluster.calls if verb == "get" and "/" in name]
    assert seen.objects == () and namespaced == []


def test_an_object_that_lost_our_label_is_found_by_its_name() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    for name in ("NetworkPolicy vision-gateway/default-deny", "Namespace vision"):
        if name in stand.cluster.references():
            stand.cluster.edit(name, "eve", lambda value: value["metadata"].pop("labels"))
    found = {reference(value) for value in look(stand.cluster, one_of_each().manifests).objects}
    assert {manifest.reference for manifest in one_of_each().manifests} <= found


def test_what_may_not_be_read_is_unseen_and_not_missing() -> None:
    stand = Stand()
    stand.cluster.denied |= {("list", "networkpolicies"), ("list", "ingresses")}
    seen = look(stand.cluster, two_tenants().manifests)
    assert set(seen.unseen) == {("networking.k8s.io", "NetworkPolicy")}
    assert "cannot list networkpolicies" in seen.unseen["networking.k8s.io", "NetworkPolicy"]


def test_desired_kinds_that_the_server_lacks_are_told() -> None:
    stand = Stand()
    del stand.cluster.available["ray.io/v1", "RayCluster"]
    seen = look(stand.cluster, two_tenants().manifests)
    assert seen.missing == (("ray.io/v1", "RayCluster"),)
    with pytest.raises(KindMissing, match="RayCluster"):
        seen.kind_of({"apiVersion": "ray.io/v1", "kind": "RayCluster"})


def test_ours_are_those_of_this_platform_that_we_applied() -> None:
    stand = Stand()
    stand.apply(one_of_each())
    labels = {"app.kubernetes.io/managed-by": "rayfence", "rayfence.dev/platform": "other"}
    metadata = {"name": "other", "labels": labels}
    stand.cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}, "rayfence")
    mine = {reference(value) for value in ours(look(stand.cluster, ()), "research")}
    assert "Namespace vision" in mine and "Namespace other" not in mine and "Namespace research-rayfence" in mine
    assert not [name for name in mine if name.startswith(("Lease ", "Event ", "Pod "))]


def test_every_kind_that_is_rendered_is_looked_for(tmp_path_factory: pytest.TempPathFactory) -> None:
    plans = [example(name) for name in NAMES]
    plans += [variant(name, tmp_path_factory.mktemp("spec")) for name in VARIANTS]
    rendered = {
        (str(manifest.object["apiVersion"]).rpartition("/")[0], str(manifest.object["kind"]))
        for plan in plans
        for manifest in plan.manifests
    }
    known = {(group, kind) for group, kinds in RENDERED.items() for kind in kinds}
    assert len(rendered) > 20 and rendered - known == set()
