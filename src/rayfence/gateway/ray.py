"""Ray's dashboard over HTTP: the only place of the service that speaks to Ray.

Adds Ray's token, bounds time and connections, and turns every failure into a refusal a caller may read. Leaves out
what the answers mean (`jobs`). Proxies from the environment are ignored: they would be shown Ray's token.
"""

import json
import logging
import ssl
import time
from collections.abc import AsyncIterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

import httpx2

from rayfence.gateway.answers import Refused, busy, upstream_refusal
from rayfence.gateway.files import read_private
from rayfence.gateway.recorder import OutcomeUnknown

LOGGER = logging.getLogger(__name__)

#: Ray's dashboard closes idle connections after 75 s; ours are given up well before, so that none is reused as it
#: closes.
_IDLE_SECONDS: Final = 20

#: How long the session's name is believed. A head that restarts answers nothing for longer than this.
_SESSION_SECONDS: Final = 2.0

#: Makes Ray mask the values of `env_vars`, as it does for browsers.
MASKED: Final = {"sec-fetch-site": "none"}

#: More than the list of jobs of a busy cluster; all of it is held in memory while it is read.
MAX_ANSWER_BYTES: Final = 256 * 1024 * 1024

_TIMEOUTS: Final = httpx2.Timeout(connect=2.0, read=45.0, write=45.0, pool=5.0)
_LIMITS: Final = httpx2.Limits(max_connections=48, max_keepalive_connections=16, keepalive_expiry=_IDLE_SECONDS)


@dataclass(frozen=True, slots=True)
class RayAnswer:
    """One answer. `body` is whole in memory: log bytes never come this way."""

    status: int
    body: bytes
    content_type: str

    @property
    def text(self) -> str:
        """The body as text, whatever it holds."""
        return self.body.decode(errors="replace")

    def refuse_failure(self) -> "RayAnswer":
        """Itself if the status is 2xx. Raises Refused with the reason that a caller may read."""
        if 200 <= self.status < 300:
            return self
        raise upstream_refusal(self.status, self.text)


def segment(text: str) -> str:
    """One path segment. Raises ValueError for what would change the path's meaning."""
    if text in {"", ".", ".."}:
        raise ValueError(f"not a path segment: {text!r}")
    return quote(text, safe="")


class RayApi:
    """Requests to one Ray dashboard. `transport` replaces the network in tests.

    `tls`: where a head's sidecar stands before it, at `host`; without, it is on loopback.
    """

    def __init__(
        self,
        port: int,
        token_file: Path,
        transport: httpx2.AsyncBaseTransport | None = None,
        *,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._token_file = token_file
        self._token = ""
        self._token_seen = 0
        self._session: tuple[float, str] = (0.0, "")
        self._place = f"{host}:{port}"
        self._client = _connected(self._place, transport, tls)
        self._former: list[httpx2.AsyncClient] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | AsyncIterable[bytes] | None = None,
        headers: Mapping[str, str] | None = None,
        writes: bool = False,
    ) -> RayAnswer:
        """One request with Ray's token. `query` is the raw query string.

        Raises Refused: 503 when Ray can't be reached, 504 when it does not answer. A write whose answer is lost raises
        OutcomeUnknown instead: it may have happened.
        """
        url = f"{path}?{query}" if query else path
        # Not compressed: a small answer that unpacks to gigabytes is one that nobody can bound.
        sent = {**(headers or {}), "authorization": f"Bearer {self._current_token()}", "accept-encoding": "identity"}
        try:
            request = self._client.build_request(method, url, content=body, headers=sent)
            answer = await self._client.send(request, stream=True)
            content = await _body(answer)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            self._session = (0.0, "")
            LOGGER.warning("Ray can't be reached: %s", type(error).__name__)
            raise busy("Ray can't be reached at the moment; it may be starting", 2) from error
        except httpx2.TransportError as error:
            self._session = (0.0, "")
            LOGGER.warning("Ray did not answer %s: %s", method, type(error).__name__)
            if writes:
                raise OutcomeUnknown(
                    504, "outcome_unknown", "Ray did not answer; the change may have happened"
                ) from error
            raise Refused(504, "ray_silent", "Ray did not answer in time") from error
        except _Unreadable as error:
            self._session = (0.0, "")
            LOGGER.warning("Ray's answer to %s is %s", method, error)
            if writes:
                raise OutcomeUnknown(
                    502, "outcome_unknown", "Ray's answer can't be read; the change may have happened"
                ) from error
            raise Refused(502, "ray_failed", "Ray's answer can't be read") from error
        if answer.status_code in {401, 403}:
            # Ours, not the caller's: passing Ray's 401 on would tell a person to check a token they don't have.
            self._token_seen = 0
            LOGGER.error("Ray refused the gateway's own token (%s)", answer.status_code)
            raise Refused(502, "ray_token", "Ray refused the gateway; an operator must look at `rayfence status`")
        return RayAnswer(answer.status_code, content, answer.headers.get("content-type", ""))

    async def session_name(self) -> str:
        """The name of Ray's running session. It changes with the head, and job stamps are bound to it."""
        seen, name = self._session
        if name and time.monotonic() - seen < _SESSION_SECONDS:
            return name
        answer = (await self.request("GET", "/api/version")).refuse_failure()
        name = str(json_object(answer).get("session_name", ""))
        if not name:
            raise Refused(502, "ray_failed", "Ray did not name its session")
        self._session = (time.monotonic(), name)
        return name

    async def alive(self) -> bool:
        """Whether Ray answers."""
        try:
            await self.session_name()
        except Refused:
            return False
        return True

    def _current_token(self) -> str:
        try:
            changed = self._token_file.stat().st_mtime_ns
        except FileNotFoundError:
            raise busy("Ray's token is not there yet; the Ray cluster may be starting", 5) from None
        if changed != self._token_seen:
            self._token = read_private(self._token_file).strip()
            self._token_seen = changed
        return self._token

    def renew(self, tls: ssl.SSLContext) -> None:
        """Use another certificate and authority from now on; what is under way ends as it began."""
        self._former.append(self._client)
        self._client = _connected(self._place, None, tls)

    async def close(self) -> None:
        """Close every connection."""
        for client in (*self._former, self._client):
            await client.aclose()


def _connected(
    place: str, transport: httpx2.AsyncBaseTransport | None, tls: ssl.SSLContext | None
) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=f"{'http' if tls is None else 'https'}://{place}",
        transport=transport,
        verify=True if tls is None else tls,
        trust_env=False,
        follow_redirects=False,
        timeout=_TIMEOUTS,
        limits=_LIMITS,
    )


class _Unreadable(Exception):
    """An answer that is not read to its end, and why."""


async def _body(answer: httpx2.Response) -> bytes:
    """The body, as it came. Raises _Unreadable: job code can stand where Ray's dashboard should, and send no end."""
    try:
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise _Unreadable("compressed")
        parts: list[bytes] = []
        size = 0
        async for part in answer.aiter_raw():
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                raise _Unreadable("too large")
            parts.append(part)
        return b"".join(parts)
    finally:
        await answer.aclose()


def json_value(answer: RayAnswer) -> object:
    """The body as JSON. Raises Refused 502 when it is none."""
    try:
        value: object = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Refused(502, "ray_failed", "Ray's answer can't be read") from None
    return value


def json_object(answer: RayAnswer) -> dict[str, object]:
    """The body as a JSON object. Raises Refused 502."""
    value = json_value(answer)
    if not isinstance(value, dict):
        raise Refused(502, "ray_failed", "Ray's answer can't be read")
    return value
