"""`ports.pods.Pods` over HTTPS: logs are plain answers, programs and ports go through WebSockets (`channels.py`).

Source: Kubernetes API, subresources `log`, `exec`, `portforward` of pods and `token` of serviceaccounts. From 1.35 on
an upgrade needs the verb `create` besides `get`.
"""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

import httpx2

from rayfence.adapters.kubernetes.answers import error_of
from rayfence.adapters.kubernetes.channels import Channels, opened
from rayfence.errors import KubernetesError, ProgramFailed, Refused, ServerUnreachable, cut
from rayfence.model.api_objects import Json, object_at, objects_at, text_at
from rayfence.ports.doors import Doors
from rayfence.ports.pods import LogWish, PodPart

_STDIN: Final = 0
_STDOUT: Final = 1
_STDERR: Final = 2
_STATUS: Final = 3
#: How often an attached program hears that somebody still reads.
ALIVE_SECONDS: Final = 20.0
#: A forwarded connection opens at once, or not at all.
_GREETING_SECONDS: Final = 30.0
_TIMEOUT: Final = httpx2.Timeout(30.0, connect=5.0)
_FOLLOWING: Final = httpx2.Timeout(30.0, connect=5.0, read=None)
_LAST_WORDS: Final = 2000


class ServerPods:
    """Pods of one API server; see the port."""

    def __init__(self, client: httpx2.Client, doors: Doors) -> None:
        self._client = client
        self._doors = doors

    def log(self, part: PodPart, wish: LogWish) -> Iterator[str]:
        """See the port."""
        subject = f"log of {part.namespace}/{part.pod} ({part.container})"
        parameters = {"container": part.container, "tailLines": str(wish.lines)}
        parameters |= {"follow": "true"} if wish.follow else {}
        parameters |= {"previous": "true"} if wish.previous else {}
        timeout = _FOLLOWING if wish.follow else _TIMEOUT
        try:
            path = f"{_pod(part)}/log"
            with self._client.stream("GET", path, params=parameters, timeout=timeout) as answer:
                if answer.status_code >= 400:
                    answer.read()
                    raise error_of(answer.status_code, _status(answer), subject)
                yield from _lines(answer.iter_bytes())
        except httpx2.TransportError as error:
            raise ServerUnreachable(f"{subject}: {cut(str(error)) or type(error).__name__}") from error

    def run(self, part: PodPart, command: Sequence[str], *, attached: bool = False) -> Iterator[bytes]:
        """See the port."""
        subject = f"running a program in {part.namespace}/{part.pod} ({part.container})"
        parameters = [("container", part.container), ("stdout", "true"), ("stderr", "true")]
        parameters += [("stdin", "true")] if attached else []
        parameters += [("command", word) for word in command]
        words, said = bytearray(), time.monotonic()
        with opened(self._client, f"{_pod(part)}/exec", parameters, subject) as channels:
            while not channels.ended:
                messages = channels.receive(ALIVE_SECONDS if attached else None)
                if attached and time.monotonic() - said >= ALIVE_SECONDS:
                    channels.send(_STDIN, b"\n")
                    said = time.monotonic()
                for channel, data in messages or ():
                    if channel == _STDOUT and data:
                        yield data
                    elif channel == _STDERR:
                        words += data
                        del words[:-_LAST_WORDS]
                    elif channel == _STATUS:
                        _judge(data, subject, bytes(words))
                        return
        raise ServerUnreachable(f"{subject}: the connection ended before the program did")

    @contextmanager
    def forward(self, namespace: str, pod: str, port: int) -> Iterator[int]:
        """See the port."""
        path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward"
        subject = f"a way to port {port} of {namespace}/{pod}"

        @contextmanager
        def connection() -> Iterator[_Forwarded]:
            with opened(self._client, path, [("ports", str(port))], subject) as channels:
                yield _Forwarded(channels, subject)

        with connection():  # refused rights, a pod that is gone: told before anybody is sent there
            pass
        with self._doors(connection, _quiet) as door:
            yield door.port

    def account_token(self, namespace: str, account: str, audience: str, seconds: int) -> str:
        """See the port."""
        subject = f"a token of service account {namespace}/{account}"
        body = {
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [audience], "expirationSeconds": seconds},
        }
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        headers = {"content-type": "application/json"}
        try:
            answer = self._client.post(path, content=json.dumps(body).encode(), headers=headers)
        except httpx2.TransportError as error:
            raise ServerUnreachable(f"{subject}: {cut(str(error)) or type(error).__name__}") from error
        if answer.status_code >= 400:
            raise error_of(answer.status_code, _status(answer), subject)
        token = text_at(_status(answer), "status", "token")
        if not token:
            raise KubernetesError(f"{subject}: the API server gave none")
        return token

    def bearer(self) -> str:
        """See the port. Raises CredentialsRefused when a credential plugin gives nothing."""
        if self._client.auth is None:
            return ""
        request = self._client.build_request("GET", "/version")
        flow = self._client.auth.sync_auth_flow(request)
        try:
            kind, _, token = next(flow).headers.get("authorization", "").partition(" ")
        finally:
            flow.close()
        return token if kind == "Bearer" else ""


