"""The API server as the gateway needs it: one object, a watch on it, and asking whose a token is.

The gateway's own token is short-lived and exchanged by Kubernetes; it is read anew when its file changes. Proxies from
the environment are ignored: they would be shown the token. Answers are bounded.
"""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx2

from rayfence.errors import RayfenceError
from rayfence.model.gateway_pod import PodSettings

MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
_TIMEOUTS: Final = httpx2.Timeout(connect=3.0, read=10.0, write=10.0, pool=3.0)

Json = Mapping[str, object]


class ApiFailure(RayfenceError):
    """The API server did not answer, or not with what was asked for. `status` 0: no answer."""

    exit_status = 4
    hint = "see that the gateway's network policy lets it to the API server, and its role names this object"

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


class ApiServer:
    """Requests with the gateway's own token. `transport` replaces the network in tests."""

    def __init__(self, settings: PodSettings, transport: httpx2.AsyncBaseTransport | None = None) -> None:
        self._token = Path(settings.mounts.api_token)
        ca = Path(settings.mounts.api_ca)
        verify = ssl.create_default_context(cafile=str(ca)) if settings.api.startswith("https:") else True
        self._client = httpx2.AsyncClient(
            base_url=settings.api, transport=transport, verify=verify, trust_env=False, timeout=_TIMEOUTS
        )

    async def get(self, path: str) -> Json:
        """The object at `path`. Raises ApiFailure."""
        return await self._ask("GET", path)

    async def put(self, path: str, value: Json) -> Json:
        """Replace it. Raises ApiFailure; status 409: it has changed since it was read."""
        return await self._ask("PUT", path, value)

    async def post(self, path: str, value: Json) -> Json:
        """Make an object that lives only as an answer. Raises ApiFailure."""
        return await self._ask("POST", path, value)

    async def _ask(self, method: str, path: str, value: Json | None = None) -> Json:
        try:
            content = None if value is None else json.dumps(value).encode()
            answer = await self._client.request(method, path, content=content, headers=self._headers())
        except httpx2.HTTPError as error:
            raise ApiFailure(f"the API server can't be reached: {type(error).__name__}") from error
        return _read(method, path, answer.status_code, answer.content)

    @asynccontextmanager
    async def watch(self, path: str, params: Mapping[str, str], seconds: float) -> AsyncIterator[AsyncIterator[Json]]:
        """Events of a watch, until the server ends it or is silent for `seconds`. Raises ApiFailure."""
        timeouts = httpx2.Timeout(connect=3.0, read=seconds, write=10.0, pool=3.0)
        try:
            request = self._client.build_request("GET", path, params=params, headers=self._headers(), timeout=timeouts)
            answer = await self._client.send(request, stream=True)
            try:
                if answer.status_code != 200:
                    _read("GET", path, answer.status_code, await answer.aread())
                yield _events(answer)
            finally:
                await answer.aclose()
        except httpx2.HTTPError as error:
            raise ApiFailure(f"the API server's watch ended: {type(error).__name__}") from error

    def _headers(self) -> dict[str, str]:
        try:
            token = self._token.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ApiFailure(f"the gateway's own token can't be read: {error.strerror}") from error
        return {"authorization": f"Bearer {token}", "content-type": "application/json", "accept": "application/json"}

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()


async def _events(answer: httpx2.Response) -> AsyncIterator[Json]:
    async for line in answer.aiter_lines():
        if len(line) > MAX_ANSWER_BYTES:
            raise ApiFailure("an event of the API server is too large")
        if line:
            yield _object(line)


def _read(method: str, path: str, status: int, content: bytes) -> Json:
    if len(content) > MAX_ANSWER_BYTES:
        raise ApiFailure(f"the API server's answer to {method} {path} is too large", status)
    if not 200 <= status < 300:
        raise ApiFailure(f"the API server answers {status} to {method} {path}", status)
    return _object(content)


def _object(content: bytes | str) -> Json:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ApiFailure("the API server's answer can't be read") from error
    if not isinstance(value, dict):
        raise ApiFailure("the API server's answer is no object")
    return value
