"""Small servers that play Ray's, Envoy's and the service's doors, in threads."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from socketserver import UnixStreamServer
from typing import TypeVar

#: HTTP/2 SETTINGS, as a gRPC server sends first.
SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
Place = TypeVar("Place")
Answer = Callable[[str, dict[str, str]], tuple[int, object]]


def _handler(answer: Answer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path, {name.lower(): value for name, value in self.headers.items()})
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
            """Say nothing."""

        def address_string(self) -> str:
            return "local"

    return Handler


@contextmanager
def http_door(answer: Answer) -> Iterator[int]:
    """HTTP in clear on a port of loopback."""
    with HTTPServer(("127.0.0.1", 0), _handler(answer)) as server:
        yield from _serving(server, server.server_address[1])


@contextmanager
def unix_door(path: Path, answer: Answer) -> Iterator[str]:
    """HTTP on a unix socket."""
    with UnixStreamServer(str(path), _handler(answer)) as server:
        yield from _serving(server, str(path))


def _serving(server: HTTPServer | UnixStreamServer, place: Place) -> Iterator[Place]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield place
    finally:
        server.shutdown()
        thread.join(10)


@contextmanager
def tls_door(certificate: str, key: str, ca: str | None, *, reply: bytes = SETTINGS) -> Iterator[int]:
    """TLS 1.3; with `ca`, a client certificate of it is required, as gRPC in Ray does."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    if ca is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(ca)

    def talk(connection: socket.socket) -> None:
        connection.settimeout(5)
        try:
            with context.wrap_socket(connection, server_side=True) as secured:
                secured.sendall(reply)
                secured.recv(100)
        except OSError:
            connection.close()

    with raw_door(talk) as port:
        yield port


@contextmanager
def raw_door(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """Whatever `talk` does with each connection."""
    server = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def accept() -> None:
        server.settimeout(0.05)
        while not ended.is_set():
            try:
                connection, _peer = server.accept()
            except TimeoutError:
                continue
            with connection:
                talk(connection)

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        ended.set()
        thread.join(10)
        server.close()
