"""`managedFields` read: paths, list shapes, and who wrote a place last."""

import json

from rayfence.plan.live.fields.owned import (
    entries,
    field,
    field_path,
    is_leaf,
    is_set,
    item,
    item_keys,
    last_writer,
    list_keys,
    member,
    object_writer,
    owned_paths,
    writer_since,
)
from tests.unit.plan.live.trees import EARLY, LATE, OURS, Json, entry

FIELDS: Json = {
    "f:metadata": {"f:labels": {"f:app.kubernetes.io/managed-by": {}, "f:plain-word": {}}},
    "f:spec": {
        "f:containers": {
            'k:{"name":"ray-head"}': {
                ".": {},
                "f:image": {},
                "f:ports": {'k:{"containerPort":80,"protocol":"TCP"}': {".": {}, "f:name": {}}},
            }
        },
        "f:finalizers": {'v:"a/b"': {}},
        "f:rows": {"i:2": {}},
        "f:rules": {},
    },
}


def _object(*listed: Json) -> Json:
    return {"metadata": {"name": "one", "managedFields": list(listed)}}


def test_paths_are_written_as_kubectl_writes_them() -> None:
    assert list(owned_paths(FIELDS)) == [
        'metadata.labels["app.kubernetes.io/managed-by"]',
        "metadata.labels.plain-word",
        "spec.containers[name=ray-head]",
        "spec.containers[name=ray-head].image",
        "spec.containers[name=ray-head].ports[containerPort=80,protocol=TCP]",
        "spec.containers[name=ray-head].ports[containerPort=80,protocol=TCP].name",
        'spec.finalizers["a/b"]',
        "spec.rows[2]",
        "spec.rules",
    ]


def test_a_strange_field_name_is_quoted() -> None:
    assert field_path("data", 'a"b.yaml') == 'data["a\\"b.yaml"]'
    assert field_path("", "spec") == "spec"


def test_lists_tell_how_they_merge() -> None:
    spec = field(FIELDS, "spec")
    assert list_keys([None, field(field(FIELDS, "spec"), "containers")]) == ("name",)
    assert list_keys([field(spec, "finalizers"), field(spec, "rules")]) is None
    assert is_set([field(spec, "finalizers")]) and not is_set([field(spec, "containers")])
    assert is_leaf(field(spec, "rules")) and not is_leaf(field(spec, "containers")) and not is_leaf(None)
    head = item(field(spec, "containers"), (("name", "ray-head"),))
    assert head is not None and "f:image" in head
    assert item(field(spec, "containers"), (("name", "other"),)) is None
    assert member(field(spec, "finalizers"), "a/b") == {} and member(None, "a/b") is None


def test_keys_of_an_item_are_sorted_and_broken_ones_are_no_keys() -> None:
    assert item_keys('k:{"protocol":"TCP","containerPort":80}') == (("containerPort", 80), ("protocol", "TCP"))
    assert item_keys("k:{broken") is None and item_keys("k:[1]") is None and item_keys("f:name") is None


def test_only_readable_entries_count() -> None:
    broken: list[object] = ["x", {"manager": "a"}, {"manager": "b", "fieldsV1": "no"}]
    assert entries({"metadata": {"managedFields": broken}}) == ()
    assert entries({"metadata": {"managedFields": "x"}}) == () and entries({}) == ()
    (found,) = entries(_object(entry("kubectl", FIELDS, LATE, "Update", "scale")))
    assert (found.manager, found.operation, found.time, found.subresource) == ("kubectl", "Update", LATE, "scale")


def test_ours_is_what_our_applies_wrote() -> None:
    found = entries(
        _object(entry(OURS, {}), entry(OURS, {}, operation="Update"), entry(OURS, {}, subresource="status"))
    )
    assert [item.is_ours(OURS) for item in found] == [True, False, False]


def test_the_last_writer_is_another_if_there_is_one() -> None:
    listed = entries(_object(entry(OURS, {}, LATE), entry("helm", {}, EARLY), entry("edit", {}, EARLY[:-1] + "5Z")))
    leaf: Json = {}
    writer = last_writer(listed, (leaf, leaf, None), OURS)
    assert writer is not None and writer.manager == "helm" and writer.certain
    ours = last_writer(listed, (leaf, None, None), OURS)
    assert ours is not None and ours.manager == OURS
    assert last_writer(listed, (None, None, None), OURS) is None


def test_who_wrote_after_us_may_have_removed_a_field() -> None:
    status = entry("controller", {}, LATE, "Update", "status")
    assert writer_since(entries(_object(entry(OURS, {}, EARLY), status)), OURS) is None
    assert writer_since(entries(_object(entry(OURS, {}, LATE), entry("helm", {}, EARLY))), OURS) is None
    found = writer_since(entries(_object(entry(OURS, {}, EARLY), entry("edit", {}, LATE, "Update"), status)), OURS)
    assert found is not None and (found.manager, found.certain) == ("edit", False)


def test_the_writer_of_an_object_is_not_who_keeps_its_status() -> None:
    found = object_writer(entries(_object(entry(OURS, {}, EARLY), entry("c", {}, LATE, "Update", "status"))))
    assert found is not None and found.manager == OURS
    assert object_writer(()) is None


def test_quoted_values_of_sets_are_compared_as_json() -> None:
    assert member({f"v:{json.dumps(80)}": {}}, 80) == {}
