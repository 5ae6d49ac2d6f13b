"""Names of manifests."""

import pytest

from rayfence.model.kubernetes import Manifest


def test_a_reference_names_kind_and_namespace_where_there_is_one() -> None:
    inside = Manifest({"kind": "Role", "metadata": {"namespace": "vision", "name": "ray"}}, "", 2)
    assert inside.reference == "Role vision/ray"
    assert Manifest({"kind": "Namespace", "metadata": {"name": "vision"}}, "", 0).reference == "Namespace vision"


def test_an_object_without_metadata_is_no_manifest() -> None:
    with pytest.raises(TypeError, match="metadata of Role"):
        _ = Manifest({"kind": "Role", "metadata": None}, "", 2).reference
