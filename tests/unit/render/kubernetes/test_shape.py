"""Twin of rayfence.render.kubernetes.shape."""

from rayfence.render.kubernetes.shape import (
    annotated,
    fixed_resources,
    manifests,
    resource,
    restricted_container,
    restricted_pod,
)
from tests.unit.render.kubernetes.resolutions import at


def test_an_object_has_sorted_labels_and_only_the_metadata_it_needs() -> None:
    value = resource("v1", "ConfigMap", "n", labels={"b": "1", "a": "2"}, data={"k": "v"})
    assert list(at(value, "metadata", "labels")) == ["app.kubernetes.io/managed-by", "a", "b"]  # type: ignore[call-overload]
    assert "namespace" not in str(value)
    assert at(resource("v1", "ConfigMap", "n", "ns"), "metadata", "namespace") == "ns"


def test_annotations_are_added_to_those_there_are() -> None:
    value = resource("v1", "ConfigMap", "n", annotations={"b": "1"})
    assert at(annotated(value, {"a": "2"}), "metadata", "annotations") == {"a": "2", "b": "1"}
    assert annotated(value, {}) is value
    assert at(value, "metadata", "annotations") == {"b": "1"}


def test_contexts_are_those_of_the_restricted_standard() -> None:
    assert restricted_pod(1, 2)["runAsNonRoot"] is True
    container = restricted_container(read_only_root=True)
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container["readOnlyRootFilesystem"] is True
    assert "readOnlyRootFilesystem" not in restricted_container(read_only_root=False)


def test_requests_are_limits() -> None:
    amounts = fixed_resources("1", "2Gi", **{"nvidia.com/gpu": "1"})
    assert amounts["requests"] == amounts["limits"] == {"cpu": "1", "memory": "2Gi", "nvidia.com/gpu": "1"}


def test_manifests_keep_their_order() -> None:
    made = manifests("G", 3, [resource("v1", "A", "x"), resource("v1", "A", "b")])
    assert [manifest.reference for manifest in made] == ["A x", "A b"]
    assert {(manifest.group, manifest.stage) for manifest in made} == {("G", 3)}