class _Forwarded:
    """One forwarded connection: data in channel 0, errors in channel 1; each opens with the port's number."""

    def __init__(self, channels: Channels, subject: str) -> None:
        self._channels = channels
        self._subject = subject
        self._greeted: set[int] = set()
        self._early = b""
        while len(self._greeted) < 2:
            self._early += self._taken(_GREETING_SECONDS)
            if channels.ended:
                raise ServerUnreachable(f"{subject}: it closed at once")

    @property
    def socket(self) -> object:
        return self._channels.socket

    @property
    def waiting(self) -> bool:
        return bool(self._early) or self._channels.waiting

    def read(self) -> bytes | None:
        data, self._early = self._early, b""
        data = data or self._taken(None)
        return data or (b"" if self._channels.ended else None)

    def write(self, data: bytes) -> None:
        self._channels.send(0, data)

    def _taken(self, seconds: float | None) -> bytes:
        found = b""
        messages = self._channels.receive(seconds)
        if messages is None:
            raise ServerUnreachable(f"{self._subject}: no answer in time")
        for channel, data in messages:
            if channel not in self._greeted:
                self._greeted.add(channel)
                found += data[2:] if channel == 0 else b""
            elif channel == 0:
                found += data
            elif data:
                raise ServerUnreachable(f"{self._subject}: {cut(data.decode('utf-8', 'replace'))}")
        return found


def _judge(data: bytes, subject: str, words: bytes) -> None:
    """Return for a program that ended well. Raises ProgramFailed, Refused."""
    try:
        status = object_at(json.loads(data))
    except ValueError:
        status = {"message": data.decode("utf-8", "replace")}
    if text_at(status, "status") == "Success":
        return
    causes = objects_at(status, "details", "causes")
    code = next((text_at(one, "message") for one in causes if text_at(one, "reason") == "ExitCode"), "")
    told = words.decode("utf-8", "replace").strip()
    if code.isdigit():
        raise ProgramFailed(f"{subject}: {cut(told) or 'it failed'}", int(code))
    raise Refused(f"{subject}: {cut(text_at(status, 'message') or told)}", text_at(status, "reason"))


def _lines(pieces: Iterator[bytes]) -> Iterator[str]:
    """Whole lines as they come; only a newline ends one, whatever else a program prints."""
    held = b""
    for piece in pieces:
        *whole, held = (held + piece).split(b"\n")
        yield from (line.decode("utf-8", "replace") for line in whole)
    if held:
        yield held.decode("utf-8", "replace")


def _status(answer: httpx2.Response) -> Json:
    try:
        return object_at(answer.json())
    except ValueError:
        return {"message": cut(answer.text)}


def _pod(part: PodPart) -> str:
    return f"/api/v1/namespaces/{part.namespace}/pods/{part.pod}"


def _quiet(_text: str) -> None:
    """A client whose connection breaks sees so itself."""
