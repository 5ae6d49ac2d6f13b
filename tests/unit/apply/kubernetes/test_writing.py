"""One change: what is sent, what is forced, and what the server did not store."""

from typing import Any

import pytest

from rayfence.apply.kubernetes.writing import foreign, sent, write
from rayfence.errors import FieldConflict, Refused
from rayfence.model.api_objects import Json, Kind
from rayfence.model.live import FieldChange, FieldState, Writer
from rayfence.model.receipt import Deed
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.kinds import KINDS

KIND = KINDS["v1", "ConfigMap"]
RAY = KINDS["ray.io/v1", "RayCluster"]


def _value(**data: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "default"}, "data": data}


def _ray(replicas: int, maximum: int = 5, image: str = "a") -> dict[str, Any]:
    group = {"groupName": "g", "replicas": replicas, "minReplicas": 0, "maxReplicas": maximum, "template": image}
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "r", "namespace": "default"},
        "spec": {"enableInTreeAutoscaling": True, "workerGroupSpecs": [group]},
    }


def test_what_was_done_is_told() -> None:
    cluster = SimCluster()
    first, done = write(cluster, KIND, _value(k="v"), None, ())
    assert done.deed is Deed.CREATED and done.reference == "ConfigMap default/a" and first["data"] == {"k": "v"}
    _, done = write(cluster, KIND, _value(k="w"), first, ())
    assert done.deed is Deed.UPDATED


def test_only_a_named_object_is_forced() -> None:
    cluster = SimCluster()
    live = cluster.put(_value(k="theirs"), "other")
    with pytest.raises(FieldConflict):
        write(cluster, KIND, _value(k="ours"), live, ("ConfigMap default/b",))
    stored, done = write(cluster, KIND, _value(k="ours"), live, ("ConfigMap default/a",))
    assert done.deed is Deed.FORCED and stored["data"] == {"k": "ours"}


def test_the_autoscaler_keeps_its_choice_and_is_no_conflict() -> None:
    cluster = SimCluster()
    write(cluster, RAY, _ray(1), None, ())
    cluster.edit(
        "RayCluster default/r", "python-requests", lambda v: v["spec"]["workerGroupSpecs"][0].update(replicas=4)
    )
    live = cluster.find("RayCluster default/r")
    stored, done = write(cluster, RAY, _ray(1, image="b"), live, ())
    group = stored["spec"]["workerGroupSpecs"][0]  # type: ignore[index]
    assert (group["replicas"], group["template"], done.deed) == (4, "b", Deed.UPDATED)


def test_the_same_list_edited_by_a_person_is_a_conflict() -> None:
    cluster = SimCluster()
    write(cluster, RAY, _ray(1), None, ())
    cluster.edit(
        "RayCluster default/r", "kubectl-edit", lambda v: v["spec"]["workerGroupSpecs"][0].update(template="evil")
    )
    with pytest.raises(FieldConflict, match="kubectl-edit"):
        write(cluster, RAY, _ray(1), cluster.find("RayCluster default/r"), ())


class Forgetful(SimCluster):
    """Drops a field, as an API server does whose schema does not know it."""

    def apply(self, kind: Kind, value: Json, *, manager: str, force: bool = False, dry_run: bool = False) -> Json:
        kept = {key: item for key, item in value.items() if key != "data"}
        return super().apply(kind, kept, manager=manager, force=force, dry_run=dry_run)


def test_a_field_that_was_not_stored_is_told() -> None:
    with pytest.raises(Refused, match="did not store data") as caught:
        write(Forgetful(), KIND, _value(k="v"), None, ())
    assert caught.value.reason == "Pruned"


def test_a_dry_run_writes_nothing() -> None:
    cluster = SimCluster()
    write(cluster, KIND, _value(k="v"), None, (), dry_run=True)
    assert cluster.writes == []


def test_what_is_sent_for_a_new_object_is_what_is_desired() -> None:
    assert sent(_ray(1), None) == _ray(1)


def test_only_foreign_fields_count_as_beside_ours() -> None:
    by = Writer("eve", "Update", "t")
    listed = [
        FieldChange("spec.ingress", FieldState.FOREIGN, None, [{}], by, True),
        FieldChange("spec.x", FieldState.CHANGED, 1, 2, by, False),
        FieldChange("spec.y", FieldState.FOREIGN, None, 1, None, False),
    ]
    assert foreign(listed) == (("eve", ".spec.ingress"), ("somebody", ".spec.y"))
