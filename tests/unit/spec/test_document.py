"""Strict YAML: what is refused, and that places are right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.errors import SpecError
from rayfence.spec.document import MAX_BYTES, parse


def problem(text: str) -> str:
    with pytest.raises(SpecError) as caught:
        parse(text, "f.yaml")
    return caught.value.problems[0]


def test_places_are_one_based_lines_and_columns_of_keys_and_items() -> None:
    document = parse("a:\n  b: [1, 2]\n", "f.yaml")
    assert document.data == {"a": {"b": [1, 2]}}
    assert document.where(("a", "b")) == "f.yaml:2:3"
    assert document.where(("a", "b", 1)) == "f.yaml:2:10"


def test_a_path_that_does_not_exist_gives_its_nearest_parent() -> None:
    assert parse("a:\n  b: 1\n", "f.yaml").where(("a", "missing", 3)) == "f.yaml:1:1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\na: 2\n", "f.yaml:2:1: key 'a' stands twice"),
        ("a: &x 1\nb: *x\n", "f.yaml:1:4: anchors and aliases"),
        ("x: !!python/object/apply:os.system [id]\n", "f.yaml:1:4: tag"),
        ("1: a\n", "f.yaml:1:1: a key must be text"),
        ("ä: b\nc: \x00\n", "f.yaml:2:4: not YAML: the character U+0000 is not allowed"),
        ("a: [\n", "f.yaml:2:1: not YAML"),
        ("a: 1\n---\nb: 2\n", "not YAML"),
        ("[" * 60 + "]" * 60, "nested deeper"),
        ("a: " + "x" * MAX_BYTES, "larger than"),
    ],
)
def test_refuses(text: str, said: str) -> None:
    assert said in problem(text)


@pytest.mark.parametrize("text", ["no", "yes", "on", "off", "NO"])
def test_yaml_1_1_words_are_text_not_booleans(text: str) -> None:
    assert parse(f"a: {text}\n", "f").data == {"a": text}


@pytest.mark.parametrize("text", ["010", "1_000", "0x10", "12:30"])
def test_integers_are_plain_decimal_only(text: str) -> None:
    data = parse(f"a: {text}\n", "f").data
    assert isinstance(data, dict)
    assert not isinstance(data["a"], int)


@given(st.text(max_size=200))
def test_any_text_gives_data_or_a_placed_error(text: str) -> None:
    try:
        parse(text, "f.yaml")
    except SpecError as error:
        assert error.problems[0].startswith("f.yaml:")
