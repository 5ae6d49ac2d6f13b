"""Answers of the service's own: refusals, and what of Ray's errors a caller may read.

Every refusal has one shape, the same that Envoy's local replies have: a word for programs, a sentence for people, the
role or right that would have been enough, and the request's id. Leaves out success bodies; each handler makes its
own.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from starlette.responses import Response

from rayfence.errors import cut

JSON_TYPE: Final = "application/json"

#: Answers are about one caller at one moment: no cache on the way may keep them.
NO_STORE: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

#: How much of Ray's text is examined for a reason: its tracebacks are longer, and only their end says why.
_EXAMINED: Final = 200_000

_NESTED: Final = re.compile(r"Request failed with status code (\d{3}): ")
_EXCEPTION: Final = re.compile(r"^(?:[A-Za-z_][\w]*\.)*([A-Z]\w*(?:Error|Exception|Unavailable|Timeout|Exit)?): ?(.*)$")
# An absolute path of two or more segments, or a home-relative one. Runs of ordinary words with a single slash survive.
_PATH: Final = re.compile(r"(?<![\w.:/])(?:~|/[\w.@+-]+)(?:/[\w.@+-]*)+")
_ADDRESS: Final = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}(?::\d+)?\b")


class Refused(Exception):
    """Ends a request with a refusal; `app` is the one place that turns it into a response.

    Leaves out `RayfenceError`: this one is for the caller of the service, not for the operator of a command.
    """

    def __init__(
        self,
        status: int,
        error: str,
        message: str,
        *,
        required: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = sentence(message)
        self.required = required
        self.headers = dict(headers or {})

    def response(self, request_id: str) -> Response:
        """The refusal as an HTTP response."""
        body = {"error": self.error, "message": self.message, "required": self.required, "request_id": request_id}
        return Response(
            _encoded(json.dumps(body, ensure_ascii=False)),
            status_code=self.status,
            media_type=JSON_TYPE,
            headers={**NO_STORE, **self.headers},
        )


def sentence(text: str) -> str:
    """`text` with a capital and a full stop."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """`value` as a JSON response that nobody caches."""
    return Response(
        _encoded(json.dumps(value, ensure_ascii=False, separators=(",", ":"))),
        status_code=status,
        media_type=JSON_TYPE,
        headers={**NO_STORE, **(headers or {})},
    )


def _encoded(text: str) -> bytes:
    """What Ray holds may be a job's own text: half a character in it stays the JSON escape that it was."""
    return text.encode("utf-8", "backslashreplace")


def busy(message: str, seconds: int) -> Refused:
    """503: the service can't take this on now; nothing has been written."""
    return Refused(503, "unavailable", message, headers={"retry-after": str(max(1, seconds))})


def upstream_refusal(status: int, text: str) -> Refused:
    """What Ray answered, without its traceback, paths and addresses.

    Ray wraps a user's mistake in layers of 500s: the head quotes the agent's answer, status included. The innermost
    status and the last exception line are the reason the caller needs; everything around them describes the machine.
    """
    text = _quoted(text)
    nested = _NESTED.findall(text[-_EXAMINED:])
    inner = int(nested[-1]) if nested else status
    reason = ray_reason(text) or "Ray gave no reason"
    if inner in {400, 404, 409, 412, 422}:
        return Refused(inner, "ray_refused", f"Ray refused the request: {reason}")
    if status == 429:
        return Refused(429, "ray_busy", "Ray answers no more requests at the moment", headers={"retry-after": "1"})
    return Refused(502, "ray_failed", f"Ray failed: {reason}")


def ray_reason(text: str) -> str:
    """The last exception line of Ray's `text` on one line, cut, with paths and addresses blanked; empty if there is
    none.
    """
    lines = [line.strip() for line in text[-_EXAMINED:].splitlines() if line.strip()]
    for line in reversed(lines):
        found = _EXCEPTION.match(line)
        if found and found.group(2).strip(" ."):
            return scrub(_NESTED.sub("", found.group(2)))
    # No exception line: a plain sentence, or pydantic's few lines. Half a traceback says nothing to a caller.
    if any(line.startswith(("Traceback", 'File "')) for line in lines):
        return ""
    return scrub(" ".join(line for line in lines if not line.startswith("For further information")))


def _quoted(text: str) -> str:
    """The message inside one of Ray's JSON envelopes; other text as it is."""
    if not text.startswith("{"):
        return text
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    found = value.get("msg") or value.get("error") if isinstance(value, dict) else None
    return found if isinstance(found, str) else ""


def scrub(text: str) -> str:
    """Foreign text on one line, cut, without file paths and network addresses."""
    return cut(_ADDRESS.sub("<address>", _PATH.sub("<path>", text.strip()))).rstrip(".") if text else ""
