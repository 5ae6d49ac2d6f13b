"""What the validator found, in words: what is wrong, what is allowed, and the nearest spelling."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from rayfence.errors import cut
from rayfence.spec.document import Path

Roots = Mapping[str, type[BaseModel]]

_KINDS: Final = {
    "string_type": "must be text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be a list (lines that begin with `- `)",
    "dict_type": "must be a mapping (lines of `key: value`)",
    "model_type": "must be a mapping (lines of `key: value`)",
}


def path_of(error: ErrorDetails) -> Path:
    """Path of the mistake in the document, without the validator's own marks."""
    return tuple(
        part
        for part in error["loc"]
        if not (isinstance(part, str) and (part.startswith("function-") or part == "[key]"))
    )


def sentence(error: ErrorDetails, path: Path, target: str, roots: Roots) -> str:
    """The mistake without its path. `roots`: the model of the whole file, by target."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(path, target, roots)
    if kind == "missing":
        return "is required"
    if kind == "literal_error":
        return _not_among(error["input"], str(context.get("expected")))
    if kind in _KINDS:
        return _wrong_kind(error["input"], _KINDS[kind])
    message = error["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:] if message[1:2].islower() else message


def _not_among(given: object, expected: str) -> str:
    words = [word.strip("'") for word in expected.replace(" or ", ", ").split(", ")]
    near = get_close_matches(str(given)[:80], words, n=1) or [
        word for word in words if word.lower() == str(given).lower()
    ]
    meant = f", did you mean {near[0]!r}?" if near else ""
    return f"{cut(repr(given), 80)} is not allowed{meant}; allowed: {', '.join(words)}"


def _wrong_kind(given: object, wanted: str) -> str:
    if given is None:
        return f"is empty, but {wanted}; or leave the key out"
    if wanted == "must be text" and isinstance(given, int | float):
        return f"{given} is read as a {'boolean' if isinstance(given, bool) else 'number'}, but {wanted}: quote it"
    if isinstance(given, str):
        return f"{cut(given, 80)!r} is text, but {wanted}"
    return wanted


def _unknown_key(path: Path, target: str, roots: Roots) -> str:
    key = str(path[-1])
    if path[:-1] == ("target",) and key in roots:
        return f"a platform has one target, and this one is of {target}; write another file"
    allowed = list(roots) if path[:-1] == ("target",) else _keys_at(roots[target], path[:-1])
    elsewhere = [other for other in roots if other != target and key in _keys_at(roots[other], path[:-1])]
    if elsewhere:
        return f"target {target} does not use it; it is for target {' and '.join(elsewhere)}"
    near = get_close_matches(key[:80], allowed, n=1)
    meant = f", did you mean {near[0]!r}?" if near else ""
    return f"unknown key{meant}; allowed here: {', '.join(allowed)}" if allowed else "unknown key"


def _keys_at(root: type[BaseModel], path: Path) -> list[str]:
    """Keys that the model allows at `path`, by walking its fields."""
    model = root
    for part in path:
        if isinstance(part, int):
            continue
        found = next((field for field in model.model_fields.values() if field.alias == part), None)
        inner = _model_of(found.annotation) if found is not None else None
        if inner is None:
            return []
        model = inner
    return [field.alias or name for name, field in model.model_fields.items()]


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for inner in getattr(annotation, "__args__", ()):
        found = _model_of(inner)
        if found is not None:
            return found
    return None
