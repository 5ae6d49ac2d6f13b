"""Request bodies, bounded before they are read and parsed strictly."""

from typing import Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from rayfence.access.strict_json import parse_strict
from rayfence.gateway.answers import Refused

#: Bodies of the service's own JSON API and its forms: names, passwords, roles.
SMALL_BODY: Final = 8 * 1024


async def read_body(request: Request, limit: int) -> bytes:
    """The whole body, at most `limit` bytes. Raises Refused 413 as soon as more is announced or arrives."""
    announced = request.headers.get("content-length", "0")
    if not announced.isascii() or not announced.isdigit() or int(announced) > limit:
        raise too_large(limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large(limit)
        parts.append(part)
    return b"".join(parts)


def too_large(limit: int) -> Refused:
    """413, naming the bound."""
    return Refused(413, "too_large", f"the body may have at most {limit} bytes")


async def read_json(request: Request, limit: int = SMALL_BODY, *, optional: bool = False) -> dict[str, object]:
    """A JSON object from the body; `optional`: no body is an empty one. Raises Refused 400 for anything else."""
    body = await read_body(request, limit)
    return {} if optional and not body else parse_object(body)


def parse_object(body: bytes) -> dict[str, object]:
    """A JSON object, read strictly. Raises Refused 400."""
    try:
        value = parse_strict(body)
    except ValueError as error:
        raise Refused(400, "bad_request", f"the body is not usable JSON: {error}"[:200]) from error
    if not isinstance(value, dict):
        raise Refused(400, "bad_request", "the body is not a JSON object")
    return value


async def read_form(request: Request) -> dict[str, str]:
    """Fields of an urlencoded form, each at most once. Multipart is refused: no form of ours needs its parser."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise Refused(415, "bad_request", "the form must be sent as application/x-www-form-urlencoded")
    body = await read_body(request, SMALL_BODY)
    try:
        pairs = parse_qsl(
            body.decode(), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=16, errors="strict"
        )
    except (ValueError, UnicodeDecodeError):
        raise Refused(400, "bad_request", "the form can't be parsed") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused(400, "bad_request", "a form field occurs twice")
    return fields


def text_field(body: dict[str, object], name: str, *, limit: int = 1024) -> str:
    """A required string of `body`. Raises Refused 400."""
    value = body.get(name)
    if not isinstance(value, str) or not value or len(value) > limit:
        raise Refused(400, "bad_request", f"`{name}` must be a text of 1 to {limit} characters")
    return value


def only_fields(body: dict[str, object], *allowed: str) -> None:
    """Refuse (400) a body with a key outside `allowed`: a misspelt limit must not silently be no limit."""
    unknown = sorted(set(body) - set(allowed))
    if unknown:
        raise Refused(400, "bad_request", f"unknown field `{unknown[0][:40]}`; allowed: {', '.join(allowed)}")
