"""`load(text) -> LocalPlatform`: strict, every mistake at once, each with its place and what would be right."""

from difflib import get_close_matches
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rayfence.errors import SpecError
from rayfence.model.platform import LocalPlatform
from rayfence.spec.document import Document, Path, parse
from rayfence.spec.v1alpha1 import API_VERSION, PlatformSpec

#: The shortest legal spec: what `rayfence up` uses when no file is given.
DEFAULT_SPEC: Final = f"apiVersion: {API_VERSION}\nkind: Platform\ntarget: {{local: {{}}}}\n"

_LATER_TARGETS: Final = ("kubernetes", "gke")


def load(text: str, source: str = "platform.yaml") -> LocalPlatform:
    """Read a spec of any supported version into the one internal form.

    Raises SpecError with every mistake of the file (`file:line:column: path: what, and what is allowed`).
    """
    document = parse(text, source)
    if not isinstance(document.data, dict):
        raise SpecError((f"{source}:1:1: a spec is a mapping that begins with `apiVersion: {API_VERSION}`",))
    if document.data.get("apiVersion") != API_VERSION:
        found = document.data.get("apiVersion")
        raise SpecError(
            (f"{document.where(('apiVersion',))}: apiVersion: {found!r} is not supported; allowed: {API_VERSION}",)
        )
    try:
        return PlatformSpec.model_validate(document.data).to_platform()
    except ValidationError as error:
        errors = sorted(error.errors(include_url=False), key=lambda item: document.place(_path_of(item)))
        raise SpecError(tuple(_problem(item, document) for item in errors)) from error


def json_schema() -> dict[str, object]:
    """JSON Schema of the newest version, for editors."""
    return PlatformSpec.model_json_schema(by_alias=True)


def _path_of(error: ErrorDetails) -> Path:
    return tuple(part for part in error["loc"] if not (isinstance(part, str) and part.startswith("function-")))


def _problem(error: ErrorDetails, document: Document) -> str:
    path = _path_of(error)
    dotted = ".".join(str(part) for part in path) or "spec"
    return f"{document.where(path)}: {dotted}: {_sentence(error, path)}"


def _sentence(error: ErrorDetails, path: Path) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        return _unknown_key(path)
    if kind == "missing":
        return "is required"
    if kind == "string_pattern_mismatch":
        return f"{error['input']!r} does not match {context.get('pattern')}"
    if kind == "literal_error":
        return f"{error['input']!r} is not allowed; allowed: {context.get('expected')}"
    message = error["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _unknown_key(path: Path) -> str:
    key = str(path[-1])
    if path[:-1] == ("target",) and key in _LATER_TARGETS:
        return "this target is not built yet; allowed: local"
    allowed = _keys_at(path[:-1])
    near = get_close_matches(key, allowed, n=1)
    meant = f", did you mean {near[0]!r}?" if near else ""
    return f"unknown key{meant}; allowed here: {', '.join(allowed)}" if allowed else "unknown key"


def _keys_at(path: Path) -> list[str]:
    """Keys that the schema allows at `path`, by walking the models' fields."""
    model: type[BaseModel] = PlatformSpec
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
