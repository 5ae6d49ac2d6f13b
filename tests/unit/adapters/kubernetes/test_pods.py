"""Twin of rayfence.adapters.kubernetes.pods, on loopback; `tests/cluster/test_verbs.py` has a real server."""

import json
import socket
from collections.abc import Callable
from urllib.request import urlopen

import httpx2
import pytest

from rayfence.adapters.kubernetes import pods as module
from rayfence.adapters.kubernetes.pods import ServerPods
from rayfence.adapters.net.doors import Door
from rayfence.errors import (
    Forbidden,
    KubernetesError,
    ProgramFailed,
    Refused,
    ServerUnreachable,
)
from rayfence.ports.pods import LogWish, PodPart
from tests.sim.pod_server import Peer, PodServer, serving, status_body

PART = PodPart("vision-gateway", "gateway-0", "service")
POD = "/api/v1/namespaces/vision-gateway/pods/gateway-0"
TOKEN = "/api/v1/namespaces/ci/serviceaccounts/runner/token"
Act = Callable[[Peer], None]


def _pods(server: PodServer, auth: httpx2.Auth | None = None) -> ServerPods:
    return ServerPods(httpx2.Client(base_url=server.address, trust_env=False, auth=auth), Door)


def _running(act: Act) -> PodServer:
    return PodServer(lambda _path, _parameters, peer: act(peer))


def test_lines_of_a_log_end_with_newlines_only() -> None:
    answers = {f"{POD}/log": (200, "a\nb\x85c\r\nd".encode())}
    with serving(PodServer(answers=answers)) as server:
        found = list(_pods(server).log(PART, LogWish(5, previous=True)))
        assert found == ["a", "b\x85c\r", "d"]
        assert dict(server.asked[0][1]) == {"container": "service", "tailLines": "5", "previous": "true"}
        list(_pods(server).log(PART, LogWish(0, follow=True)))
        assert dict(server.asked[1][1]) == {"container": "service", "tailLines": "0", "follow": "true"}


def test_a_log_that_may_not_be_read() -> None:
    refused = status_body(code=403, message='pods "gateway-0" is forbidden: User "u" cannot get resource "pods/log"')
    with serving(PodServer(answers={f"{POD}/log": (403, refused)})) as server, pytest.raises(Forbidden):
        list(_pods(server).log(PART, LogWish(1)))
    with pytest.raises(ServerUnreachable):
        list(ServerPods(httpx2.Client(base_url="http://127.0.0.1:9"), Door).log(PART, LogWish(1)))


def test_a_programs_output_comes_in_pieces_and_its_end_is_judged() -> None:
    def act(peer: Peer) -> None:
        peer.send(1, b"one ")
        peer.send(2, b"a warning")
        peer.send(1, b"two")
        peer.send(3, status_body(status="Success"))

    with serving(_running(act)) as server:
        assert b"".join(_pods(server).run(PART, ["python", "-c", "x y"])) == b"one two"
        words = [value for name, value in server.asked[0][1] if name == "command"]
        assert words == ["python", "-c", "x y"] and ("stdin", "true") not in server.asked[0][1]


def test_a_program_that_fails_has_its_last_words() -> None:
    def act(peer: Peer) -> None:
        peer.send(2, b"no such trail")
        cause = {"reason": "ExitCode", "message": "3"}
        peer.send(3, status_body(status="Failure", message="exit code 3", details={"causes": [cause]}))

    with serving(_running(act)) as server, pytest.raises(ProgramFailed, match="no such trail") as caught:
        list(_pods(server).run(PART, ["x"]))
    assert caught.value.status == 3
    absent = status_body(status="Failure", reason="InternalError", message="no such file")
    with serving(_running(lambda peer: peer.send(3, absent))) as server, pytest.raises(Refused, match="no such file"):
        list(_pods(server).run(PART, ["x"]))
    with serving(_running(lambda peer: peer.end())) as server, pytest.raises(ServerUnreachable, match="before the"):
        list(_pods(server).run(PART, ["x"]))


def test_an_attached_program_hears_that_somebody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ALIVE_SECONDS", 0.05)
    heard: list[tuple[int, bytes]] = []

    def act(peer: Peer) -> None:
        while len(heard) < 2:
            heard.extend(peer.receive())
        peer.send(3, status_body(status="Success"))

    with serving(_running(act)) as server:
        assert list(_pods(server).run(PART, ["x"], attached=True)) == []
        assert ("stdin", "true") in server.asked[0][1]
    assert heard[:2] == [(0, b"\n"), (0, b"\n")]


def test_a_port_leads_into_the_pod() -> None:
    def act(peer: Peer) -> None:
        number = (8443).to_bytes(2, "little")
        peer.send(0, number)
        peer.send(1, number)
        asked = b""
        while b"\r\n\r\n" not in asked and not peer.closed:
            asked += b"".join(data for channel, data in peer.receive() if channel == 0)
        if not peer.closed:
            peer.send(0, b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 50_000)
            peer.send(0, b"x" * 50_000)
            peer.receive()

    with serving(_running(act)) as server:
        with _pods(server).forward("vision-gateway", "gateway-0", 8443) as port:
            for _ in range(2):
                assert len(urlopen(f"http://127.0.0.1:{port}/").read()) == 100_000
        assert server.asked[0] == (f"{POD}/portforward", [("ports", "8443")])
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1)


def test_a_port_that_leads_nowhere_is_told_before_anybody_goes_there() -> None:
    def act(peer: Peer) -> None:
        number = (8443).to_bytes(2, "little")
        peer.send(1, number)
        peer.send(1, b"connection refused")

    with (
        serving(_running(act)) as server,
        pytest.raises(ServerUnreachable, match="connection refused"),
        _pods(server).forward("vision-gateway", "gateway-0", 8443),
    ):
        pass
    with (
        serving(_running(lambda peer: peer.end())) as server,
        pytest.raises(ServerUnreachable, match="at once"),
        _pods(server).forward("vision-gateway", "gateway-0", 8443),
    ):
        pass


def test_a_token_is_asked_for_with_its_audience() -> None:
    made = json.dumps({"status": {"token": "t0"}}).encode()
    with serving(PodServer(answers={TOKEN: (201, made)})) as server:
        assert _pods(server).account_token("ci", "runner", "rayfence:ml:vision:clients", 600) == "t0"
        spec = json.loads(server.bodies[0])["spec"]
    assert spec == {"audiences": ["rayfence:ml:vision:clients"], "expirationSeconds": 600}
    absent = status_body(code=404, reason="NotFound", message='"runner" not found', details={"name": "runner"})
    with serving(PodServer(answers={TOKEN: (404, absent)})) as server, pytest.raises(Refused, match="not found"):
        _pods(server).account_token("ci", "runner", "a", 600)
    with serving(PodServer(answers={TOKEN: (201, b"{}")})) as server, pytest.raises(KubernetesError, match="gave none"):
        _pods(server).account_token("ci", "runner", "a", 600)


class _Bearer(httpx2.Auth):
    def __init__(self, header: str) -> None:
        self.header = header

    def auth_flow(self, request: httpx2.Request):  # type: ignore[no-untyped-def]
        request.headers["Authorization"] = self.header
        yield request


def test_our_own_token_if_we_have_one() -> None:
    server = PodServer(address="http://127.0.0.1:9")
    assert _pods(server).bearer() == ""
    assert _pods(server, _Bearer("Bearer abc")).bearer() == "abc"
    assert _pods(server, _Bearer("Basic abc")).bearer() == ""
