"""One record of the trail: its fields, its one canonical line, and how to read it back.

A line is one JSON object, ASCII only, with these keys in this order and no spaces, ended by one newline:

    {"prev":"<64 hex>","seq":N,"ts":"2026-01-31T12:00:00.000000Z","kind":…,"sub":…,"action":…,"object":…,
     "verdict":…,"status":N,"ref":…,"detail":{…}}

`prev` is the SHA-256 of the line before, newline included: `sed -n 5p FILE | sha256sum` gives the `prev` of line 6.
Every key is always there; texts are `text.clean`ed and cut. Leaves out how lines are chained (`chain`) and stored
(the gateway).
"""

import json
import time
from collections.abc import Mapping
from enum import StrEnum
from json.encoder import encode_basestring_ascii as quoted
from typing import Final, NamedTuple

from rayfence.trail.text import TEXT_LIMIT, clean

#: What the genesis record names as its format; a reader refuses formats it does not know.
FORMAT: Final = "rayfence-trail/1"

#: Longest object: paths are the long ones, and a longer path is an attack or noise.
OBJECT_LIMIT: Final = 512
ACTION_LIMIT: Final = 64

#: Most entries of `detail`, and longest name of one.
DETAIL_ENTRIES: Final = 24
DETAIL_NAME_LIMIT: Final = 32

#: No canonical line is longer: every text is cut, so a longer one is foreign. Bytes; one character may take 12 of them.
LINE_LIMIT: Final = 128 * 1024

Detail = Mapping[str, str | int]
NO_DETAIL: Final[Detail] = {}


class Kind(StrEnum):
    """Why a record was written."""

    GENESIS = "genesis"  # first of a chain: names instance, chain and format
    START = "start"  # the service began to write; names the key that signs heads
    STOP = "stop"  # it ended in order
    INTENT = "intent"  # durable before a write happens; `ref` is the intent's id
    OUTCOME = "outcome"  # what became of the intent named by `ref`
    DECISION = "decision"  # the service decided about something that is no write, or refused one
    EDGE = "edge"  # Envoy decided; from its access log. `ref`: the intent the request belongs to, if it has one
    MALFORMED = "malformed"  # a line of the access log that can't be read
    LOSS = "loss"  # decisions that never reached the trail, counted
    REPAIR = "repair"  # a torn last line was moved aside
    DAMAGE = "damage"  # the stored chain did not hold when it was opened
    RETENTION = "retention"  # old segments were removed; names the last record they held


class Entry(NamedTuple):
    """What a record says, before it has a place in a chain. A tuple, not a dataclass: thousands are made per second."""

    kind: str
    ts: str
    subject: str = ""
    action: str = ""
    object: str = ""
    verdict: str = ""  # allowed, refused, failed, done, unknown; empty where nothing was decided
    status: int = 0  # HTTP status, 0: none
    ref: str = ""
    detail: Detail = NO_DETAIL


class Record(NamedTuple):
    """An entry with its place in a chain."""

    seq: int
    prev: str
    entry: Entry


def timestamp(seconds: float) -> str:
    """Seconds since the epoch as UTC with microseconds; texts sort as times do."""
    whole = int(seconds)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{int((seconds - whole) * 1e6):06d}Z"


class Prepared(NamedTuple):
    """An entry that is canonical already but for its place: `ending` is its line from the kind on.

    For entries made by the thousands, by somebody who can show that `encode` would write the same.
    """

    ts: str
    ending: str


def encode(entry: Entry, seq: int, prev: str) -> bytes:
    """The canonical line of `entry` at place `seq` after the line whose hash is `prev`."""
    return place(prepare(entry), seq, prev)


def place(entry: Prepared, seq: int, prev: str) -> bytes:
    """The line of a prepared entry at place `seq` after the line whose hash is `prev`."""
    ts, rest = entry
    return f'{{"prev":"{prev}","seq":{seq:d},"ts":"{ts}",{rest}'.encode("ascii")


