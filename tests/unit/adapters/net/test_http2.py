"""One HTTP/2 request by hand, against a library's server."""

import contextlib
import socket
import threading
from collections.abc import Callable

import h2.config
import h2.connection
import h2.events
import h2.exceptions
import hpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.adapters.net.http2 import frame, header_block, http2_exchange, status_of
from rayfence.model.wire import Answer, Shot

Serve = Callable[[h2.connection.H2Connection, int, dict[str, str]], None]


def exchange(shot: Shot, serve: Serve) -> tuple[Answer, dict[str, str], bytes]:
    """The answer, and what the server saw of the request."""
    ours, theirs = socket.socketpair()
    seen: dict[str, str] = {}
    body: list[bytes] = []

    def run() -> None:
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        connection.initiate_connection()
        theirs.sendall(connection.data_to_send())
        while data := theirs.recv(65536):
            for event in connection.receive_data(data):
                if isinstance(event, h2.events.RequestReceived):
                    seen.update({_text(name): _text(value) for name, value in event.headers})
                elif isinstance(event, h2.events.DataReceived):
                    body.append(event.data)
                elif isinstance(event, h2.events.StreamEnded):
                    serve(connection, event.stream_id, seen)
            theirs.sendall(connection.data_to_send())

    def run_quietly() -> None:
        with contextlib.suppress(h2.exceptions.ProtocolError, OSError):  # a connection that it has ended itself
            run()

    thread = threading.Thread(target=run_quietly)
    thread.start()
    with ours, theirs:
        ours.settimeout(5)
        answer = http2_exchange(ours, shot)
        ours.shutdown(socket.SHUT_RDWR)
        thread.join(10)
    return answer, seen, b"".join(body)


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def refuse(connection: h2.connection.H2Connection, stream: int, _: dict[str, str]) -> None:
    connection.send_headers(stream, [(":status", "403"), ("content-type", "application/json"), ("x", "y" * 300)])
    connection.send_data(stream, b'{"error":"forbidden"}', end_stream=True)


def test_a_request_with_a_body_and_its_refusal() -> None:
    shot = Shot(1, "POST", "/a", (("host", "gate"), ("X-Long", "v" * 500), ("te", "trailers")), b"\0\0\0\0\0")
    answer, seen, body = exchange(shot, refuse)
    assert (answer.status, answer.body) == (403, b'{"error":"forbidden"}')
    assert (seen[":method"], seen[":path"], seen[":authority"]) == ("POST", "/a", "gate")
    assert seen["x-long"] == "v" * 500
    assert body == b"\0\0\0\0\0"


def test_trailers_end_an_answer_too() -> None:
    def trailers(connection: h2.connection.H2Connection, stream: int, _: dict[str, str]) -> None:
        connection.send_headers(stream, [(":status", "200")])
        connection.send_headers(stream, [("grpc-status", "12")], end_stream=True)

    assert exchange(Shot(1, "POST", "/", body=b"x"), trailers)[0].status == 200


def test_a_reset_is_no_answer() -> None:
    answer, _, _ = exchange(Shot(1), lambda connection, stream, _: connection.reset_stream(stream, 1))
    assert (answer.status, answer.note) == (0, "stream reset (1)")


def test_a_connection_that_is_ended_is_no_answer() -> None:
    answer, _, _ = exchange(Shot(1), lambda connection, _, __: connection.close_connection())
    assert (answer.status, answer.note) == (0, "connection refused (GOAWAY)")


@given(status=st.integers(100, 599), huffman=st.booleans())
def test_every_status_is_read_as_a_library_writes_it(status: int, huffman: bool) -> None:
    block = hpack.Encoder().encode([(":status", str(status)), ("a", "b")], huffman=huffman)
    assert status_of(block) == status


@pytest.mark.parametrize("block", [b"", b"\x20", b"\x00\x01a\x01b", b"\x48", b"\x84"])
def test_what_is_no_status_is_none(block: bytes) -> None:
    assert status_of(block) == 0


@given(st.lists(st.tuples(st.from_regex(r"[a-z-]{1,20}", fullmatch=True), st.text("abc 123=", max_size=400))))
def test_a_library_reads_our_fields(headers: list[tuple[str, str]]) -> None:
    headers = [(name, value) for name, value in headers if name != "host"]
    shot = Shot(1, "GET", "/p", (("host", "h"), *headers))
    decoder = hpack.Decoder(max_header_list_size=1 << 20)
    fields = [(_text(name), _text(value)) for name, value in decoder.decode(header_block(shot))]
    assert fields[4:] == headers


def test_frames_begin_with_their_length() -> None:
    assert frame(0, 1, 1, b"abc") == b"\0\0\3\0\1\0\0\0\1abc"
