"""Requests that no library would send: HTTP/1.1 byte by byte over TLS or in clear, one connection each.

An ordinary client refuses or repairs the very requests an attack is made of. This one sends what it is told and reads
whatever comes back. Leaves out HTTP/2 (`http2`) and verification of the server: an attacker does not care, and the
instance's own certificate is checked elsewhere.
"""

import contextlib
import socket
import ssl
from typing import Final

from rayfence.adapters.net.handshake import LOOPBACK, Client, tls_outcome
from rayfence.adapters.net.http2 import http2_exchange
from rayfence.model.wire import Answer, Fields, Shot
from rayfence.ports.wire import Showing

#: As much of an answer's body as evidence needs.
BODY_LIMIT: Final = 64 * 1024
_HEAD_LIMIT: Final = 256 * 1024
_NO_BODY: Final = frozenset({101, 204, 304})


class RawWire:
    """`ports.Wire` on this machine's loopback.

    `node_ca` as a file; `node` and `front`: certificate and key files of one leaf of each authority.
    """

    def __init__(self, node_ca: str = "", node: tuple[str, str] = ("", ""), front: tuple[str, str] = ("", "")) -> None:
        self._clients = {
            "nothing": Client(node_ca),
            "node": Client(node_ca, *node),
            "front": Client(node_ca, *front),
        }

    def send(self, shot: Shot) -> Answer:
        """See `ports.Wire`."""
        try:
            with contextlib.closing(_connect(shot)) as stream:
                if shot.http2:
                    return http2_exchange(stream, shot)
                return _exchange(stream, shot)
        except TimeoutError:
            return Answer(0, note="no answer in time")
        except ssl.SSLError as problem:
            return Answer(0, note=f"TLS: {problem.reason or 'ended'}")
        except OSError as problem:
            return Answer(0, note=f"connection: {problem.strerror or type(problem).__name__}")

    def greet(self, port: int, showing: Showing) -> str:
        """See `ports.Wire`."""
        return str(tls_outcome(port, self._clients[showing]))


def request_bytes(shot: Shot) -> bytes:
    """The request as it goes over an HTTP/1.1 connection."""
    if shot.raw:
        return shot.raw
    lines = [f"{shot.method} {shot.target} HTTP/1.1", *(f"{name}: {value}" for name, value in shot.headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + shot.body


def _connect(shot: Shot) -> socket.socket:
    plain = socket.create_connection((LOOPBACK, shot.port), timeout=shot.seconds)
    if not shot.tls:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2" if shot.http2 else "http/1.1"])
    try:
        return context.wrap_socket(plain, server_hostname=shot.server_name)
    except BaseException:
        plain.close()
        raise


def _exchange(stream: socket.socket, shot: Shot) -> Answer:
    # A server that refuses early closes while we still write; what it said is worth more than our broken pipe.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError, ssl.SSLError):
        stream.sendall(request_bytes(shot))
    data = _until_head(stream)
    if b"\r\n\r\n" not in data:
        return Answer(0, note="closed without an answer" if not data else f"not HTTP: {data[:40]!r}")
    head, _, rest = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        return Answer(0, note=f"not HTTP: {first[:40]!r}")
    headers = tuple((name.strip().lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines))
    status = int(words[1])
    if shot.method == "HEAD" or status in _NO_BODY:
        return Answer(status, headers)
    body, whole = _body(stream, headers, rest)
    return Answer(status, headers, body, "" if whole else "still streaming")


def _until_head(stream: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and len(data) < _HEAD_LIMIT:
        piece = _read(stream)
        if not piece:
            break
        data += piece
    return data


def _body(stream: socket.socket, headers: Fields, data: bytes) -> tuple[bytes, bool]:
    """The body, and whether its end was seen: a log that is followed has none."""
    fields = dict(headers)
    chunked = "chunked" in fields.get("transfer-encoding", "")
    length = fields.get("content-length", "")
    wanted = min(int(length), BODY_LIMIT) if length.isdigit() and not chunked else BODY_LIMIT
    whole = True
    while len(data) < wanted and not (chunked and data.endswith(b"0\r\n\r\n")):
        try:
            piece = _read(stream)
        except TimeoutError:
            whole = False
            break
        if not piece:
            break
        data += piece
    return (_dechunked(data) if chunked else data[:wanted]), whole


def _read(stream: socket.socket) -> bytes:
    try:
        return stream.recv(65536)
    except (ConnectionResetError, ssl.SSLError):
        return b""


def _dechunked(data: bytes) -> bytes:
    out = b""
    while data:
        size, found, rest = data.partition(b"\r\n")
        try:
            length = int(size.split(b";")[0], 16)
        except ValueError:
            return out
        if not found or length == 0:
            return out
        out, data = out + rest[:length], rest[length + 2 :]
    return out