def prepare(entry: Entry) -> Prepared:
    """The entry with every text cleaned, cut and quoted."""
    kind, ts, subject, action, about, verdict, status, ref, detail = entry
    rest = ending(
        kind,
        _text(subject, TEXT_LIMIT),
        _text(action, ACTION_LIMIT),
        _text(about, OBJECT_LIMIT),
        _text(verdict, ACTION_LIMIT),
        f"{status:d}",
        _text(ref, ACTION_LIMIT),
        _detail(detail) if detail else "{}",
    )
    return Prepared(ts, rest)


def ending(kind: str, sub: str, action: str, about: str, verdict: str, status: str, ref: str, detail: str) -> str:
    """A line behind its time. All but `kind` are canonical JSON literals: cleaned, cut, quoted."""
    return (
        f'"kind":"{kind}","sub":{sub},"action":{action},"object":{about},"verdict":{verdict},"status":{status}'
        f',"ref":{ref},"detail":{detail}}}\n'
    )


def _text(text: str, limit: int) -> str:
    if len(text) <= limit:
        literal = quoted(text)
        # No backslash in the literal: nothing had to be escaped, so nothing in the text needs cleaning.
        if "\\" not in literal:
            return literal
    return quoted(clean(text, limit))


_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def _detail(detail: Detail) -> str:
    """The same facts always make the same bytes, at most so many of them, however a caller invents them."""
    literal = _ENCODER.encode(detail)
    # The common case in one call: nothing to escape, nothing too long, nothing but texts and numbers.
    if len(detail) <= DETAIL_ENTRIES and _is_plain(literal) and (len(literal) <= TEXT_LIMIT or _is_short(detail)):
        return literal
    parts = []
    for name in sorted(detail)[:DETAIL_ENTRIES]:
        value: object = detail[name]
        text = f"{value:d}" if isinstance(value, int) else _text(str(value), TEXT_LIMIT)
        parts.append(f"{_text(name, DETAIL_NAME_LIMIT)}:{text}")
    return "{" + ",".join(parts) + "}"


def _is_short(detail: Detail) -> bool:
    return all(len(value) <= TEXT_LIMIT for value in detail.values() if isinstance(value, str))


def _is_plain(literal: str) -> bool:
    return "\\" not in literal and "true" not in literal and "false" not in literal and "null" not in literal


_KEYS: Final = ("prev", "seq", "ts", "kind", "sub", "action", "object", "verdict", "status", "ref", "detail")
_NUMBERS: Final = {"seq", "status"}


def parse(line: bytes) -> Record:
    """Read one line strictly.

    Raises ValueError for everything `encode` would not have written, doubled keys included.
    """
    if len(line) > LINE_LIMIT:
        raise ValueError("longer than any record")
    try:
        value = json.loads(line)
    except RecursionError:
        raise ValueError("nested") from None
    if not isinstance(value, dict) or tuple(value) != _KEYS:
        raise ValueError("not the keys of a record")
    for name, field in value.items():
        wanted = int if name in _NUMBERS else dict if name == "detail" else str
        if type(field) is not wanted:
            raise ValueError(f"{name} is no {wanted.__name__}")
    detail: dict[str, str | int] = value["detail"]
    if not all(type(item) in {str, int} for item in detail.values()):
        raise ValueError("detail holds more than texts and numbers")
    if line != _plain(value):
        raise ValueError("not canonical")
    entry = Entry(
        kind=value["kind"],
        ts=value["ts"],
        subject=value["sub"],
        action=value["action"],
        object=value["object"],
        verdict=value["verdict"],
        status=value["status"],
        ref=value["ref"],
        detail=detail,
    )
    return Record(value["seq"], value["prev"], entry)


def _plain(value: dict[str, object]) -> bytes:
    """The line of values that were cleaned when they were written; cleaning twice would double backslashes again."""
    return (json.dumps(value, separators=(",", ":")) + "\n").encode("ascii")
