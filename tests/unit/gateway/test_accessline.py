"""Lines of Envoy's log: what is believed of them, and what is not."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.gateway.accessline import FRONT, RAY_CLIENT, read_log_line, verdict_of
from rayfence.trail.intents import OpenIntent
from rayfence.trail.record import Kind, encode, parse
from tests.sim.trail import log_line

TS = "2026-01-31T12:00:00.000000Z"


def test_a_line_becomes_an_edge_record() -> None:
    line = read_log_line(log_line(7, at=1_700_000_000.5)[:-1], "ab:10")
    entry = line.as_edge(TS, "")
    assert (entry.kind, entry.subject, entry.action, entry.object) == (
        Kind.EDGE,
        "alice",
        "jobs.logs",
        "/api/jobs/raysubmit-7/logs",
    )
    assert (entry.verdict, entry.status) == ("allowed", 200)
    assert (entry.detail["pos"], entry.detail["jti"]) == ("ab:10", "a1" * 16)
    assert entry.detail["at"] == "2023-11-14T22:13:20.500Z"
    assert (line.prefix, line.started, line.ended) == (FRONT, 1_700_000_000.5, 1_700_000_000.503)
    assert "flags" not in entry.detail
    assert parse(encode(entry, 0, "0" * 64)).entry.detail == entry.detail


def test_the_ray_client_listener_is_counted_apart() -> None:
    assert read_log_line(log_line(1, surface="ray-client"), "").prefix == RAY_CLIENT


@pytest.mark.parametrize(
    ("status", "details", "verdict"),
    [
        (200, "via_upstream", "allowed"),
        (404, "via_upstream", "allowed"),
        (500, "via_upstream", "allowed"),
        (403, "via_upstream", "refused"),
        (401, "jwt_authn_access_denied{Jwt_is_missing}", "refused"),
        (403, "rbac_access_denied_matched_policy[none]", "refused"),
        (403, "ext_authz_denied", "refused"),
        (503, "ext_authz_error", "refused"),
        (429, "local_rate_limited", "refused"),
        (421, "direct_response", "refused"),
        (200, "direct_response", "allowed"),
        (302, "direct_response", "allowed"),
        (404, "route_not_found", "refused"),
        (400, "http1.codec_error", "refused"),
        (503, "upstream_reset_before_response_started{connection_failure}", "failed"),
        (0, "downstream_remote_disconnect", "failed"),
        (504, "response_timeout", "failed"),
    ],
)
def test_verdicts_by_what_envoy_says(status: int, details: str, verdict: str) -> None:
    assert verdict_of(status, details) == verdict


@pytest.mark.parametrize(("rest", "subject"), [("ada", "ada"), ("ada b  c", "ada b  c"), ("", "")])
def test_a_grant_ends_with_its_subject(rest: str, subject: str) -> None:
    grant = f"rayfence:api viewer {'5e' * 16} 1700000000 {'a1' * 16} {rest}"
    line = read_log_line(log_line(1, grant=grant), "")
    assert (line.subject, "jti" in line.detail) == (subject, bool(subject))


@pytest.mark.parametrize("grant", [None, "", "alice", "a b c d alice", 7, ["x"]])
def test_what_is_no_grant_names_nobody(grant: object) -> None:
    line = read_log_line(log_line(1, grant=grant), "")
    assert (line.subject, "jti" in line.detail) == ("", False)


def test_a_subject_is_not_believed_where_no_token_was_verified() -> None:
    assert read_log_line(log_line(1, code=401, details="jwt_authn_access_denied{Jwt_is_expired}"), "").subject == ""


@pytest.mark.parametrize(
    "raw",
    [b"", b"not json", b"[]", b"{}", b'{"code":200}', b"\xff\xfe", b"[" * 100_000, b'{"ts":"x"', b'"' + b"a" * 10_000],
)
def test_what_cannot_be_read_is_a_record_of_its_own(raw: bytes) -> None:
    line = read_log_line(raw, "ab:10")
    entry = line.as_edge(TS, "")
    assert (line.kind, line.prefix) == (Kind.MALFORMED, "")
    assert entry.detail["bytes"] == len(raw)
    assert len(encode(entry, 0, "0" * 64)) < 2000


def test_an_escape_sequence_in_a_path_is_visible_text() -> None:
    raw = json.dumps({"ts": TS, "code": 200, "path": "/\x1b]0;x\x07\u202e"}).encode()
    entry = read_log_line(raw, "").as_edge(TS, "")
    assert parse(encode(entry, 0, "0" * 64)).entry.object == "/\\x1b]0;x\\x07\\u202e"


def test_wrong_types_are_left_out() -> None:
    raw = json.dumps(
        {"ts": 5, "code": "200", "ms": [1], "grant": {"a": 1}, "path": None, "bytes": -1, "peer": 1.5}
    ).encode()
    line = read_log_line(raw, "p")
    assert (line.status, line.subject, line.path, line.started) == (0, "", "", 0.0)
    assert set(line.detail) <= {"pos", "bytes"}


def test_the_end_of_a_connection_is_its_intents_outcome() -> None:
    intent = OpenIntent("a1", 3, TS, "alice", "ray-client.connect", "ray", {})
    entry = read_log_line(log_line(1, intent="a1", surface="ray-client"), "ab:1").as_outcome(TS, intent)
    assert (entry.kind, entry.ref, entry.action, entry.verdict) == (Kind.OUTCOME, "a1", "ray-client.connect", "done")
    assert entry.detail["source"] == "edge"


@given(
    st.dictionaries(
        st.sampled_from(
            ["ts", "id", "grant", "surface", "route", "method", "path", "code", "details", "ms", "intent", "peer"]
        ),
        st.none()
        | st.text(max_size=50)
        | st.integers()
        | st.floats()
        | st.booleans()
        | st.lists(st.integers(), max_size=2),
    )
)
def test_no_line_raises_or_makes_an_unreadable_record(value: dict[str, object]) -> None:
    line = read_log_line(json.dumps(value).encode(), "ab:1")
    assert parse(encode(line.as_edge(TS, ""), 0, "0" * 64)).entry.kind in {"edge", "malformed"}
