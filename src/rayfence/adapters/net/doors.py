"""Doors: free ports on this machine's loopback, each connection to which is joined to something else.

One thread accepts, one for each connection pumps both ways: TLS sockets are not for two threads at once. Any process of
this machine may knock; whoever stands behind a door must ask who it is, as a gateway does.
"""

import select
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Final, Self

from rayfence.ports.doors import FarEnd, Opener

LOOPBACK: Final = "127.0.0.1"
_PIECE: Final = 1 << 16
_HANDSHAKE_SECONDS: Final = 10.0


class Door:
    """Listens while its context lasts. `failures` are told to `report` in a sentence."""

    def __init__(self, opener: Opener, report: Callable[[str], None], server: ssl.SSLContext | None = None) -> None:
        """`server`: speak TLS to whoever comes."""
        self._opener = opener
        self._report = report
        self._server = server
        self._listener = socket.create_server((LOOPBACK, 0), backlog=64)
        self._port = int(self._listener.getsockname()[1])
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, name="door", daemon=True)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _value: BaseException | None, _trace: TracebackType | None
    ) -> None:
        _shut(self._listener)
        with self._lock:
            for one in self._open:
                _shut(one)
        self._thread.join(2.0)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                self._listener.close()
                return
            with self._lock:
                self._open.add(near)
            threading.Thread(target=self._serve, args=(near,), name="door-connection", daemon=True).start()

    def _serve(self, near: socket.socket) -> None:
        try:
            with self._greeted(near) as greeted, self._opener() as far:
                join(greeted, far)
        except Exception as error:  # noqa: BLE001 - one connection ends; the door stays open, and says why
            if self._listener.fileno() >= 0:
                self._report(f"a connection ended: {error}")
        finally:
            with self._lock:
                self._open.discard(near)
            near.close()

    def _greeted(self, near: socket.socket) -> socket.socket:
        near.settimeout(_HANDSHAKE_SECONDS)
        made = near if self._server is None else self._server.wrap_socket(near, server_side=True)
        made.settimeout(None)
        return made


def join(near: socket.socket, far: FarEnd) -> None:
    """Pump both ways until either side ends. Raises what the far end raises."""
    while True:
        ready = _ready(near, far)
        if near in ready:
            try:
                data = _received(near)
            except OSError:  # whoever came has gone without a word
                return
            if data == b"":
                return
            if data:
                far.write(data)
        if far.socket in ready:
            back = far.read()
            if back == b"":
                return
            if back:
                try:
                    near.sendall(back)
                except OSError:
                    return


def _ready(near: socket.socket, far: FarEnd) -> list[Any]:
    waiting = [near] if isinstance(near, ssl.SSLSocket) and near.pending() else []
    waiting += [far.socket] if far.waiting else []
    return waiting or select.select([near, far.socket], [], [])[0]


def _received(one: socket.socket) -> bytes | None:
    """What has come; empty: the end; None: nothing but TLS's own messages.

    Tickets follow a handshake: to wait for data behind them would leave the other side's request unread.
    """
    if not isinstance(one, ssl.SSLSocket):
        return one.recv(_PIECE)
    one.setblocking(False)
    try:
        return one.recv(_PIECE)
    except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
        return None
    finally:
        one.setblocking(True)


def client_context(pem: str) -> ssl.SSLContext:
    """A client that believes one authority and speaks HTTP/1.1."""
    context = ssl.create_default_context(cadata=pem)
    context.set_alpn_protocols(["http/1.1"])
    return context


class TlsEnd:
    """A far end that is a TLS server, reached at an address and known by its own name."""

    def __init__(self, address: str, port: int, name: str, context: ssl.SSLContext) -> None:
        self._address, self._name, self._context = (address, port), name, context

    @contextmanager
    def opened(self) -> Iterator[FarEnd]:
        """One connection. Raises OSError: nobody is there, or it is somebody else."""
        with (
            socket.create_connection(self._address, timeout=_HANDSHAKE_SECONDS) as plain,
            self._context.wrap_socket(plain, server_hostname=self._name) as tls,
        ):
            tls.settimeout(None)
            yield _Tls(tls)


class _Tls:
    def __init__(self, tls: ssl.SSLSocket) -> None:
        self._tls = tls

    @property
    def socket(self) -> Any:
        return self._tls

    @property
    def waiting(self) -> bool:
        return bool(self._tls.pending())

    def read(self) -> bytes | None:
        return _received(self._tls)

    def write(self, data: bytes) -> None:
        self._tls.sendall(data)


def reaches(host: str, port: int, seconds: float = 2.0) -> bool:
    """Whether somebody takes connections there, under this name."""
    try:
        socket.create_connection((host, port), timeout=seconds).close()
    except OSError:
        return False
    return True


def _shut(one: socket.socket) -> None:
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
