"""One WebSocket to a pod through the API server, with numbered channels in it: `v4.channel.k8s.io`.

The request goes out by the server's own client, so credentials, TLS and proxies are those of every other request; after
the upgrade frames are wsproto's. Each binary message begins with its channel's number. Source: RFC 6455; Kubernetes,
`apiserver/pkg/util/proxy`, `kubelet/pkg/cri/streaming`.
"""

import base64
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import httpcore2  # httpx2's own transport: what its streams raise once they are ours
import httpx2
from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from rayfence.adapters.kubernetes.answers import error_of
from rayfence.errors import KubernetesError, ServerUnreachable, cut
from rayfence.model.api_objects import object_at

PROTOCOL: Final = "v4.channel.k8s.io"
_PIECE: Final = 1 << 16
#: Of a write that does not get on: the far end takes nothing any more.
_WRITE_SECONDS: Final = 60.0
_OPEN: Final = httpx2.Timeout(30.0, connect=5.0)
_BROKEN: Final = (
    httpx2.NetworkError,
    httpx2.TimeoutException,
    httpcore2.NetworkError,
    httpcore2.TimeoutException,
    OSError,
)


class Channels:
    """An open WebSocket. Not for two threads at once."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._frames = Connection(ConnectionType.CLIENT)
        self._partial = bytearray()
        self._ended = False

    @property
    def socket(self) -> Any:
        """The socket below, to wait on together with others."""
        return self._stream.get_extra_info("socket")

    @property
    def ended(self) -> bool:
        """Whether the far end has closed."""
        return self._ended

    @property
    def waiting(self) -> bool:
        """Whether something was received that the socket does not show any more."""
        pending = getattr(self.socket, "pending", None)
        return bool(pending is not None and pending())

    def send(self, channel: int, data: bytes) -> None:
        """Send to a channel. Raises ServerUnreachable."""
        self._write(self._frames.send(BytesMessage(data=bytes([channel]) + data)))

    def receive(self, seconds: float | None = None) -> list[tuple[int, bytes]] | None:
        """Wait for what comes next: messages as (channel, content); none of them when there was only control.

        None: nothing came in time. Raises ServerUnreachable when the connection breaks.
        """
        try:
            data = self._stream.read(_PIECE, timeout=seconds)
            self._frames.receive_data(data or None)
            return list(self._messages())
        except httpcore2.ReadTimeout:
            return None
        except _BROKEN as error:
            raise ServerUnreachable(f"the way to the pod broke: {cut(str(error)) or type(error).__name__}") from error
        except RemoteProtocolError as error:
            if self._ended:
                return []
            self._ended = True
            raise ServerUnreachable(f"the way to the pod broke: {cut(str(error))}") from error

    def _messages(self) -> Iterator[tuple[int, bytes]]:
        for event in self._frames.events():
            if isinstance(event, Ping):
                self._write(self._frames.send(event.response()))
            elif isinstance(event, CloseConnection):
                self._ended = True
            elif isinstance(event, BytesMessage | TextMessage):
                self._partial += event.data.encode() if isinstance(event.data, str) else event.data
                if event.message_finished:
                    whole, self._partial = bytes(self._partial), bytearray()
                    if whole:
                        yield whole[0], whole[1:]

    def _write(self, data: bytes) -> None:
        try:
            self._stream.write(data, timeout=_WRITE_SECONDS)
        except _BROKEN as error:
            raise ServerUnreachable(f"the way to the pod broke: {cut(str(error)) or type(error).__name__}") from error

    def close(self) -> None:
        """Say goodbye, if anybody still listens."""
        if not self._ended:
            self._ended = True
            try:
                self._write(self._frames.send(CloseConnection(code=CloseReason.NORMAL_CLOSURE)))
            except (ServerUnreachable, LocalProtocolError):
                return


@contextmanager
def opened(client: httpx2.Client, path: str, parameters: Sequence[tuple[str, str]], subject: str) -> Iterator[Channels]:
    """A WebSocket to `path`. Raises the error that the server's answer means, ServerUnreachable."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Protocol": PROTOCOL,
    }
    try:
        with client.stream("GET", path, params=list(parameters), headers=headers, timeout=_OPEN) as response:
            if response.status_code != 101:
                raise _refusal(response, subject)
            if response.headers.get("sec-websocket-protocol") != PROTOCOL:
                raise KubernetesError(f"{subject}: the API server does not speak {PROTOCOL}")
            channels = Channels(response.extensions["network_stream"])
            try:
                yield channels
            finally:
                channels.close()
    except httpx2.TransportError as error:
        raise ServerUnreachable(f"{subject}: {cut(str(error)) or type(error).__name__}") from error


def _refusal(response: httpx2.Response, subject: str) -> KubernetesError:
    body = response.read()
    try:
        status = object_at(response.json())
    except ValueError:
        status = {"message": cut(body.decode("utf-8", "replace"))}
    return error_of(response.status_code, status, subject)
