"""Twin of rayfence.render.kubernetes.manifests: what is written is what is read back, whatever the text."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.model.kubernetes import Manifest
from rayfence.render.kubernetes.manifests import kubernetes_files, to_yaml
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.resolutions import existing, on_gke

TEXT = st.text(st.characters(codec="utf-8"))
LINES = st.lists(st.text("ab:#-{}[]&*!|>'\"%@` \t\\", max_size=12), max_size=6).map("\n".join)
LEAVES = st.none() | st.booleans() | st.integers() | TEXT | LINES
JSON = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def _read(text: str) -> list[Any]:
    return list(yaml.load_all(text, Loader=yaml.CSafeLoader))


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(TEXT, JSON, max_size=5))
def test_any_value_comes_back(value: dict[str, object]) -> None:
    assert _read(to_yaml(value) if value else "{}\n") == [value]


@settings(max_examples=200, deadline=None)
@given(TEXT | LINES)
def test_a_text_is_never_more_than_a_text(value: str) -> None:
    text = to_yaml({"a": value, "b": [value], "c": [{"d": value}], value: "key"})
    assert _read(text) == [{"a": value, "b": [value], "c": [{"d": value}], value: "key"}]


@pytest.mark.parametrize(
    "value",
    [
        "on",
        "No",
        "y",
        "NULL",
        "~",
        "1",
        "1e3",
        "0x1f",
        "0o7",
        "1_000",
        ".5",
        "1:30",
        "2027-01-01",
        "=",
        "<<",
        "true",
        "",
    ],
)
def test_words_that_readers_disagree_on_are_quoted(value: str) -> None:
    assert to_yaml({"a": value}) == f"a: {json.dumps(value)}\n"


@pytest.mark.parametrize(
    "value",
    [
        "a\n---\nb: 1",
        "x: y",
        "a # b",
        "!!python/object:os.system",
        "&a",
        "*a",
        "a\n  b\n c",
        "\n\nx",
        "x\n\n",
        " x\ny",
        "a\tb\nc",
    ],
)
def test_hostile_texts_come_back(value: str) -> None:
    assert _read(to_yaml({"a": value})) == [{"a": value}]


def test_a_text_of_lines_is_readable() -> None:
    assert to_yaml({"a": "one: 1\n\n  two\n"}) == "a: |\n  one: 1\n\n    two\n"
    assert to_yaml({"a": ["x\ny"]}) == "a:\n- |-\n  x\n  y\n"


def test_empty_values_and_nesting() -> None:
    value = {"a": {}, "b": [], "c": [[], [1, [2]], {"d": [{"e": None, "f": False}]}]}
    assert _read(to_yaml(value)) == [value]


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        to_yaml({"a": 1.5})
    with pytest.raises(ValueError, match="surrogate"):
        to_yaml({"a": "\ud800"})


@pytest.mark.parametrize("resolution", [existing(), on_gke()], ids=["existing", "gke"])
def test_files_hold_every_object_in_the_order_of_stages(resolution: Any) -> None:
    manifests = render(resolution)
    files = kubernetes_files(manifests)
    assert list(files) == sorted(files)
    documents = [document for text in files.values() for document in _read(text)]
    assert len(documents) == len(manifests)
    assert sorted(map(json.dumps, documents)) == sorted(json.dumps(manifest.object) for manifest in manifests)
    stages = {json.dumps(manifest.object): manifest.stage for manifest in manifests}
    order = [stages[json.dumps(document)] for document in documents]
    assert order == sorted(order)


def test_names_of_files_hold_no_path() -> None:
    value = {"apiVersion": "v1", "kind": "A", "metadata": {"name": "n"}}
    assert list(kubernetes_files([Manifest(value, "../../Etc: passwd", 1), Manifest(value, "§", 2)])) == [
        "1-etc-passwd.yaml",
        "2-objects.yaml",
    ]
