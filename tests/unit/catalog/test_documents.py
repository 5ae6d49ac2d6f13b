"""Strict YAML."""

import pytest

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.errors import CatalogError


def test_reads_a_mapping() -> None:
    assert parse_document("a: [1, {b: c}]", "x.yaml") == {"a": [1, {"b": "c"}]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2", "given twice"),
        ("a: {b: 1, b: 2}", "given twice"),
        ("- a", "not a mapping"),
        ("", "not a mapping"),
        ("a: [", "not YAML"),
        ("a: !!python/object/apply:os.getcwd []", "not YAML"),
    ],
)
def test_refuses(text: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said) as caught:
        parse_document(text, "x.yaml")
    assert caught.value.diagnostics().startswith("x.yaml")


def test_a_doubled_key_is_placed() -> None:
    with pytest.raises(CatalogError) as caught:
        parse_document("a: 1\nb: 2\na: 3\n", "x.yaml")
    assert caught.value.where == "x.yaml:3:1"


def test_keys_and_types() -> None:
    check_keys({"a": 1}, {"a"}, {"b"}, "here")
    with pytest.raises(CatalogError, match="unknown"):
        check_keys({"a": 1, "c": 2}, {"a"}, {"b"}, "here")
    with pytest.raises(CatalogError, match="missing"):
        check_keys({}, {"a"}, (), "here")
    with pytest.raises(CatalogError, match="string"):
        as_text(2.6, "here")
    with pytest.raises(CatalogError, match="list"):
        as_items("ab", "here")
    with pytest.raises(CatalogError, match="mapping"):
        as_mapping({1: 2}, "here")


def test_shipped_data_is_found() -> None:
    assert "floor" in read_data("ray_versions.yaml")
    with pytest.raises(CatalogError, match="has no"):
        read_data("routes/ray-1.0.yaml")
