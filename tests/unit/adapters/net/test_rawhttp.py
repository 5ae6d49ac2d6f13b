"""The raw client sends what it is given and reads whatever comes back."""

import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from rayfence.adapters.net.rawhttp import BODY_LIMIT, RawWire, request_bytes
from rayfence.model.wire import Shot


@contextlib.contextmanager
def server(answer: bytes, *, keep_open: bool = False) -> Iterator[tuple[int, list[bytes]]]:
    """A port that takes one request, gives `answer`, and closes; what it received."""
    received: list[bytes] = []
    done = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener.accept()[0] as connection:
            connection.settimeout(5)
            with contextlib.suppress(OSError):
                received.append(connection.recv(65536))
                connection.sendall(answer)
                if keep_open:
                    done.wait(10)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], received
    finally:
        done.set()
        thread.join(10)
        listener.close()


def plain(port: int, **changes: object) -> Shot:
    return Shot(**{"port": port, "tls": False, "seconds": 1.0, **changes})  # type: ignore[arg-type]


def test_what_is_sent_is_what_stands_there() -> None:
    headers = (("Host", "a"), ("X-Odd", " b "), ("x-odd", "c\tc"))
    shot = Shot(1, "GET", "/a b%zz", headers, b"body")
    assert request_bytes(shot) == b"GET /a b%zz HTTP/1.1\r\nHost: a\r\nX-Odd:  b \r\nx-odd: c\tc\r\n\r\nbody"
    assert request_bytes(Shot(1, raw=b"anything\n")) == b"anything\n"


def test_a_body_by_its_length() -> None:
    with server(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-A: b\r\n\r\n{}more") as (port, received):
        answer = RawWire().send(plain(port, raw=b"GET / HTTP/9\r\n\r\n"))
    assert (answer.status, answer.body, answer.header("x-a")) == (403, b"{}", "b")
    assert received == [b"GET / HTTP/9\r\n\r\n"]


def test_a_body_in_chunks() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    with server(chunked) as (port, _):
        assert RawWire().send(plain(port)).body == b"abcde"


def test_a_body_until_the_end_and_not_beyond_the_limit() -> None:
    with server(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (BODY_LIMIT + 10_000)) as (port, _):
        assert len(RawWire().send(plain(port)).body) == BODY_LIMIT


def test_a_log_that_is_followed_has_no_end_but_is_an_answer() -> None:
    part = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"
    with server(part, keep_open=True) as (port, _):
        answer = RawWire().send(plain(port, seconds=0.3))
    assert (answer.status, answer.body, answer.note) == (200, b"abc", "still streaming")


@pytest.mark.parametrize("head", [b"HTTP/1.1 101 Switching\r\n\r\n\x81", b"HTTP/1.1 204 No\r\n\r\n"])
def test_answers_without_a_body(head: bytes) -> None:
    with server(head, keep_open=True) as (port, _):
        assert RawWire().send(plain(port)).body == b""


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"", "closed without an answer"),
        (b"SSH-2.0-x\r\n", "not HTTP"),
        (b"hello\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 abc\r\n\r\n", "not HTTP"),
    ],
)
def test_what_is_no_answer_is_told(data: bytes, note: str) -> None:
    with server(data) as (port, _):
        answer = RawWire().send(plain(port))
    assert answer.status == 0
    assert answer.note.startswith(note)


def test_nobody_there_silence_and_no_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    assert RawWire().send(plain(port)).note.startswith("connection")
    assert RawWire().greet(port, "nothing") == "unreachable"
    with server(b"", keep_open=True) as (silent, _):
        assert RawWire().send(plain(silent, seconds=0.2)).note == "no answer in time"
    with server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as (clear, _):
        assert RawWire().send(Shot(clear, seconds=1.0)).note.startswith("TLS")
