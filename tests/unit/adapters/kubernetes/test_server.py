"""Requests as they are sent, retries, and answers that are none; the rest is in the contract with a real server."""

import json
import ssl
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from rayfence.adapters.kubernetes.server import Server
from rayfence.errors import (
    CredentialsRefused,
    FieldConflict,
    Forbidden,
    KindMissing,
    KubernetesError,
    Refused,
    ServerUnreachable,
)
from rayfence.model.api_objects import Kind
from tests.sim.kubernetes.clock import SimClock

Answer = Callable[[httpx2.Request], httpx2.Response]
CONFIG_MAP = Kind("v1", "ConfigMap", "configmaps", True)
SECRET = Kind("v1", "Secret", "secrets", True)
VALUE = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "x"}}


class Recorder:
    """Answers from a list, the last again and again."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = list(answers)
        self.requests: list[httpx2.Request] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


def _server(recorder: Recorder) -> tuple[Server, SimClock]:
    clock = SimClock()
    client = httpx2.Client(base_url="https://api.test", transport=httpx2.MockTransport(recorder))
    return Server(client, "https://api.test", clock), clock


def _ok(**fields: Any) -> httpx2.Response:
    return httpx2.Response(200, json=fields)


def _status(code: int, message: str = "no", **fields: Any) -> httpx2.Response:
    return httpx2.Response(code, json={"kind": "Status", "message": message, **fields})


def test_apply_is_strict_and_names_its_manager() -> None:
    recorder = Recorder(_ok(**VALUE))
    server, _ = _server(recorder)
    server.apply(CONFIG_MAP, VALUE, manager="rayfence", force=True, dry_run=True)
    request = recorder.requests[0]
    assert (request.method, request.url.path) == ("PATCH", "/api/v1/namespaces/x/configmaps/a")
    assert dict(request.url.params) == {
        "fieldManager": "rayfence",
        "fieldValidation": "Strict",
        "force": "true",
        "dryRun": "All",
    }
    assert request.headers["content-type"] == "application/apply-patch+yaml" and json.loads(request.content) == VALUE


def test_delete_names_the_object_it_means() -> None:
    recorder = Recorder(_status(200))
    server, _ = _server(recorder)
    server.delete(CONFIG_MAP, "a", "x", uid="u-1")
    assert json.loads(recorder.requests[0].content) == {
        "preconditions": {"uid": "u-1"},
        "propagationPolicy": "Background",
    }


def test_reads_and_applies_are_repeated_a_few_times() -> None:
    for answers in ([_status(503), _status(429), _ok(**VALUE)], [httpx2.ReadTimeout("slow"), _ok(**VALUE)]):
        recorder = Recorder(*answers)
        server, clock = _server(recorder)
        server.apply(CONFIG_MAP, VALUE, manager="rayfence")
        assert len(recorder.requests) == len(answers) and len(clock.slept) == len(answers) - 1


def test_what_is_wrong_is_not_asked_again() -> None:
    wrong = _status(500, "failed to create typed patch object (x/a): .spec.nonsense: field not declared in schema")
    recorder = Recorder(wrong)
    server, _ = _server(recorder)
    with pytest.raises(Refused, match="nonsense"):
        server.apply(CONFIG_MAP, VALUE, manager="rayfence")
    assert len(recorder.requests) == 1


def test_patience_ends() -> None:
    recorder = Recorder(httpx2.ConnectError("connection refused"))
    server, clock = _server(recorder)
    with pytest.raises(ServerUnreachable, match=r"https://api\.test does not answer: connection refused"):
        server.version()
    assert len(recorder.requests) == 5 and sum(clock.slept) < 10


@pytest.mark.parametrize("answer", [_status(500), _status(503), httpx2.ReadTimeout("slow")])
def test_what_may_have_been_carried_out_is_not_sent_again(answer: httpx2.Response | Exception) -> None:
    for act in ("create", "replace", "delete"):
        recorder = Recorder(answer, _ok(**VALUE))
        server, _ = _server(recorder)
        with pytest.raises(ServerUnreachable):
            if act == "delete":
                server.delete(CONFIG_MAP, "a", "x", uid="u")
            else:
                getattr(server, act)(CONFIG_MAP, VALUE, manager="rayfence")
        assert len(recorder.requests) == 1


def test_what_was_surely_not_carried_out_is_sent_again() -> None:
    recorder = Recorder(_status(429), httpx2.ConnectError("refused"), _ok(**VALUE))
    server, _ = _server(recorder)
    server.create(CONFIG_MAP, VALUE, manager="rayfence")
    assert len(recorder.requests) == 3


def test_the_server_s_wish_to_wait_is_bounded() -> None:
    slow = httpx2.Response(429, json={"message": "later"}, headers={"retry-after": "86400"})
    server, clock = _server(Recorder(slow, _ok(gitVersion="v1.36.3")))
    assert server.version() == "v1.36.3" and clock.slept == [5.0]


def test_lists_are_read_page_by_page_and_begin_again_when_the_pages_expire() -> None:
    def page(name: str, token: str = "") -> httpx2.Response:
        return _ok(items=[{"metadata": {"name": name}}], metadata={"continue": token})

    recorder = Recorder(page("a", "t1"), _status(410), page("a", "t2"), page("b"))
    server, _ = _server(recorder)
    found = server.list(CONFIG_MAP, labels={"k": "v", "l": "w"})
    assert [item["metadata"]["name"] for item in found] == ["a", "b"]  # type: ignore[index]
    assert all(item["kind"] == "ConfigMap" for item in found)
    assert [request.url.params.get("continue") for request in recorder.requests] == [None, "t1", None, "t2"]
    assert recorder.requests[0].url.params["labelSelector"] == "k=v,l=w"


def test_whose_kind_is_gone_there_is_nothing() -> None:
    server, _ = _server(Recorder(_status(404, "the server could not find the requested resource")))
    assert server.list(CONFIG_MAP) == () and server.get(CONFIG_MAP, "a", "x") is None


def test_a_log_is_text_and_a_refusal_an_error() -> None:
    recorder = Recorder(
        httpx2.Response(200, text="one\ntwo\n"), _status(403, 'User "x" cannot get resource "pods/log"')
    )
    server, _ = _server(recorder)
    assert server.log("vision", "probe") == "one\ntwo\n"
    assert recorder.requests[0].url.path == "/api/v1/namespaces/vision/pods/probe/log"
    with pytest.raises(Forbidden, match="vision/probe"):
        server.log("vision", "probe")


def test_events_are_in_the_order_of_time() -> None:
    items = [
        {"metadata": {"name": "b"}, "lastTimestamp": "2026-11-26T12:00:02Z"},
        {"metadata": {"name": "a"}, "lastTimestamp": None, "eventTime": "2026-11-26T12:00:01.5Z"},
    ]
    server, _ = _server(Recorder(_ok(items=items, metadata={})))
    assert [event["metadata"]["name"] for event in server.events("x")] == ["a", "b"]  # type: ignore[index]


def test_a_right_is_asked_for_in_full() -> None:
    recorder = Recorder(_ok(status={"allowed": True}), _ok(status={"allowed": False}))
    server, _ = _server(recorder)
    assert server.allowed("get", "", "pods/log", "x", "p") and not server.allowed("patch", "apps", "deployments")
    asked = [json.loads(request.content)["spec"]["resourceAttributes"] for request in recorder.requests]
    assert asked[0] == {"verb": "get", "resource": "pods", "subresource": "log", "namespace": "x", "name": "p"}
    assert asked[1] == {"verb": "patch", "group": "apps", "resource": "deployments"}


def test_who_may_not_ask_who_they_are_is_nobody_and_no_error() -> None:
    forbidden = _status(403, 'User "eve" cannot create resource "selfsubjectreviews"')
    server, _ = _server(Recorder(forbidden))
    assert server.whoami() == ""
    server, _ = _server(Recorder(_ok(status={"userInfo": {"username": "ada"}})))
    assert server.whoami() == "ada"


def test_an_old_server_is_told_apart() -> None:
    server, _ = _server(Recorder(_ok(kind="APIVersions", versions=["v1"])))
    with pytest.raises(KindMissing, match=r"older than Kubernetes 1\.30"):
        server.kinds()


def test_a_page_of_a_portal_is_no_api_server() -> None:
    server, _ = _server(Recorder(httpx2.Response(200, text="<html>log in</html>")))
    with pytest.raises(KubernetesError, match="no API server"):
        server.version()


def test_refusals_arrive_as_errors() -> None:
    causes = [{"reason": "FieldManagerConflict", "message": 'conflict with "x"', "field": ".data"}]
    server, _ = _server(Recorder(_status(409, "Apply failed", reason="Conflict", details={"causes": causes})))
    with pytest.raises(FieldConflict):
        server.apply(CONFIG_MAP, VALUE, manager="rayfence")
    server, _ = _server(Recorder(_status(403, 'User "eve" cannot get resource "configmaps"')))
    with pytest.raises(Forbidden, match="ConfigMap a"):
        server.get(CONFIG_MAP, "a", "x")
    server, _ = _server(Recorder(_status(401, "Unauthorized")))
    with pytest.raises(CredentialsRefused):
        server.version()


def test_a_secret_s_bytes_are_in_no_message() -> None:
    server, _ = _server(Recorder(_status(422, "data: hunter2", reason="Invalid")))
    with pytest.raises(KubernetesError) as caught:
        server.create(SECRET, {**VALUE, "kind": "Secret"}, manager="rayfence")
    assert "hunter2" not in str(caught.value) and "Invalid" in str(caught.value)


def test_a_server_that_is_not_believed_is_not_asked_again() -> None:
    """Asking again gives the same, and nothing, least of all a token, has been sent."""
    doubt = ssl.SSLCertVerificationError("certificate verify failed")
    doubt.verify_message = "self-signed certificate"
    failure = httpx2.ConnectError("certificate verify failed")
    failure.__cause__ = doubt
    recorder = Recorder(failure)
    server, _ = _server(recorder)
    with pytest.raises(ServerUnreachable, match="is not who the context expects: self-signed certificate") as caught:
        server.version()
    assert len(recorder.requests) == 1 and "certificate-authority-data" in caught.value.hint
