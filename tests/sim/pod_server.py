"""An API server's subresources of pods on loopback: upgrades to WebSockets with channels, logs, tokens; as scripted."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from wsproto import ConnectionType
from wsproto.connection import Connection
from wsproto.events import BytesMessage, CloseConnection, Ping
from wsproto.extensions import Extension
from wsproto.utilities import generate_accept_token


class Peer:
    """The server's end of one WebSocket."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self._socket = handler.connection
        self._frames = Connection(ConnectionType.SERVER, extensions=list[Extension]())
        self.closed = False

    def send(self, channel: int, data: bytes) -> None:
        """A message to a channel."""
        self._socket.sendall(self._frames.send(BytesMessage(data=bytes([channel]) + data)))

    def ping(self) -> None:
        """A ping, which is to be answered."""
        self._socket.sendall(self._frames.send(Ping(payload=b"p")))

    def receive(self) -> list[tuple[int, bytes]]:
        """What the client sent next."""
        data = self._socket.recv(65536)
        self._frames.receive_data(data or None)
        found = []
        for event in self._frames.events():
            if isinstance(event, CloseConnection):
                self.closed = True
            elif isinstance(event, BytesMessage):
                found.append((event.data[0], bytes(event.data[1:])))
        return found

    def end(self) -> None:
        """Say goodbye."""
        self._socket.sendall(self._frames.send(CloseConnection(code=1000)))


#: Answers an upgrade; gets the path with its parameters.
Script = Callable[[str, list[tuple[str, str]], Peer], None]


@dataclass
class PodServer:
    """What is scripted and what was asked. `answers`: path to status and body of plain requests."""

    script: Script = lambda _path, _parameters, _peer: None
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    protocol: str = "v4.channel.k8s.io"
    asked: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving(server: PodServer) -> Iterator[PodServer]:
    """Serve it; ended with the context."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            parameters = parse_qsl(parts.query)
            server.asked.append((parts.path, parameters))
            server.bodies.append(self.rfile.read(int(self.headers.get("content-length", 0))))
            status, body = server.answers.get(parts.path, (0, b""))
            if status or self.headers.get("upgrade") != "websocket":
                self._plain(status or 404, body)
                return
            self.send_response(101)
            token = generate_accept_token(self.headers["sec-websocket-key"].encode())
            for name, value in (
                ("upgrade", "websocket"),
                ("connection", "Upgrade"),
                ("sec-websocket-accept", token.decode() if isinstance(token, bytes) else token),
                ("sec-websocket-protocol", server.protocol),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = True
            try:
                server.script(parts.path, parameters, Peer(self))
            except OSError:
                return

        def _plain(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _serve

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    server.address = f"http://127.0.0.1:{http.server_address[1]}"
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def status_body(**fields: Any) -> bytes:
    """A Status object's text."""
    return json.dumps({"kind": "Status", "apiVersion": "v1", **fields}).encode()
