"""What an open port says, read; and reports that are none."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.verify.kubernetes.inside.sightings import Manner, no_report, port_of, read_report

PATHS = ("GET /metrics", "GET /logs/", "GET /api/healthz")


@pytest.mark.parametrize(
    ("said", "manner", "words"),
    [
        ({"kind": "http", "paths": {"GET /logs/": 401, "GET /metrics": 401}}, Manner.REFUSES, "401"),
        ({"kind": "http", "paths": {"GET /logs/": 401, "GET /x": 404}}, Manner.REFUSES, "401"),
        ({"kind": "http", "paths": {"GET /metrics": 200, "GET /logs/": 404}}, Manner.OPEN, "GET /metrics 200"),
        ({"kind": "http", "paths": {"GET /": 404}}, Manner.OPEN, "HTTP 404"),
        (
            {"kind": "http", "paths": {"GET /logs/": 401, "GET /api/healthz": 200}},
            Manner.PARTLY,
            "GET /api/healthz 200",
        ),
        ({"kind": "http", "paths": {"GET /logs/": 401, "GET /api/healthz": 503}}, Manner.PARTLY, "503"),
        ({"kind": "tls", "outcome": "refused"}, Manner.REFUSES, "TLS refused"),
        ({"kind": "tls", "outcome": "accepted (TLSv1.3)"}, Manner.OPEN, "TLS accepted"),
        ({"kind": "grpc", "calls": {"A/B": 16, "grpc.health.v1.Health/Check": 0}}, Manner.REFUSES, "health answers"),
        ({"kind": "grpc", "calls": {"A/B": 12, "C/D": 0}}, Manner.OPEN, "C/D 0"),
        ({"kind": "grpc", "calls": {"A/B": 12, "C/D": 3}}, Manner.OPEN, "C/D 3"),
        ({"kind": "grpc", "calls": {"A/B": 12, "grpc.health.v1.Health/Check": 0}}, Manner.UNCLEAR, "without a known"),
        ({"kind": "grpc", "calls": {"A/B": -1}}, Manner.UNCLEAR, "without a known"),
        ({"kind": "silent"}, Manner.UNCLEAR, "says nothing"),
        ({}, Manner.UNCLEAR, "says nothing"),
    ],
)
def test_how_a_port_treats_a_stranger(said: dict[str, object], manner: Manner, words: str) -> None:
    port = port_of(7, said)
    assert (port.number, port.manner) == (7, manner)
    assert words in port.words


@given(st.dictionaries(st.sampled_from(PATHS), st.integers(100, 599), min_size=1))
def test_a_port_that_serves_anything_never_counts_as_refusing(paths: dict[str, int]) -> None:
    port = port_of(1, {"kind": "http", "paths": paths})
    served = any(status not in (401, 403, 404, 405, 501) for status in paths.values())
    asks = any(status in (401, 403) for status in paths.values())
    assert (port.manner is Manner.REFUSES) == (asks and not served)


REPORT = {
    "targets": {"a/b": {"tried": 5, "open": [[8080, {"kind": "silent"}]]}},
    "requests": {"gateway/a/nobody": {"status": 401, "body": "{}"}, "gateway/a/x": {"status": 0, "note": "closed"}},
    "greetings": {"gateway/a/TLSv1": "refused"},
}


def test_the_line_with_the_mark_is_the_report() -> None:
    found = read_report(f"warning: noise\nrfv1:{json.dumps(REPORT)}\nmore", "rfv1:")
    assert found.problem == ""
    assert (found.spots["a/b"].tried, found.spots["a/b"].open[0].number) == (5, 8080)
    assert found.replies["gateway/a/x"].note == "closed"
    assert found.greetings == {"gateway/a/TLSv1": "refused"}


@pytest.mark.parametrize(
    "log", ["", "Traceback: no", "rfv1:", "rfv1:[]", 'rfv1:{"targets": 1}', "rfv2:{}", 'rfv1:{"a": 1}']
)
def test_anything_else_is_none(log: str) -> None:
    found = read_report(log, "rfv1:")
    assert found.problem and not found.spots
    assert no_report("why").problem == "why"
