"""What doors answer, told apart: each refusal beside the same call that is accepted."""

import contextlib
import socket
import time
from pathlib import Path

from rayfence.adapters.net import handshake
from rayfence.adapters.net.handshake import Client, Outcome, tls_outcome
from tests.unit.adapters.net.doors import http_door, raw_door, tls_door, unix_door
from tests.unit.adapters.tls.certified import certified


def test_only_a_certificate_of_the_right_authority_is_accepted(tmp_path: Path) -> None:
    """TLS 1.3: the handshake of a refused client succeeds on its side, so the outcome must not be decided there."""
    ours, request = certified(tmp_path)
    theirs, foreign = certified(tmp_path, "foreign", "other")
    ca = f"{ours.path}/ca.pem"
    with tls_door(request.certificate, request.key, ca) as port:
        assert tls_outcome(port, Client(ca, request.certificate, request.key)) is Outcome.ACCEPTED
        assert tls_outcome(port, Client(ca)) is Outcome.REFUSED
        assert tls_outcome(port, Client(ca, foreign.certificate, foreign.key)) is Outcome.REFUSED
        assert tls_outcome(port, Client()) is Outcome.REFUSED
        assert tls_outcome(port, Client(f"{theirs.path}/ca.pem", request.certificate, request.key)) is Outcome.UNTRUSTED
        assert tls_outcome(port, Client(ca, request.certificate, request.key, "other.test")) is Outcome.UNTRUSTED
    assert tls_outcome(port, Client(ca)) is Outcome.UNREACHABLE


def test_a_door_that_asks_for_no_certificate_is_seen_to_be_open(tmp_path: Path) -> None:
    ours, request = certified(tmp_path)
    with tls_door(request.certificate, request.key, None) as port:
        assert tls_outcome(port, Client(f"{ours.path}/ca.pem")) is Outcome.ACCEPTED


def test_doors_without_tls_and_silent_ones(tmp_path: Path) -> None:
    with http_door(lambda _path, _headers: (200, {})) as port:
        assert tls_outcome(port, Client()) is Outcome.NOT_TLS

    def silent(connection: socket.socket) -> None:
        connection.settimeout(2)
        time.sleep(0.6)

    with raw_door(silent) as port:
        assert tls_outcome(port, Client(), timeout=0.3) is Outcome.SILENT
    with raw_door(lambda connection: connection.close()) as port:
        assert tls_outcome(port, Client()) is Outcome.REFUSED


def test_doors_that_answer_without_end_are_left() -> None:
    """A job that took over a port of Ray's could hold `status` and `up` for ever, one byte at a time."""

    def drip(connection: socket.socket, answer: bytes) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection.sendall(answer)
                time.sleep(0.02)

    began = time.monotonic()
    with raw_door(lambda connection: drip(connection, b"HTTP/1.1 100 Continue\r\n\r\n")) as port:
        assert handshake.http_get(port, "/", timeout=0.3) is None
    with raw_door(lambda connection: drip(connection, b"H")) as port:
        assert handshake.http_get(port, "/", timeout=0.3) is None
    # 0x16: a handshake record of 16,384 bytes, of which one byte comes at a time; no refusal, and not counted as one

    def byte_by_byte(connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x40\x00")
            drip(connection, b"\x00")

    with raw_door(byte_by_byte) as port:
        assert tls_outcome(port, Client(), timeout=0.3) is Outcome.SILENT
    assert time.monotonic() - began < 30  # the deadline is three times 0.9 s; without it there is no end


def test_http_on_a_port_and_on_a_unix_socket(tmp_path: Path) -> None:
    def answer(path: str, headers: dict[str, str]) -> tuple[int, object]:
        return (200 if headers.get("x") == "1" else 401), path

    with http_door(answer) as port, unix_door(tmp_path / "s", answer) as place:
        for target in (port, place):
            known = handshake.http_get(target, "/a", {"X": "1"})
            assert known is not None
            assert (known.status, known.body, known.headers["content-length"]) == (200, b'"/a"', "4")
            unknown = handshake.http_get(target, "/a")
            assert unknown is not None
            assert unknown.status == 401
        assert handshake.accepts(port)
    assert handshake.http_get(port, "/") is None
    assert handshake.http_get(str(tmp_path / "none"), "/") is None
    assert not handshake.accepts(port)


def test_what_is_not_http_is_no_answer() -> None:
    with raw_door(lambda connection: connection.sendall(b"SSH-2.0-x\r\n\r\n")) as port:
        assert handshake.http_get(port, "/") is None
