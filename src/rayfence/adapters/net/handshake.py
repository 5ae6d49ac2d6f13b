"""What a port or a unix socket answers: TLS as a client with or without certificate, HTTP in clear.

Used to prove readiness and to attack. Leaves out: HTTP through the gateway, which is the command line's.
In TLS 1.3 a client sees that its certificate was refused only at its first read after the handshake: a probe that stops
at "handshake done" reports a success that is none. So each outcome here includes a read.
"""

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

LOOPBACK: Final = "127.0.0.1"
_WAITS: Final = 3
#: What an HTTP/2 client sends first: a gRPC server answers with its settings once it accepts the certificate.
HTTP2_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"


class Outcome(StrEnum):
    """How a TLS server dealt with us."""

    ACCEPTED = "accepted"  # it answered application data
    REFUSED = "refused"  # it ended the connection because of the certificate we showed or did not show
    UNTRUSTED = "untrusted"  # its own certificate does not verify
    NOT_TLS = "not TLS"
    UNREACHABLE = "unreachable"
    SILENT = "silent"  # no answer in time


@dataclass(frozen=True, slots=True)
class Client:
    """How we present ourselves. Without `ca` the server is not verified: for attackers, who don't care."""

    ca: str = ""
    certificate: str = ""
    key: str = ""
    name: str = "localhost"
    alpn: tuple[str, ...] = ("h2",)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """Status, headers with lower-case names, and the beginning of the body."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class _Deadline(contextlib.AbstractContextManager["_Deadline"]):
    """Ends a connection after a while, however busy it is: a job that took over a port may answer byte by byte."""

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self.passed = False
        self._grip = connection.dup()  # TLS takes the connection's own handle away
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True
        self._timer.start()

    def __exit__(self, *_details: object) -> None:
        self._timer.cancel()
        self._timer.join()
        self._grip.close()

    def _end(self) -> None:
        self.passed = True
        with contextlib.suppress(OSError):
            self._grip.shutdown(socket.SHUT_RDWR)


def tls_outcome(port: int, client: Client, *, host: str = LOOPBACK, timeout: float = 3.0) -> Outcome:
    """Handshake, speak HTTP/2, read. `timeout`: for each wait; the whole takes at most `_WAITS` of them.

    Raises OSError or ssl.SSLError only when our own files are unusable.
    """
    context = _context(client)
    try:
        plain = socket.create_connection((host, port), timeout)
    except OSError:
        return Outcome.UNREACHABLE
    with plain, _Deadline(plain, _WAITS * timeout) as deadline:
        outcome = _shake_hands(context, plain, client.name)
    return Outcome.SILENT if deadline.passed else outcome  # that we ended it is no refusal of theirs


def _shake_hands(context: ssl.SSLContext, plain: socket.socket, name: str) -> Outcome:
    try:
        with context.wrap_socket(plain, server_hostname=name) as secured:
            secured.sendall(HTTP2_PREFACE)
            return Outcome.ACCEPTED if secured.recv(9) else Outcome.REFUSED
    except ssl.SSLCertVerificationError:
        return Outcome.UNTRUSTED
    except TimeoutError:
        return Outcome.SILENT
    except ssl.SSLError as problem:
        plain_answer = problem.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
        return Outcome.NOT_TLS if plain_answer else Outcome.REFUSED
    except OSError:  # reset: also a refusal
        return Outcome.REFUSED


def http_get(
    target: int | str,
    path: str,
    headers: Mapping[str, str] | None = None,
    *,
    host: str = LOOPBACK,
    timeout: float = 3.0,
    limit: int = 4_000_000,
) -> HttpAnswer | None:
    """GET in clear from a port (int) or a unix socket (str). None: nobody answers HTTP there, or not to an end.

    `timeout`: for each wait; the whole takes at most `_WAITS` of them.
    """
    connection = _UnixConnection(target, timeout) if isinstance(target, str) else _tcp(host, target, timeout)
    with contextlib.closing(connection):
        try:
            connection.connect()
            with _Deadline(connection.sock, _WAITS * timeout) as deadline:
                connection.request("GET", path, headers=dict(headers or {}))
                answer = connection.getresponse()
                body = answer.read(limit)
        except (OSError, http.client.HTTPException):
            return None
    if deadline.passed:
        return None
    return HttpAnswer(answer.status, body, {name.lower(): value for name, value in answer.getheaders()})


def accepts(port: int, *, host: str = LOOPBACK, timeout: float = 1.0) -> bool:
    """Whether somebody accepts a TCP connection."""
    try:
        with socket.create_connection((host, port), timeout):
            return True
    except OSError:
        return False


def _tcp(host: str, port: int, timeout: float) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(host, port, timeout=timeout)


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def _context(client: Client) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if client.ca:
        context.load_verify_locations(client.ca)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if client.certificate:
        context.load_cert_chain(client.certificate, client.key)
    if client.alpn:
        context.set_alpn_protocols(list(client.alpn))
    return context
