"""Listening sockets of real children, by address family, protocol and process tree."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.adapters.net import listeners
from rayfence.adapters.net.listeners import Listener, exposed

ANY = "0.0.0.0"  # noqa: S104 - the exposure that is to be found
SERVER = """
import os, socket, sys, time
held = []
for text in sys.argv[2:]:
    kind, address = text.split('|')
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    if kind == 'unix':
        one = socket.socket(socket.AF_UNIX)
        one.bind(address)
    else:
        one = socket.socket(family, socket.SOCK_DGRAM if kind == 'udp' else socket.SOCK_STREAM)
        one.bind((address, 0))
    if kind != 'udp':
        one.listen()
    held.append(one)
if sys.argv[1] == 'fork' and os.fork():
    for one in held:
        one.close()
print(flush=True)
time.sleep(60)
"""


@contextmanager
def server(mode: str, *doors: str) -> Iterator[subprocess.Popen[bytes]]:
    """A child that listens; with mode `fork`, its own child does."""
    child = subprocess.Popen(
        [sys.executable, "-I", "-c", SERVER, mode, *doors], stdout=subprocess.PIPE, process_group=0
    )
    try:
        assert child.stdout is not None
        child.stdout.readline()
        if mode == "fork":
            child.stdout.readline()
        yield child
    finally:
        os.killpg(child.pid, 9)
        child.wait()
        if child.stdout:
            child.stdout.close()


def test_every_kind_of_door_is_seen(tmp_path: Path) -> None:
    doors = ("tcp|127.0.0.1", f"tcp|{ANY}", "tcp|::1", "tcp|::", f"udp|{ANY}", f"unix|{tmp_path}/sock")
    with server("plain", *doors) as child:
        found = listeners.listeners([child.pid])
    seen = {(item.protocol, item.address or item.path) for item in found}
    assert seen == {
        ("tcp", "127.0.0.1"),
        ("tcp", ANY),
        ("tcp6", "::1"),
        ("tcp6", "::"),
        ("udp", ANY),
        ("unix", f"{tmp_path}/sock"),
    }
    assert {(item.protocol, item.address) for item in exposed(found)} == {
        ("tcp", ANY),
        ("tcp6", "::"),
        ("udp", ANY),
    }
    assert all(item.port for item in found if item.protocol != "unix")


FORGER = """
import os, socket, sys, time
door = socket.socket()
door.bind(("0.0.0.0", 0))
door.listen()
inode = os.fstat(door.fileno()).st_ino
odd = []
for name in ("x\\nfoo", "y\\r\\x0b\\x1e1: 0", f"z\\n0000000000000000: 00000002 00000000 00010000 0001 01 {inode} @y"):
    one = socket.socket(socket.AF_UNIX)
    one.bind(f"\\0{os.getpid()}{name}")
    one.listen()
    odd.append(one)
print(flush=True)
time.sleep(60)
"""


def test_names_of_unix_sockets_neither_break_the_look_nor_hide_an_open_door() -> None:
    """The kernel prints the names as they are: one with a newline is read as a line of the table."""
    child = subprocess.Popen([sys.executable, "-I", "-c", FORGER], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        child.stdout.readline()
        found = listeners.listeners([child.pid])
    finally:
        child.kill()
        child.communicate()
    assert [item.address for item in exposed(found)] == [ANY]
    assert sum(item.protocol == "unix" for item in found) == 3


def test_a_grandchild_that_listens_elsewhere_is_found() -> None:
    with server("fork", f"tcp|{ANY}") as child:
        found = exposed(listeners.listeners([child.pid]))
        assert len(found) == 1
        assert found[0].pid != child.pid
        assert str(found[0]) == f"{ANY}:{found[0].port} ({found[0].command}, pid {found[0].pid})"


def test_connections_and_sockets_of_others_are_no_listeners_of_ours() -> None:
    with server("plain", "tcp|127.0.0.1") as child, server("plain", "tcp|127.0.0.1") as other:
        port = listeners.listeners([child.pid])[0].port
        with socket.create_connection(("127.0.0.1", port)):
            assert {item.port for item in listeners.listeners([child.pid])} == {port}
        assert port not in {item.port for item in listeners.listeners([other.pid])}


def test_processes_that_have_ended_have_none() -> None:
    child = subprocess.Popen(["/bin/true"])
    child.wait()
    assert listeners.listeners([child.pid]) == ()


@pytest.mark.parametrize(
    ("address", "reachable"),
    [
        ("127.0.0.1", False),
        ("127.9.9.9", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", True),
        (ANY, True),
        ("::", True),
        ("10.1.2.3", True),
        ("fe80::1", True),
    ],
)
def test_what_counts_as_exposed(address: str, reachable: bool) -> None:
    assert bool(exposed([Listener(1, "x", "tcp", address, 80)])) == reachable


@given(st.ip_addresses())
def test_addresses_are_read_as_the_kernel_prints_them(address: object) -> None:
    packed = address.packed  # type: ignore[attr-defined]
    words = [int.from_bytes(packed[i : i + 4], sys.byteorder) for i in range(0, len(packed), 4)]
    assert listeners._address("".join(f"{word:08X}" for word in words)) == socket.inet_ntop(
        socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed
    )
