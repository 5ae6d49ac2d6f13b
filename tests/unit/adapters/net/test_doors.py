"""Twin of rayfence.adapters.net.doors."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rayfence.adapters.net.doors import LOOPBACK, Door, TlsEnd, client_context, join, reaches
from rayfence.adapters.tls.loopback import loopback_identity
from rayfence.ports.doors import FarEnd


class Plain:
    """A far end that is a socket."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end
        self.waiting = False

    def read(self) -> bytes | None:
        return self.socket.recv(65536)

    def write(self, data: bytes) -> None:
        self.socket.sendall(data)


def echoing(context: ssl.SSLContext | None = None) -> Callable[[], tuple[int, socket.socket]]:
    """Start a server that sends back what it hears."""

    def serve(listener: socket.socket) -> None:
        while True:
            try:
                one, _ = listener.accept()
                made = context.wrap_socket(one, server_side=True) if context else one
            except ssl.SSLError:
                continue
            except OSError:
                return
            while data := made.recv(65536):
                made.sendall(data)
            made.close()

    def start() -> tuple[int, socket.socket]:
        listener = socket.create_server((LOOPBACK, 0))
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        return int(listener.getsockname()[1]), listener

    return start


def exchange(near: socket.socket, data: bytes) -> bytes:
    """Send it and read as much, in turn: a TLS socket is not for two threads."""
    found = b""
    for start in range(0, len(data), 40_000):
        near.sendall(data[start : start + 40_000])
        while len(found) < min(start + 40_000, len(data)):
            piece = near.recv(65536)
            assert piece
            found += piece
    return found


def test_a_door_joins_each_connection_to_one_of_its_own() -> None:
    port, listener = echoing()()

    @contextmanager
    def opener() -> Iterator[FarEnd]:
        with socket.create_connection((LOOPBACK, port)) as end:
            yield Plain(end)

    with Door(opener, lambda _: None) as door:
        for _ in range(2):
            with socket.create_connection((LOOPBACK, door.port), timeout=10) as near:
                assert exchange(near, b"x" * 300_000) == b"x" * 300_000
        left = socket.create_connection((LOOPBACK, door.port), timeout=10)
        assert exchange(left, b"y") == b"y"
    assert left.recv(1) == b""  # closed with the door
    assert not reaches(LOOPBACK, door.port)
    left.close()
    listener.close()


def test_a_connection_without_a_far_end_ends_and_the_door_stays() -> None:
    told: list[str] = []

    @contextmanager
    def opener() -> Iterator[FarEnd]:
        if len(told) < 99:
            raise OSError("nobody there")
        yield Plain(socket.socket())

    with Door(opener, told.append) as door:
        for _ in range(2):
            with socket.create_connection((LOOPBACK, door.port), timeout=10) as near:
                assert near.recv(1) == b""
        deadline = time.monotonic() + 5
        while len(told) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert told == ["a connection ended: nobody there"] * 2


def test_tls_on_both_sides_each_with_its_own_name() -> None:
    far, near = loopback_identity(), loopback_identity()
    port, listener = echoing(far.context)()
    end = TlsEnd(LOOPBACK, port, "localhost", client_context(far.authority))
    told: list[str] = []
    with Door(end.opened, told.append, near.context) as door:
        assert reaches(LOOPBACK, door.port)
        with (
            socket.create_connection((LOOPBACK, door.port), timeout=10) as plain,
            client_context(near.authority).wrap_socket(plain, server_hostname="localhost") as tls,
        ):
            assert exchange(tls, b"z" * 200_000) == b"z" * 200_000
        with (
            socket.create_connection((LOOPBACK, door.port), timeout=10) as plain,
            client_context(near.authority).wrap_socket(plain, server_hostname="localhost") as tls,
        ):
            time.sleep(0.3)  # tickets of the far end have come, and nothing else
            assert exchange(tls, b"late") == b"late"
        # Somebody else behind the door is found out, and nothing is sent there.
        wrong = TlsEnd(LOOPBACK, port, "localhost", client_context(near.authority))
        with pytest.raises(ssl.SSLCertVerificationError), wrong.opened():
            pass
        other = TlsEnd(LOOPBACK, port, "gateway.vision-gateway.svc", client_context(far.authority))
        with pytest.raises(ssl.SSLCertVerificationError), other.opened():
            pass
    listener.close()


def test_joining_ends_with_either_side() -> None:
    near, ours = socket.socketpair()
    far, theirs = socket.socketpair()
    thread = threading.Thread(target=join, args=(near, Plain(far)), daemon=True)
    thread.start()
    ours.sendall(b"there")
    assert theirs.recv(10) == b"there"
    theirs.sendall(b"back")
    assert ours.recv(10) == b"back"
    theirs.close()
    thread.join(5)
    assert not thread.is_alive()
    for one in (near, ours, far):
        one.close()
