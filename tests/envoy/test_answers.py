"""What clients get to see: refusals in JSON, limits, Ray's failures, headers of answers, the access log."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rayfence.access.revocation import REVOCATIONS_FILE
from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import Limits
from tests.envoy.clients import Answer
from tests.envoy.stand import AUDIENCES, HOSTS, Stand, start_stand

pytestmark = pytest.mark.envoy

CATALOG = load_routes("2.60.0")
LIMITS = Limits(submits_per_minute=3, max_connections=50)


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """One Envoy with small limits."""
    with start_stand(CATALOG, LIMITS) as stand:
        yield stand


def ask(
    stand: Stand, method: str, target: str, *headers: tuple[str, str], body: bytes = b"", role: str = "operator"
) -> Answer:
    """A request on the API host by somebody with a role."""
    token = stand.mint.token(AUDIENCES.api, role, ["serve:call"])
    fixed = [("host", "localhost"), ("authorization", f"Bearer {token}")]
    length = [("content-length", str(len(body)))] if body or method not in {"GET", "HEAD"} else []
    with stand.http1() as client:
        return client.request(method, target, [*fixed, *length, *headers], body)


def test_a_refusal_names_the_missing_role_and_the_log_line(stand: Stand) -> None:
    """The four keys of every refusal; the request id finds the line in the log."""
    answer = ask(stand, "GET", "/cluster_id", role="viewer")
    body = answer.json()
    assert answer.status == 403
    assert answer.header("content-type") == "application/json"
    assert {key: body[key] for key in ("error", "required")} == {"error": "forbidden", "required": "operator"}
    assert set(body) == {"error", "message", "required", "request_id"}
    line = log_line(stand, str(body["request_id"]))
    assert str(line["grant"]).endswith(" alice")
    assert line["route"] == "cluster.id"


def test_a_blocked_route_says_why(stand: Stand) -> None:
    """No role would help, so none is named."""
    body = ask(stand, "POST", "/report_events", role="admin").json()
    assert body["required"] is None
    assert "forge events" in str(body["message"])


def test_rays_traceback_never_reaches_a_client(stand: Stand) -> None:
    """A 5xx of Ray keeps its status and loses its body; a 4xx is Ray's own word."""
    answer = ask(stand, "GET", "/api/version?rf_status=500")
    assert (answer.status, answer.refusal) == (500, "ray_failed")
    assert b"Traceback" not in answer.body
    assert answer.json()["error"] == "ray_failed"
    assert ask(stand, "GET", "/api/version?rf_status=404").refusal == ""
    faked = ask(stand, "GET", "/api/version?rf_status=500&rf_headers=x-rayfence-refusal:%20x")
    assert faked.refusal == "ray_failed"  # a job that acts as Ray can't pass its answer off as ours
    assert b"Traceback" not in faked.body
    assert ask(stand, "GET", "/serve/app?rf_headers=x-rayfence-refusal:%20x").refusal == ""


def test_headers_by_which_a_job_could_act_on_a_browser_are_taken_away(stand: Stand) -> None:
    """Whatever Ray or Serve answers."""
    planted = "set-cookie:%20a=b|clear-site-data:%20x|service-worker-allowed:%20/|server:%20x|x-powered-by:%20x"
    planted += "|access-control-allow-origin:%20*"
    for target in (f"/api/version?rf_headers={planted}", f"/serve/app?rf_headers={planted}"):
        answer = ask(stand, "GET", target)
        assert answer.seen is not None
        names = {name for name, _ in answer.headers}
        assert not names & {"set-cookie", "clear-site-data", "service-worker-allowed", "x-powered-by"}
        assert not any(name.startswith("access-control") for name in names)
        assert answer.header("server") == "rayfence"
        assert answer.header("x-content-type-options") == "nosniff"
        assert "strict-transport-security" not in names  # localhost: it would bind every port of the machine


def test_the_dashboard_cant_be_framed_nor_run_foreign_scripts(stand: Stand) -> None:
    """On its pages and on its refusals alike."""
    token = stand.mint.token(AUDIENCES.dashboard, "viewer")
    for cookie in (f"__Host-rayfence={token}", "none=1"):
        with stand.http1() as client:
            answer = client.request("GET", "/", [("host", HOSTS.dashboard), ("cookie", cookie)])
        policy = answer.header("content-security-policy")
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self'" in policy
        assert answer.header("referrer-policy") == "same-origin"


