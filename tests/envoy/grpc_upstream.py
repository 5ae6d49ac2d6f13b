"""A recording gRPC-shaped upstream: HTTP/2 over mutual TLS, as Ray Client's server speaks it."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import h2.config
import h2.connection
import h2.events

from tests.envoy.upstream import SEEN_HEADER, Seen


@contextmanager
def grpc_upstream(port: int, certificate: str, key: str, client_ca: str) -> Iterator[list[Seen]]:
    """Serve until the context ends; yields the requests received. Clients need a certificate of the CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(client_ca)
    context.verify_mode = ssl.CERT_REQUIRED
    context.set_alpn_protocols(["h2"])
    seen: list[Seen] = []
    listener = socket.create_server(("127.0.0.1", port))
    listener.settimeout(0.2)
    ended = threading.Event()
    threads = [threading.Thread(target=_accept, args=(listener, context, seen, ended), daemon=True)]
    threads[0].start()
    try:
        yield seen
    finally:
        ended.set()
        threads[0].join(5)
        listener.close()


def _accept(listener: socket.socket, context: ssl.SSLContext, seen: list[Seen], ended: threading.Event) -> None:
    workers = []
    while not ended.is_set():
        try:
            plain, _ = listener.accept()
        except TimeoutError:
            continue
        worker = threading.Thread(target=_serve, args=(plain, context, seen, ended), daemon=True)
        worker.start()
        workers.append(worker)
    for worker in workers:
        worker.join(5)


def _serve(plain: socket.socket, context: ssl.SSLContext, seen: list[Seen], ended: threading.Event) -> None:
    plain.settimeout(0.2)
    try:
        with context.wrap_socket(plain, server_side=True) as sock:
            connection = h2.connection.H2Connection(
                config=h2.config.H2Configuration(client_side=False, header_encoding="latin-1")
            )
            connection.initiate_connection()
            sock.sendall(connection.data_to_send())
            while not ended.is_set():
                try:
                    data = sock.recv(65536)
                except TimeoutError:
                    continue
                if not data:
                    return
                for event in connection.receive_data(data):
                    _answer(connection, event, seen)
                sock.sendall(connection.data_to_send())
    except OSError:
        plain.close()


def _answer(connection: h2.connection.H2Connection, event: h2.events.Event, seen: list[Seen]) -> None:
    """Headers are answered at once, data is echoed: Ray Client's streams stay open in both directions."""
    if isinstance(event, h2.events.RequestReceived):
        pairs = tuple((str(name), str(value)) for name, value in event.headers or ())
        fields = dict(pairs)
        headers = tuple((name, value) for name, value in pairs if not name.startswith(":"))
        received = Seen("ray-client", fields[":method"], fields[":path"], headers)
        seen.append(received)
        answer = [(":status", "200"), ("content-type", "application/grpc"), (SEEN_HEADER, received.to_header())]
        connection.send_headers(event.stream_id or 0, answer)
    elif isinstance(event, h2.events.DataReceived):
        connection.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id or 0)
        connection.send_data(event.stream_id or 0, event.data or b"")
    elif isinstance(event, h2.events.StreamEnded):
        connection.send_headers(event.stream_id or 0, [("grpc-status", "0")], end_stream=True)
