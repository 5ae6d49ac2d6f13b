"""The short way from a line of Envoy's log to its record: the same bytes as the long way, or not taken."""

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.gateway.accessline import read_log_line
from rayfence.gateway.plainline import PlainLine, read_line
from rayfence.render.envoy.access_log import access_log
from rayfence.trail.chain import EMPTY, extend
from rayfence.trail.intents import OpenIntent
from rayfence.trail.record import Entry, Prepared, encode, parse
from tests.sim.trail import log_line
from tests.unit.render.envoy.example import SETTINGS, at

TS = "2026-01-31T12:00:00.000000Z"
PLACE = "0123456789ab:4711"

USUAL: dict[str, object] = json.loads(log_line(7, at=1_700_000_000.5))

#: Envoy's lines where there was no route, no token, no upstream, or not even a request.
UNUSUAL: tuple[dict[str, object], ...] = (
    {"surface": "ray-client", "route": "ray-client.data", "path": "/ray.rpc.RayletDriver/GetObject", "method": "POST"},
    {"grant": None, "code": 401, "details": "jwt_authn_access_denied{Jwt_is_missing}", "upstream_ms": None},
    {"code": 401, "details": "jwt_authn_access_denied{Jwt_is_expired}", "upstream_ms": None},
    {"code": 403, "details": "rbac_access_denied_matched_policy[none]", "upstream_ms": None},
    {"code": 404, "details": "route_not_found", "route": None, "surface": None, "upstream_ms": None},
    {"id": None, "method": None, "path": None, "code": 400, "details": "http1.codec_error", "flags": "DPE"},
    {"code": 0, "details": "downstream_remote_disconnect", "flags": "DC", "upstream_ms": None, "bytes": 0, "ms": 0},
    {"path": "/a%1bb", "grant": "a b c d - -", "flags": "", "intent": "", "peer": None, "method": ""},
)


def grant(token: str, subject: str) -> str:
    """A grant of a token and a subject, which may be none."""
    return f"rayfence:api viewer {'5e' * 16} 1700000000 {token} {subject}"