def test_bodies_are_bounded_per_route(stand: Stand) -> None:
    """By announced length, and by what arrives when none was announced."""
    assert ask(stand, "POST", "/api/jobs/", body=b"x" * (1024 * 1024 + 1), role="submitter").status == 413
    assert ask(stand, "GET", "/api/version", body=b"xx").refusal == "body_too_large"
    assert ask(stand, "DELETE", "/api/jobs/x-1", body=b"xx").status == 413
    token = stand.mint.token(AUDIENCES.api, "submitter", sub="carol")
    chunk = b"%x\r\n%s\r\n" % (700 * 1024, b"x" * (700 * 1024))
    head = "POST /api/jobs/ HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n"
    head += f"authorization: Bearer {token}\r\n\r\n"
    with stand.http1() as client:
        assert client.raw(head.encode() + chunk + chunk + b"0\r\n\r\n", "POST").status in {0, 413}
    assert ask(stand, "PUT", "/serve/app", body=b"x" * 3_000_000).seen is not None


def test_submissions_are_counted_per_principal(stand: Stand) -> None:
    """One user's bucket is empty, the other's is not; reads are not counted."""

    def submit(subject: str) -> Answer:
        token = stand.mint.token(AUDIENCES.api, "submitter", sub=subject)
        headers = [("host", "localhost"), ("authorization", f"Bearer {token}"), ("content-length", "2")]
        with stand.http1() as client:
            return client.request("POST", "/api/jobs/", headers, b"{}")

    statuses = [submit("dora").status for _ in range(5)]
    assert statuses == [200, 200, 200, 429, 429]
    answer = submit("dora")
    assert answer.refusal == "too_many_requests"
    assert int(answer.header("retry-after")) > 0
    assert submit("emil").status == 200
    assert all(ask(stand, "GET", "/api/version").status == 200 for _ in range(5))


def test_strangers_cant_use_up_a_users_bucket(stand: Stand) -> None:
    """The limit stands behind the token's check."""
    with stand.http1() as client:
        for _ in range(5):
            assert client.request("POST", "/api/jobs/", [("host", "localhost"), ("content-length", "0")]).status == 401


def test_headers_are_bounded(stand: Stand) -> None:
    """In bytes and in number."""
    assert ask(stand, "GET", "/api/version", ("x-long", "x" * 40_000)).status == 431
    assert ask(stand, "GET", "/api/version", *[(f"x-{number}", "1") for number in range(120)]).status == 431


def test_http_1_0_is_refused(stand: Stand) -> None:
    """It has no Host to check."""
    with stand.http1() as client:
        assert client.request("GET", "/api/version", [("host", "localhost")], version="HTTP/1.0").status == 426


def test_serve_gets_its_path_and_the_callers_own_headers(stand: Stand) -> None:
    """The published prefix is taken away; credentials are too."""
    seen = ask(stand, "POST", "/serve/app/run?x=1", ("x-mine", "1"), ("cookie", "a=b"), body=b"{}").seen
    assert seen is not None
    assert (seen.upstream, seen.target) == ("serve", "/app/run?x=1")
    assert seen.values("x-mine") == ["1"]
    assert not seen.values("authorization") and not seen.values("cookie")


def test_an_unreachable_service_fails_closed() -> None:
    """Ownership can't be checked: 503, and nothing reaches Ray."""
    with start_stand(CATALOG) as stand:
        stand.service.stop()
        answer = ask(stand, "GET", "/api/jobs/mine-1/logs")
        assert (answer.status, answer.refusal) == (503, "unavailable")
        assert not stand.ray.requests
        assert ask(stand, "GET", "/api/version").status == 200


def test_the_log_believes_only_verified_tokens_and_keeps_no_query(stand: Stand) -> None:
    """A forged token's subject must not enter the trail, nor a secret in a query."""
    with stand.http1() as client:
        headers = [("host", "localhost"), ("authorization", "Bearer a.b.c")]
        answer = client.request("GET", "/api/version?secret=hunter2", headers)
    line = log_line(stand, str(answer.json()["request_id"]))
    assert line["grant"] is None
    assert line["path"] == "/api/version"
    keys = "ts id grant surface route method path code details flags ms upstream_ms bytes peer intent"
    assert set(line) == set(keys.split())
    assert "hunter2" not in Path(stand.settings.access_log).read_text()


def log_line(stand: Stand, request_id: str) -> dict[str, object]:
    """The line of one request; it is on disk a fifth of a second later."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        for text in Path(stand.settings.access_log).read_text().splitlines():
            line = json.loads(text)
            if line["id"] == request_id:
                assert isinstance(line, dict)
                return line
        time.sleep(0.05)
    raise AssertionError(f"no line for {request_id}")


def test_without_the_revocations_file_nothing_is_served() -> None:
    """Envoy waits for it: a deleted file must not mean that nobody is revoked."""
    with (
        pytest.raises(AssertionError, match="did not become ready"),
        start_stand(CATALOG, without=(REVOCATIONS_FILE,), patience=3.0),
    ):
        pass
