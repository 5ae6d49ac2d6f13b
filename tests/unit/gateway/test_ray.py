"""Speaking to Ray: the token goes along, nothing of the environment does, and every failure becomes a refusal."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from rayfence.errors import StateError
from rayfence.gateway import ray as ray_module
from rayfence.gateway.answers import Refused
from rayfence.gateway.ray import RayAnswer, RayApi, json_object, json_value, segment
from rayfence.gateway.recorder import OutcomeUnknown
from tests.sim.gateway import write
from tests.sim.ray_dashboard import Answer, SimRay

pytestmark = pytest.mark.anyio


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Ray's token."""
    write(tmp_path / "ray-token", "ray-token\n")
    return tmp_path / "ray-token"


def api(token_file: Path, transport: httpx2.AsyncBaseTransport) -> RayApi:
    """Ray behind `transport`."""
    return RayApi(1, token_file, transport)


class Failing(httpx2.AsyncBaseTransport):
    """A network that fails in one way."""

    def __init__(self, error: type[httpx2.TransportError]) -> None:
        self.error = error

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Fail."""
        raise self.error("no", request=request)


async def test_the_token_goes_along_and_a_new_one_is_read(token_file: Path) -> None:
    ray = SimRay()
    client = api(token_file, httpx2.ASGITransport(app=ray))
    assert (await client.request("GET", "/api/version")).status == 200
    ray.token = "second"
    with pytest.raises(Refused) as refused:
        await client.request("GET", "/api/version")
    assert (refused.value.status, refused.value.error) == (502, "ray_token")
    write(token_file, "second\n")
    os.utime(token_file, (2e9, 2e9))
    assert (await client.request("GET", "/api/version")).status == 200
    token_file.chmod(0o644)
    os.utime(token_file, (2.1e9, 2.1e9))
    with pytest.raises(StateError, match="open to other accounts"):
        await client.request("GET", "/api/version")


class Endless(httpx2.AsyncBaseTransport):
    """What job code in the dashboard's place can answer: no end, or a little that unpacks to a lot."""

    def __init__(self, headers: dict[str, str]) -> None:
        self.headers = headers
        self.sent = 0
        self.asked: list[str] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Answer."""
        self.asked.append(request.headers["accept-encoding"])
        return httpx2.Response(200, headers=self.headers, content=self._parts())

    async def _parts(self) -> AsyncIterator[bytes]:
        while True:
            self.sent += 1
            yield b" " * 1024


@pytest.mark.parametrize("headers", [{}, {"content-encoding": "gzip"}])
async def test_an_answer_without_end_is_left(
    token_file: Path, headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_module, "MAX_ANSWER_BYTES", 64 * 1024)
    endless = Endless(headers)
    client = api(token_file, endless)
    with pytest.raises(Refused) as refused:
        await client.request("GET", "/api/jobs/")
    assert (refused.value.status, refused.value.error, type(refused.value)) == (502, "ray_failed", Refused)
    with pytest.raises(OutcomeUnknown):
        await client.request("POST", "/api/jobs/", writes=True)
    assert endless.sent <= 2 * 65
    assert set(endless.asked) == {"identity"}


@pytest.mark.parametrize(
    ("error", "writes", "status", "kind"),
    [
        (httpx2.ConnectError, False, 503, Refused),
        (httpx2.ConnectTimeout, True, 503, Refused),
        (httpx2.PoolTimeout, True, 503, Refused),
        (httpx2.ReadTimeout, False, 504, Refused),
        (httpx2.ReadTimeout, True, 504, OutcomeUnknown),
        (httpx2.RemoteProtocolError, True, 504, OutcomeUnknown),
        (httpx2.ReadError, False, 504, Refused),
    ],
)
async def test_a_failing_network(
    token_file: Path, error: type[httpx2.TransportError], writes: bool, status: int, kind: type[Refused]
) -> None:
    client = api(token_file, Failing(error))
    with pytest.raises(Refused) as refused:
        await client.request("POST", "/x", writes=writes)
    assert type(refused.value) is kind
    assert refused.value.status == status
    assert not await client.alive()


async def test_the_environments_proxy_is_not_shown_the_token(token_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    client = RayApi(1, token_file)
    assert client._client.trust_env is False
    assert not client._client._mounts
    await client.close()


async def test_the_session_is_remembered_briefly_and_forgotten_with_the_connection(token_file: Path) -> None:
    ray = SimRay()
    client = api(token_file, httpx2.ASGITransport(app=ray))
    for _ in range(5):
        assert await client.session_name() == ray.session_name
    assert len(ray.seen) == 1
    ray.failing = Answer(value={})
    client._session = (0.0, "")
    with pytest.raises(Refused):
        await client.session_name()


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_segments_that_move(text: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        segment(text)


def test_segments_are_escaped() -> None:
    assert segment("a/b?c#d%e") == "a%2Fb%3Fc%23d%25e"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_answers_that_are_no_json(body: bytes) -> None:
    with pytest.raises(Refused):
        json_value(RayAnswer(200, body, ""))


def test_answers_that_are_no_object() -> None:
    with pytest.raises(Refused):
        json_object(RayAnswer(200, b"[]", ""))


async def test_a_token_that_is_not_there_yet_is_waited_for(token_file: Path) -> None:
    """In a cluster the gateway is there before Ray is."""
    token_file.unlink()
    ray = api(token_file, Failing(httpx2.ConnectError))
    with pytest.raises(Refused) as caught:
        await ray.request("GET", "/api/version")
    assert caught.value.status == 503
    assert "token" in caught.value.message
    await ray.close()