def as_envoy_writes(value: dict[str, object]) -> bytes:
    """A line without its newline: keys sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def record(raw: bytes) -> bytes:
    """The record of a line by the short way, if it may be taken; all that is said beside it is compared at once."""
    line, full = read_line(raw, PLACE), read_log_line(raw, PLACE)
    assert (line.prefix, line.started, line.ended, line.request) == (
        full.prefix,
        full.started,
        full.ended,
        full.request,
    )
    entry: Entry | Prepared
    if isinstance(line, PlainLine):
        assert line.in_full() == full
        assert full.intent == ""
        entry = line.as_edge(TS)
    else:
        assert line == full
        entry = line.as_edge(TS, "")
    return extend(EMPTY, [entry])[0][0]


def expected(raw: bytes) -> bytes:
    """The record of a line by the long way: what it must be."""
    return encode(read_log_line(raw, PLACE).as_edge(TS, ""), EMPTY.seq + 1, EMPTY.hash)


@pytest.mark.parametrize("changes", ({}, *UNUSUAL))
def test_lines_as_envoy_writes_them_take_the_short_way(changes: dict[str, object]) -> None:
    raw = as_envoy_writes({**USUAL, **changes})
    assert isinstance(read_line(raw, PLACE), PlainLine)
    assert record(raw) == expected(raw)
    parse(record(raw))


def test_the_log_has_the_keys_the_short_way_knows() -> None:
    rendered = at(access_log(SETTINGS), "typed_config", "log_format", "json_format")
    assert isinstance(rendered, dict)
    assert set(USUAL) == set(rendered), "another key: every line takes the long way until the pattern knows it"


@pytest.mark.parametrize(
    "changes",
    [
        {"path": "/\x1b]0;x\x07"},
        {"path": "/\u202e"},
        {"path": "/\x7f"},
        {"path": 'a"b'},
        {"path": "a\\b"},
        {"path": "x" * 513},
        {"grant": grant("t", "x" * 257)},
        {"route": "x" * 65},
        {"grant": grant("x" * 257, "alice")},
        {"grant": grant("t", "")},
        {"grant": grant("", "alice")},
        {"grant": "alice"},
        {"grant": "a  c d t alice"},
        {"ts": "2026-13-01T00:00:00.000Z"},
        {"ts": "2026-01-31T12:00:60.000Z"},
        {"ts": "2026-01-31T12:00:00.000000Z"},
        {"ts": None},
        {"code": True},
        {"code": -1},
        {"code": 10**20},
        {"ms": 10**15},
        {"ms": 1.0},
        {"bytes": "5"},
        {"bytes": None},
        {"intent": "a1"},
        {"more": 1},
        {"surface": ["api"]},
        {"id": "chosen by a client"},
    ],
)
def test_what_must_be_cleaned_cut_or_doubted_does_not(changes: dict[str, object]) -> None:
    raw = as_envoy_writes({**USUAL, **changes})
    assert not isinstance(read_line(raw, PLACE), PlainLine)
    assert record(raw) == expected(raw)


@pytest.mark.parametrize(
    "changes",
    [{"path": "x" * 512}, {"route": "x" * 64}, {"grant": grant("t", "x" * 256)}, {"grant": grant("x" * 256, "al ice")}],
)
def test_the_longest_text_that_is_kept_whole_takes_it(changes: dict[str, object]) -> None:
    raw = as_envoy_writes({**USUAL, **changes})
    assert isinstance(read_line(raw, PLACE), PlainLine)
    assert record(raw) == expected(raw)


plain = st.text(string.ascii_letters + string.digits + string.punctuation + " ", max_size=20)
texts = st.none() | st.sampled_from(["", "-", "null", "true", "api", "ray-client", "jwt_authn", "via_upstream"])
texts = texts | plain | st.text(max_size=300) | st.text("x", min_size=250, max_size=520)
times = st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z") | st.from_regex(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z", fullmatch=True
)
numbers = st.none() | st.integers(0, 600) | st.integers() | st.integers(0, 1 << 60) | st.floats() | st.booleans()
others = st.lists(st.integers(), max_size=2) | st.dictionaries(plain, plain, max_size=2)
TEXTS = ("details", "flags", "grant", "id", "intent", "method", "path", "peer", "route", "surface")
changes = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(TEXTS, texts | numbers | others),
        **dict.fromkeys(("bytes", "code", "ms", "upstream_ms"), numbers | texts | others),
        "ts": times | texts | numbers,
        "grant": st.builds(grant, plain, plain) | texts | numbers | others,
    },
)


@given(changes)
def test_any_values_make_the_same_record_either_way(values: dict[str, object]) -> None:
    raw = as_envoy_writes({**USUAL, **values})
    assert record(raw) == expected(raw)


@given(
    st.fixed_dictionaries(
        {},
        optional={"path": plain, "grant": st.builds(grant, plain, plain), "route": plain, "peer": plain, "ts": times},
    )
)
def test_plain_values_make_the_same_record_either_way(values: dict[str, object]) -> None:
    raw = as_envoy_writes({**USUAL, **values})
    assert record(raw) == expected(raw)


@given(
    st.sampled_from([{}, *UNUSUAL]),
    st.integers(0, 320),
    st.integers(0, 3),
    st.binary(max_size=3) | st.sampled_from([b'"', b",", b"}", b'":', b"\\", b"\\u0041", b"null", b"-", b" ", b"\n"]),
)
def test_a_line_with_bytes_changed_makes_the_same_record_either_way(
    values: dict[str, object], place: int, removed: int, put: bytes
) -> None:
    line = as_envoy_writes({**USUAL, **values})
    raw = line[:place] + put + line[place + removed :]
    assert record(raw) == expected(raw)


@given(st.binary(max_size=400))
def test_any_bytes_make_the_same_record_either_way(raw: bytes) -> None:
    assert record(raw) == expected(raw)


@given(st.permutations(list(USUAL)), st.lists(st.sampled_from(list(USUAL)), max_size=2))
def test_keys_in_another_order_or_doubled_make_the_same_record_either_way(order: list[str], again: list[str]) -> None:
    raw = ("{" + ",".join(f"{json.dumps(key)}:{json.dumps(USUAL[key])}" for key in (*order, *again)) + "}").encode()
    assert record(raw) == expected(raw)


def test_a_line_in_full_can_refer_to_an_intent() -> None:
    line = read_line(as_envoy_writes(USUAL), PLACE)
    assert isinstance(line, PlainLine)
    intent = OpenIntent("a1", 3, TS, "alice", "job.stop", "r", {})
    assert line.in_full().as_outcome(TS, intent).ref == "a1"
    assert line.in_full().as_edge(TS, "a1").ref == "a1"
