"""The forwarder: both directions, an end that is passed on, nobody behind it, and no connection that outlives it."""

import socket
import threading

import pytest

from tests.cluster.harness.forward import Forward, dial_here, listener


def echo_once(server: socket.socket) -> None:
    """Answer everything one client says, after it has said everything."""
    connection, _ = server.accept()
    with connection:
        said = b""
        while piece := connection.recv(4096):
            said += piece
        connection.sendall(said.upper())


def address_of(server: socket.socket) -> tuple[str, int]:
    host, port = server.getsockname()
    return host, port


def test_what_is_said_and_the_end_of_it_reach_the_other_side() -> None:
    with listener() as server, Forward(listener(), dial_here(address_of(server))) as door:
        answering = threading.Thread(target=echo_once, args=(server,))
        answering.start()
        with socket.create_connection(("127.0.0.1", door.port), timeout=10) as client:
            client.sendall(b"x" * 200_000)
            client.shutdown(socket.SHUT_WR)
            answer = b""
            while piece := client.recv(65536):
                answer += piece
        answering.join(timeout=10)
        assert answer == b"X" * 200_000


def test_where_nobody_listens_the_connection_ends() -> None:
    with listener() as gone:
        address = address_of(gone)
    with (
        Forward(listener(), dial_here(address)) as door,
        socket.create_connection(("127.0.0.1", door.port), timeout=10) as client,
    ):
        assert client.recv(1) == b""


def test_small_pieces_are_passed_on_at_once() -> None:
    with (
        listener() as server,
        Forward(listener(), dial_here(address_of(server))) as door,
        socket.create_connection(("127.0.0.1", door.port), timeout=10) as client,
    ):
        far, _ = server.accept()
        with far:
            # What comes through shows that both ends are joined.
            client.sendall(b"x")
            assert far.recv(1) == b"x"
            assert [one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for one in door.open_sockets()] == [1, 1]


def test_closing_cuts_open_connections_and_frees_the_port() -> None:
    with listener() as server:
        door = Forward(listener(), dial_here(address_of(server))).start()
        port = door.port
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            far, _ = server.accept()
            with far:
                client.sendall(b"hello")
                assert far.recv(5) == b"hello"
                door.close()
                assert client.recv(1) == b""
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=10)
