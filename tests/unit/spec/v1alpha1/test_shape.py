"""Shapes: the whole text matches, or it is refused in words."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from rayfence.spec.v1alpha1.shape import Shape

DIGITS = Shape(r"^[0-9]+$", "digits, as in `12`", 4)


@pytest.mark.parametrize("value", ["", "1\n", "x1", "12345", "\u0661"])
def test_refuses(value: str) -> None:
    with pytest.raises(ValueError, match=r"is not digits, as in `12`"):
        DIGITS.check(value)


def test_a_field_has_the_pattern_in_its_schema_and_is_text_first() -> None:
    adapter: TypeAdapter[str] = TypeAdapter(Annotated[str, DIGITS])
    assert adapter.validate_python("12") == "12"
    assert adapter.json_schema() == {"type": "string", "pattern": "^[0-9]+$", "maxLength": 4}
    with pytest.raises(ValidationError, match="valid string"):
        adapter.validate_python(12)
