"""A port on this machine's loopback that leads into a cluster's network namespace.

A listening socket belongs to the namespace in which it was made, whoever accepts on it, so a process may listen outside
and connect inside. Each connection gets two threads: tests open a handful, and a watch may stay silent for minutes.
"""

import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

LOOPBACK: Final = "127.0.0.1"
_CLONE_NEWNET: Final = 0x40000000
_PIECE: Final = 1 << 16


def listener() -> socket.socket:
    """A listening socket on a free port, for this machine's own processes only."""
    return socket.create_server((LOOPBACK, 0), backlog=128)


def dial_here(address: tuple[str, int]) -> Callable[[], socket.socket]:
    """Connect from the namespace that this process is in."""
    return lambda: socket.create_connection(address, timeout=10)


def dial_in(namespace: str, address: tuple[str, int]) -> Callable[[], socket.socket]:
    """Connect from another network namespace (`/proc/PID/ns/net`). Only threads made for it may call the result."""

    def dial() -> socket.socket:
        descriptor = os.open(namespace, os.O_RDONLY)
        try:
            libc = ctypes.CDLL(None, use_errno=True)
            # A thread's namespace is its own; this one ends with its connection and is never reused.
            if libc.setns(descriptor, _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"setns({namespace})")
        finally:
            os.close(descriptor)
        return socket.create_connection(address, timeout=10)

    return dial


class Forward:
    """Accepts on `accepting` and joins each connection to a new one made by `dial`, until it is closed."""

    def __init__(self, accepting: socket.socket, dial: Callable[[], socket.socket]) -> None:
        self._accepting = accepting
        self._dial = dial
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._accept, name="forward", daemon=True)

    @property
    def port(self) -> int:
        """Where to connect."""
        port: int = self._accepting.getsockname()[1]
        return port

    def open_sockets(self) -> tuple[socket.socket, ...]:
        """Both ends of every connection that is open now."""
        with self._lock:
            return tuple(self._open)

    def start(self) -> Self:
        """Begin to accept."""
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop accepting and cut every connection."""
        with self._lock:
            self._closed = True
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self._accepting.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._accepting.close()
        self._thread.join(timeout=10)

    def __enter__(self) -> Self:
        """Begin to accept."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cut every connection."""
        self.close()

    def _accept(self) -> None:
        while not self._closed:
            try:
                near, _ = self._accepting.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), name="forwarded", daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        with near:
            try:
                far = self._dial()
            except OSError:
                return  # closed at once, as a port where nobody listens would be
            with far:
                far.settimeout(None)
                for end in (near, far):
                    # A request whose head and body come apart would wait 40 ms for the acknowledgement of its head.
                    end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    if self._closed:
                        return
                    self._open |= {near, far}
                back = threading.Thread(target=_pump, args=(far, near), name="forwarded back", daemon=True)
                back.start()
                _pump(near, far)
                back.join()
                with self._lock:
                    self._open -= {near, far}


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(_PIECE):
            sink.sendall(piece)
    except OSError:
        # Broken, not ended: the other direction has nothing to wait for either.
        with contextlib.suppress(OSError):
            source.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
