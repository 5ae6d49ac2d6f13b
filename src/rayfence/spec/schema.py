"""The JSON Schema of the whole file, for editors and CI."""

from pydantic.json_schema import models_json_schema

from rayfence.spec.v1alpha1 import ROOTS


def json_schema() -> dict[str, object]:
    """JSON Schema of the newest version (2020-12). Which fields there are depends on the target.

    `if`/`then` and not `oneOf`: an editor can then complete keys, and says what is wrong instead of "matches none".
    Leaves out the rules between fields: `rayfence plan` checks them.
    """
    named, schema = models_json_schema([(model, "validation") for model in ROOTS.values()], by_alias=True)
    references = {target: named[(model, "validation")] for target, model in ROOTS.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Platform",
        "description": "A platform of rayfence: who may use which Ray, where, and under whose rules.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "allOf": [
            {"if": _has("gke"), "then": references["gke"]},
            {"if": _has("kubernetes"), "then": references["kubernetes"]},
            {"if": {"not": {"anyOf": [_has("gke"), _has("kubernetes")]}}, "then": references["local"]},
        ],
        "$defs": schema["$defs"],
    }


def _has(target: str) -> dict[str, object]:
    return {"properties": {"target": {"type": "object", "required": [target]}}, "required": ["target"]}
