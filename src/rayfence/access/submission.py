"""What a client may put into POST /api/jobs/, and what the gateway makes of it.

1. Read the body strictly: size, UTF-8, doubled keys, NaN, depth.
2. Leave out nulls, as Ray does: newer clients send keys of theirs so. Refuse other keys that Ray 2.60 does not know,
   and `job_id` (a deprecated second way to choose the id).
3. Check types as Ray does, but never coerce: `true` is not a number.
4. Drop metadata keys that Ray or rayfence interpret; they could alias a job or claim an owner.
5. Rename packages into the owner's namespace.
6. Put the minted id and the stamp in.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast

from rayfence.access.packages import PackageRefused, map_runtime_env
from rayfence.access.stamp import STAMP_KEY
from rayfence.access.strict_json import parse_strict

MAX_ENTRYPOINT: Final = 128 * 1024  # Linux's own bound on one argument
MAX_METADATA_KEYS: Final = 64
MAX_METADATA_TEXT: Final = 4096

#: Ray copies user metadata over its own: these two would make a job answer to another's id or name.
INTERPRETED_KEYS: Final = frozenset({"job_submission_id", "job_name"})
#: All of these are ours, whatever the case; "rayfence" alone too.
RESERVED_PREFIX: Final = "rayfence"

_NUMBERS: Final = ("entrypoint_num_cpus", "entrypoint_num_gpus")
_KEYS: Final = frozenset(
    {
        "entrypoint",
        "submission_id",
        "runtime_env",
        "metadata",
        *_NUMBERS,
        "entrypoint_memory",
        "entrypoint_resources",
        "entrypoint_label_selector",
    }
)


class SubmissionRefused(ValueError):
    """A body the gateway does not pass on; the message is for the caller and holds no secret of theirs."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A checked body. `fields` holds Ray's keys without id, metadata and runtime_env."""

    fields: tuple[tuple[str, object], ...]
    wish: object  # the id the client asked for; only a prefix of it survives (`access.minting`)
    metadata: tuple[tuple[str, str], ...]  # without interpreted keys
    runtime_env: Mapping[str, object]
    dropped: tuple[str, ...]  # metadata keys taken out, for the trail

    def to_body(self, *, namespace: str, submission_id: str, stamp: str) -> bytes:
        """The JSON body for Ray. Raises SubmissionRefused: a package URI that can't be mapped."""
        try:
            runtime_env = map_runtime_env(namespace, dict(self.runtime_env))
        except PackageRefused as error:
            raise SubmissionRefused(str(error)) from error
        body = {
            **dict(self.fields),
            "submission_id": submission_id,
            "runtime_env": runtime_env,
            "metadata": {**dict(self.metadata), STAMP_KEY: stamp},
        }
        return json.dumps(body, allow_nan=False).encode("utf-8")


def parse_submission(data: bytes, max_bytes: int) -> Submission:
    """Check a client's body. Raises SubmissionRefused."""
    if len(data) > max_bytes:
        raise SubmissionRefused(f"the body is larger than {max_bytes} bytes")
    try:
        value = parse_strict(data)
    except ValueError as error:
        raise SubmissionRefused(f"the body is not usable JSON: {error}") from error
    if not isinstance(value, dict):
        raise SubmissionRefused("the body is not a JSON object")
    body = {key: item for key, item in cast(dict[str, object], value).items() if item is not None}  # as Ray does
    if "job_id" in body:  # Ray's own client sends it as null
        raise SubmissionRefused("job_id is not accepted; wish for a submission_id instead")
    unknown = sorted(set(body) - _KEYS)
    if unknown:
        raise SubmissionRefused(f"unknown keys {[key[:40] for key in unknown[:5]]}")
    _check_entrypoint(body)
    _check_amounts(body)
    runtime_env = _object(body, "runtime_env")
    kept, dropped = _metadata(body)
    fields = tuple((key, body[key]) for key in sorted(body) if key not in {"submission_id", "runtime_env", "metadata"})
    return Submission(fields, body.get("submission_id"), kept, runtime_env, dropped)


def interpreted(key: str) -> bool:
    """Whether a metadata key means something to Ray or to rayfence, so that no client may set it."""
    bare = key.strip().casefold()
    return bare in INTERPRETED_KEYS or bare.startswith(RESERVED_PREFIX)


def _check_entrypoint(body: Mapping[str, object]) -> None:
    entrypoint = body.get("entrypoint")
    if not isinstance(entrypoint, str) or not entrypoint.strip():
        raise SubmissionRefused("entrypoint is a command, as a string")
    if len(entrypoint.encode("utf-8", "surrogatepass")) > MAX_ENTRYPOINT or "\x00" in entrypoint:
        raise SubmissionRefused(f"entrypoint holds a NUL or more than {MAX_ENTRYPOINT} bytes")
    if not isinstance(body.get("submission_id", ""), str):
        raise SubmissionRefused("submission_id is a string")


def _check_amounts(body: Mapping[str, object]) -> None:
    for key in _NUMBERS:
        if not _amount(body.get(key, 0), (int, float)):
            raise SubmissionRefused(f"{key} is a number, 0 or more")
    if not _amount(body.get("entrypoint_memory", 0), (int,)):
        raise SubmissionRefused("entrypoint_memory is a number of bytes")
    if not all(_amount(amount, (int, float)) for amount in _object(body, "entrypoint_resources").values()):
        raise SubmissionRefused("entrypoint_resources are numbers, 0 or more")
    if not all(isinstance(label, str) for label in _object(body, "entrypoint_label_selector").values()):
        raise SubmissionRefused("entrypoint_label_selector are strings")


def _amount(value: object, kinds: tuple[type, ...]) -> bool:
    return (
        isinstance(value, kinds)
        and not isinstance(value, bool)
        and isinstance(value, int | float)
        and 0 <= value < 2**63
    )


def _metadata(body: Mapping[str, object]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
    items = _object(body, "metadata")
    if len(items) > MAX_METADATA_KEYS:
        raise SubmissionRefused(f"metadata has more than {MAX_METADATA_KEYS} keys")
    kept: list[tuple[str, str]] = []
    for key, value in items.items():
        if not isinstance(value, str):
            raise SubmissionRefused("metadata values are strings")
        if len(key) > MAX_METADATA_TEXT or len(value) > MAX_METADATA_TEXT:
            raise SubmissionRefused(f"metadata texts are at most {MAX_METADATA_TEXT} characters")
        if not interpreted(key):
            kept.append((key, value))
    return tuple(kept), tuple(key[:80] for key in items if interpreted(key))


def _object(body: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = body.get(key, {})
    if not isinstance(value, dict):
        raise SubmissionRefused(f"{key} is an object")
    return cast(dict[str, object], value)
