"""Closed mappings, and mappings with exactly one key."""

import pytest
from pydantic import ValidationError

from rayfence.spec.v1alpha1.strict import Choice, Strict, no_entries, no_items


class Inner(Strict):
    """A mapping."""

    some_field: int = 1


class Either(Choice):
    """One of two."""

    first: Inner | None = None
    second: Inner | None = None


def test_keys_are_camel_case_and_values_are_not_converted() -> None:
    assert Inner.model_validate({"someField": 2}).some_field == 2
    for wrong in ({"some_field": 2}, {"someField": "2"}, {"someField": 2, "x": 1}):
        with pytest.raises(ValidationError):
            Inner.model_validate(wrong)


def test_exactly_one() -> None:
    assert Either.model_validate({"second": {"someField": 4}}).second == Inner.model_validate({"someField": 4})
    assert Either.model_validate({"first": None}).first == Inner()
    for wrong, said in (
        ("{}", "exactly one is needed: first, second"),
        ('{"first": {}, "second": {}}', "first and second"),
    ):
        with pytest.raises(ValidationError, match=said):
            Either.model_validate_json(wrong)
    with pytest.raises(ValidationError):
        Either.model_validate([])


def test_the_schema_says_so() -> None:
    schema = Either.model_json_schema(by_alias=True)
    assert (schema["minProperties"], schema["maxProperties"]) == (1, 1)
    assert schema["properties"]["first"] == {"$ref": "#/$defs/Inner"}


def test_what_a_field_holds_by_default_is_shared_with_no_other() -> None:
    assert (no_items(), no_entries()) == ([], {})
    assert no_items() is not no_items()
    assert no_entries() is not no_entries()
