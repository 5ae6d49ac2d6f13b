"""Text with a pattern, refused in words."""

import re
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from rayfence.errors import cut
from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """Text that matches `pattern` as a whole; `words` complete the sentence `'x' is not …`."""

    pattern: str
    words: str
    longest: int = 253

    def check(self, value: str) -> str:
        """Return the value. Raises ValueError in words."""
        if len(value) > self.longest or re.fullmatch(self.pattern, value) is None:
            raise ValueError(f"{cut(value, 80)!r} is not {self.words}")
        return value

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """After the check that it is text at all."""
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """The pattern, for editors."""
        return {**handler(schema), "pattern": self.pattern, "maxLength": self.longest}
