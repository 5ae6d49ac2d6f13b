"""Twin of rayfence.adapters.kubernetes.channels, against a server on loopback."""

import httpx2
import pytest

from rayfence.adapters.kubernetes.channels import opened
from rayfence.errors import Forbidden, KubernetesError, ServerUnreachable
from tests.sim.pod_server import Peer, PodServer, serving, status_body

PATH = "/api/v1/namespaces/x/pods/p/exec"


def client(server: PodServer) -> httpx2.Client:
    return httpx2.Client(base_url=server.address, trust_env=False)


def test_messages_go_both_ways_by_channel() -> None:
    heard: list[tuple[int, bytes]] = []

    def script(_path: str, _parameters: list[tuple[str, str]], peer: Peer) -> None:
        peer.ping()
        peer.send(1, b"out")
        peer.send(2, b"")
        while not heard:
            heard.extend(peer.receive())
        peer.end()

    with serving(PodServer(script)) as server, client(server) as http:
        with opened(http, PATH, [("command", "a"), ("command", "b c")], "it") as channels:
            got: list[tuple[int, bytes]] = []
            while len(got) < 2:
                got += channels.receive(5) or []
            channels.send(0, b"in")
            while not channels.ended:
                channels.receive(5)
        assert got == [(1, b"out"), (2, b"")] and heard == [(0, b"in")]
        assert server.asked == [(PATH, [("command", "a"), ("command", "b c")])]


def test_silence_is_told_and_is_no_end() -> None:
    def script(_path: str, _parameters: list[tuple[str, str]], peer: Peer) -> None:
        peer.receive()
        peer.send(1, b"late")
        peer.receive()

    with serving(PodServer(script)) as server, client(server) as http, opened(http, PATH, [], "it") as channels:
        assert channels.receive(0.1) is None
        assert not channels.waiting and channels.socket is not None
        channels.send(0, b"\n")
        assert channels.receive(5) == [(1, b"late")]


def test_whoever_breaks_off_is_told() -> None:
    with (
        serving(PodServer(lambda *_: None)) as server,
        client(server) as http,
        opened(http, PATH, [], "it") as channels,
    ):
        channels.receive(5)  # the connection ends without a goodbye
        assert channels.ended


def test_a_refusal_is_the_servers_own() -> None:
    refused = status_body(code=403, reason="Forbidden", message='pods "p" is forbidden: User "u" cannot create it')
    with (
        serving(PodServer(answers={PATH: (403, refused)})) as server,
        client(server) as http,
        pytest.raises(Forbidden, match="cannot create"),
        opened(http, PATH, [], "running it"),
    ):
        pass
    with (
        serving(PodServer(answers={PATH: (502, b"bad gateway")})) as server,
        client(server) as http,
        pytest.raises(ServerUnreachable, match="bad gateway"),
        opened(http, PATH, [], "running it"),
    ):
        pass
    with (
        pytest.raises(ServerUnreachable),
        httpx2.Client(base_url="http://127.0.0.1:9") as http,
        opened(http, PATH, [], "running it"),
    ):
        pass


def test_another_protocol_is_not_spoken() -> None:
    with (
        serving(PodServer(protocol="v9.channel.k8s.io")) as server,
        client(server) as http,
        pytest.raises(KubernetesError, match=r"v4\.channel"),
        opened(http, PATH, [], "it"),
    ):
        pass
