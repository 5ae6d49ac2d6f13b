"""Refusals have one shape, and Ray's errors lose their tracebacks, paths and addresses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.errors import FOREIGN_TEXT_LIMIT
from rayfence.gateway.answers import Refused, answer, busy, ray_reason, scrub, upstream_refusal
from tests.sim.ray_dashboard import nested, traced


def test_a_refusal_names_word_sentence_role_and_request() -> None:
    response = Refused(403, "forbidden", "no way", required="operator", headers={"x": "y"}).response("r-1")
    assert json.loads(bytes(response.body)) == {
        "error": "forbidden",
        "message": "No way.",
        "required": "operator",
        "request_id": "r-1",
    }
    assert response.status_code == 403
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x"] == "y"


def test_half_a_character_out_of_ray_breaks_no_answer() -> None:
    """One job with it in its metadata would take the list of jobs away from every operator."""
    body = bytes(answer({"a\ud800": ["\udfff", "\U0001f600"]}).body)
    assert json.loads(body) == {"a\ud800": ["\udfff", "\U0001f600"]}
    assert b"\\ud800" in body
    refusal = bytes(Refused(400, "bad_request", "no \ud800").response("r").body)
    assert json.loads(refusal)["message"] == "No \ud800."


def test_answers_are_never_cached() -> None:
    assert answer({"a": 1}, 201).headers["cache-control"] == "no-store"


def test_busy_says_when_to_come_again() -> None:
    assert busy("wait", 0).headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("status", "text", "expected", "reason"),
    [
        (404, "Job x-1 does not exist", 404, "Job x-1 does not exist"),
        (400, traced("TypeError: entrypoint must be a string, got <class 'int'>"), 400, "entrypoint must be a string"),
        (500, nested(400, "ValueError: Job with submission_id x-1 already exists.").text, 400, "already exists"),
        (
            500,
            nested(500, "RuntimeError: Attempted to delete job 'x-1', but it is running.").text,
            502,
            "Attempted to delete",
        ),
        (500, traced("ray.exceptions.RayTaskError: boom"), 502, "boom"),
        (500, "", 502, "no reason"),
        (503, "The GCS may be down", 502, "GCS may be down"),
    ],
)
def test_the_innermost_reason_of_ray_is_told(status: int, text: str, expected: int, reason: str) -> None:
    refused = upstream_refusal(status, text)
    assert refused.status == expected
    assert reason in refused.message
    assert "Traceback" not in refused.message
    assert "/opt/venv" not in refused.message


def test_rays_own_429_stays_one() -> None:
    refused = upstream_refusal(429, "Max number of in-progress requests=100 reached.")
    assert refused.status == 429
    assert refused.headers["retry-after"]


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("no such file: /srv/app/data.csv", "no such file: <path>"),
        ("can't reach 10.0.3.7:6379 today", "can't reach <address> today"),
        ("~/secrets/key is missing", "<path> is missing"),
        ("either/or stays, and 1/2 too", "either/or stays, and 1/2 too"),
        ("two\nlines", "two lines"),
    ],
)
def test_paths_and_addresses_are_blanked(text: str, clean: str) -> None:
    assert scrub(text) == clean


@given(st.text(max_size=2000))
def test_whatever_ray_says_becomes_one_short_line(text: str) -> None:
    reason = ray_reason(text)
    assert len(reason) <= FOREIGN_TEXT_LIMIT
    assert "\n" not in reason
    assert 400 <= upstream_refusal(500, text).status < 600
