"""One line of Envoy's access log as a record of the trail.

The keys are those of `render/envoy/access_log.py`; each may be missing or null. Everything in a line but the subject
of a verified token was chosen by the caller: it is cleaned and cut like any untrusted text when the record is written
(`trail.record`).
"""

import json
from datetime import datetime
from typing import Final, NamedTuple

from rayfence.trail.intents import OpenIntent
from rayfence.trail.record import Entry, Kind

#: Stat prefixes of Envoy's two listeners; their counters say how many lines there must be.
FRONT: Final = "front"
RAY_CLIENT: Final = "ray_client"

#: Only the beginning of a line that can't be read is kept: enough to see what it was.
_SAMPLE: Final = 200

# Keys copied into the record's detail as they are, if they say anything.
_COPIED: Final = ("surface", "method", "details", "ms", "upstream_ms", "bytes", "peer", "workload")

#: Refusals by Envoy itself, by the beginning of RESPONSE_CODE_DETAILS.
_REFUSED: Final = (
    "jwt_authn",
    "rbac",
    "ext_authz_denied",
    "ext_authz_error",
    "local_rate_limited",
    "csrf",
    "http1.",
    "http2.",
)

_REFUSAL_CODES: Final = frozenset({400, 401, 403, 404, 405, 413, 415, 421, 426, 429, 431})


# Not `json.loads`: it looks for an encoding and for options on each of thousands of lines per second.
_DECODE: Final = json.JSONDecoder().decode


class LogLine(NamedTuple):
    """What a line says. `started`, `ended`: seconds since the epoch, 0.0 where unknown.

    `prefix`: "" for a malformed line.
    """

    kind: Kind
    prefix: str
    started: float
    ended: float
    subject: str
    action: str
    path: str
    verdict: str
    status: int
    request: str
    intent: str
    detail: dict[str, str | int]

    def as_edge(self, now: str, ref: str) -> Entry:
        """The record of the line itself; `ref` names the intent it belongs to, or is empty."""
        return Entry(self.kind, now, self.subject, self.action, self.path, self.verdict, self.status, ref, self.detail)

    def as_outcome(self, now: str, intent: OpenIntent) -> Entry:
        """The record of the line as the end of `intent`: what was announced is over."""
        verdict = {"allowed": "done"}.get(self.verdict, self.verdict)
        detail = {**self.detail, "source": "edge"}
        return Entry(
            Kind.OUTCOME, now, intent.subject, intent.action, intent.object, verdict, self.status, intent.id, detail
        )


def read_log_line(raw: bytes, position: str) -> LogLine:
    """Read one line without its newline; `position` says where in the log it ended.

    Never fails: see `Kind.MALFORMED`.
    """
    try:
        value = _DECODE(raw.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return _malformed(raw, position)
    if not isinstance(value, dict) or "code" not in value or "ts" not in value:
        return _malformed(raw, position)
    details, status = _text(value, "details"), _number(value, "code")
    detail: dict[str, str | int] = {"pos": position}
    for name in _COPIED:
        found = value.get(name)
        if found.__class__ in {str, int} and found not in {"", "-"}:
            detail[name] = found
    request, at = _text(value, "id"), _text(value, "ts")
    if request:
        detail["request"] = request
    if at:
        detail["at"] = at
    flags = _text(value, "flags")
    if flags not in {"", "-"}:
        detail["flags"] = flags
    # six words, the last of which may hold spaces (`access.claims`); Envoy writes it of verified tokens only
    grant = _text(value, "grant").split(" ", 5)
    subject = grant[5] if len(grant) == 6 else ""
    if subject:
        detail["jti"] = grant[4]
    started = _seconds(at)
    return LogLine(
        kind=Kind.EDGE,
        prefix=RAY_CLIENT if detail.get("surface") == "ray-client" else FRONT,
        started=started,
        ended=started + _number(value, "ms") / 1000,
        # A request refused by jwt_authn may carry the name of another, valid token it also held.
        subject="" if details.startswith("jwt_authn") else subject,
        action=_text(value, "route") or "unrouted",
        path=_text(value, "path"),
        verdict=verdict_of(status, details),
        status=status,
        request=request,
        intent=_text(value, "intent"),
        detail=detail,
    )


def verdict_of(status: int, details: str) -> str:
    """Allowed, refused, or failed (allowed, but no answer came) by what Envoy says of the response.

    Where the answer came from upstream, only 401 and 403 are refusals: a 404 of Ray's was an allowed request.
    """
    if details.startswith(_REFUSED):
        return "refused"
    if details == "via_upstream":
        return "refused" if status in {401, 403} else "allowed"
    if 0 < status < 400:
        return "allowed"
    return "refused" if status in _REFUSAL_CODES else "failed"


def _malformed(raw: bytes, position: str) -> LogLine:
    sample = raw[:_SAMPLE].decode("utf-8", "backslashreplace")
    detail: dict[str, str | int] = {"pos": position, "bytes": len(raw), "sample": sample}
    return LogLine(Kind.MALFORMED, "", 0.0, 0.0, "", "", "", "", 0, "", "", detail)


def _text(value: dict[str, object], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""


def _number(value: dict[str, object], name: str) -> int:
    found = value.get(name)
    return found if isinstance(found, int) and 0 <= found < 1 << 53 else 0


def _seconds(at: str) -> float:
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError):
        return 0.0
