"""The models' common ground: closed mappings with camelCase keys, and mappings that hold exactly one of their keys."""

from typing import Any

from pydantic import BaseModel, ConfigDict, GetJsonSchemaHandler, model_validator
from pydantic.alias_generators import to_camel
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema


class Strict(BaseModel):
    """Unknown keys are errors, and no value is converted: `"3"` is no number, `no` is no boolean.

    Validators are built at first use: `rayfence up` never pays for the fields of GKE.
    """

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True, strict=True, defer_build=True)


class Choice(Strict):
    """Exactly one of its keys, each of which is a mapping. A key without a value stands for an empty mapping."""

    @model_validator(mode="before")
    @classmethod
    def _exactly_one(cls, value: object) -> object:
        if not isinstance(value, dict):
            return value
        allowed = [field.alias or name for name, field in cls.model_fields.items()]
        given = [key for key in value if key in allowed]
        if not value:
            raise ValueError(f"is empty; exactly one is needed: {', '.join(allowed)}")
        if len(given) > 1:
            raise ValueError(f"holds {' and '.join(given)}; exactly one is allowed: {', '.join(allowed)}")
        return {key: {} if inner is None else inner for key, inner in value.items()}

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """As the models' own, with the count of keys and without the nulls that only stand for `not chosen`."""
        schema = handler.resolve_ref_schema(handler(core_schema))
        schema["minProperties"] = schema["maxProperties"] = 1
        for name, inner in schema["properties"].items():
            schema["properties"][name] = _without_null(inner)
        return schema


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    left: dict[str, Any] = {key: value for key, value in schema.items() if key not in ("anyOf", "default")}
    chosen: dict[str, Any] = next((inner for inner in schema.get("anyOf", ()) if inner.get("type") != "null"), {})
    return {**left, **chosen}


def no_items() -> list[Any]:
    """What a field holds that lists nothing.

    Not `list` itself: pydantic asks each factory for its parameters, and the standard library finds those of a built-in
    by parsing its documentation: half a hundredth of all that a plan does.
    """
    return []


def no_entries() -> dict[str, Any]:
    """What a field holds that maps nothing: as `no_items`."""
    return {}
