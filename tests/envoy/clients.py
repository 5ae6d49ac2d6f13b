"""Clients that send exactly the bytes they are told: HTTP/1.1 over a raw TLS socket, HTTP/2 frame by frame.

A library's client would refuse or repair the very requests that an attacker sends.
"""

import json
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

import h2.config
import h2.connection
import h2.events

from tests.envoy.upstream import SEEN_HEADER, Seen

Headers = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` 0: the connection or the stream ended without an answer."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """First value of a header, or empty."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def seen(self) -> Seen | None:
        """The request as the upstream received it; None when it reached none."""
        text = self.header(SEEN_HEADER)
        return Seen.from_header(text) if text else None

    @property
    def refusal(self) -> str:
        """The gateway's own error word; empty when it did not refuse."""
        return self.header("x-rayfence-refusal")

    def json(self) -> dict[str, object]:
        """The body as an object."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


def _text(value: bytes | str) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


def tls_context(ca: str, alpn: list[str]) -> ssl.SSLContext:
    """Client context that trusts one CA."""
    context = ssl.create_default_context(cafile=ca)
    context.set_alpn_protocols(alpn)
    return context


@dataclass(slots=True)
class Http1:
    """One keep-alive connection; reopened when the server closed it."""

    port: int
    context: ssl.SSLContext
    server_name: str = "localhost"
    timeout: float = 10.0
    _socket: ssl.SSLSocket | None = None
    _buffer: bytes = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._buffer = None, b""

    def request(
        self, method: str, target: str, headers: Headers, body: bytes = b"", version: str = "HTTP/1.1"
    ) -> Answer:
        """Send a request exactly as given (Host is one of `headers`), read the answer."""
        head = f"{method} {target} {version}\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers) + "\r\n"
        return self.raw(head.encode("latin-1") + body, method)

    def raw(self, data: bytes, method: str = "GET") -> Answer:
        """Send these bytes. A kept connection that turned out closed is opened once more."""
        fresh = self._socket is None
        try:
            return self._exchange(data, method)
        except (ConnectionError, ssl.SSLError, EOFError):
            self.close()
            if fresh:
                return Answer(0)
        try:
            return self._exchange(data, method)
        except (ConnectionError, ssl.SSLError, EOFError):
            self.close()
            return Answer(0)

    def _exchange(self, data: bytes, method: str) -> Answer:
        if self._socket is None:
            plain = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
            self._socket = self.context.wrap_socket(plain, server_hostname=self.server_name)
        self._socket.sendall(data)
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        status = int(first.split(" ")[1])
        pairs = (line.split(":", 1) for line in lines)
        headers = tuple((name.lower(), value.strip()) for name, value in pairs)
        fields = dict(headers)
        body = b""
        if method != "HEAD" and status not in {101, 204, 304}:
            body = (
                self._chunked()
                if "transfer-encoding" in fields
                else self._exactly(int(fields.get("content-length", "0")))
            )
        if fields.get("connection") == "close":
            self.close()
        return Answer(status, headers, body)

    def stream(self) -> ssl.SSLSocket:
        """The socket, after an upgrade."""
        assert self._socket is not None
        return self._socket

    def _fill(self) -> None:
        assert self._socket is not None
        data = self._socket.recv(65536)
        if not data:
            raise EOFError
        self._buffer += data

    def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            self._fill()
        data, self._buffer = self._buffer[:length], self._buffer[length:]
        return data

    def _chunked(self) -> bytes:
        body = b""
        while True:
            while b"\r\n" not in self._buffer:
                self._fill()
            size, _, self._buffer = self._buffer.partition(b"\r\n")
            body += self._exactly(int(size, 16))
            self._exactly(2)
            if int(size, 16) == 0:
                return body


@dataclass(slots=True)
class Http2:
    """One HTTP/2 connection, one request at a time, names and values unchecked."""

    port: int
    context: ssl.SSLContext
    server_name: str = "localhost"
    timeout: float = 10.0
    _socket: ssl.SSLSocket | None = None
    _connection: h2.connection.H2Connection | None = field(default=None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the connection."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._connection = None, None

    def request(self, headers: Headers, body: bytes | None = None) -> Answer:
        """Send these headers (pseudo-headers among them, first), then the body if any."""
        for attempt in range(2):
            fresh = self._connection is None
            try:
                return self._exchange(headers, body)
            except (ConnectionError, ssl.SSLError, EOFError, TimeoutError):
                self.close()
                if fresh or attempt:
                    break
        return Answer(0)

    def _open(self) -> tuple[ssl.SSLSocket, h2.connection.H2Connection]:
        if self._socket is None or self._connection is None:
            plain = socket.create_connection(("127.0.0.1", self.port), timeout=self.timeout)
            self._socket = self.context.wrap_socket(plain, server_hostname=self.server_name)
            config = h2.config.H2Configuration(
                client_side=True,
                header_encoding="latin-1",
                validate_outbound_headers=False,
                normalize_outbound_headers=False,
                validate_inbound_headers=False,
            )
            self._connection = h2.connection.H2Connection(config=config)
            self._connection.initiate_connection()
            self._connection.increment_flow_control_window(1 << 30)
            self._socket.sendall(self._connection.data_to_send())
        return self._socket, self._connection

    def _exchange(self, headers: Headers, body: bytes | None) -> Answer:
        sock, connection = self._open()
        stream = connection.get_next_available_stream_id()
        connection.send_headers(stream, list(headers), end_stream=body is None)
        if body is not None:
            connection.send_data(stream, body, end_stream=True)
        sock.sendall(connection.data_to_send())
        status, data = 0, b""
        fields: tuple[tuple[str, str], ...] = ()
        while True:
            received = sock.recv(65536)
            if not received:
                raise EOFError
            for event in connection.receive_data(received):
                if isinstance(event, h2.events.ResponseReceived):
                    fields = tuple((_text(name), _text(value)) for name, value in event.headers or ())
                    status = int(dict(fields)[":status"])
                elif isinstance(event, h2.events.DataReceived):
                    data += event.data or b""
                elif isinstance(event, h2.events.ConnectionTerminated):
                    raise EOFError  # noqa: TRY004 - the peer left
                elif isinstance(event, h2.events.StreamReset) and event.stream_id == stream:
                    return Answer(status, fields, data)
                elif isinstance(event, h2.events.StreamEnded) and event.stream_id == stream:
                    sock.sendall(connection.data_to_send())
                    return Answer(status, fields, data)
            sock.sendall(connection.data_to_send())
