"""What processes really listen on, from the kernel's tables: never from what they were told.

Covers TCP, UDP, UDP-Lite and unix sockets of whole process trees, through pid namespaces (read from outside), in
whatever network namespace each process is. Leaves out: other processes, whatever they listen on. Source: proc(5).
"""

import os
import re
import socket
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Final

_TCP_LISTEN: Final = "0A"
_UDP_UNCONNECTED: Final = "07"
_UNIX_ACCEPTING: Final = 0x10000
_TABLES: Final = ("tcp", "tcp6", "udp", "udp6", "udplite", "udplite6")
#: Flags, inode, name. Anybody on the machine may choose a name with a newline in it, and write what looks like a line.
_UNIX_ROW: Final = re.compile(
    r"[0-9a-f]+: [0-9A-F]{8} [0-9A-F]{8} ([0-9A-F]{8}) [0-9A-F]{4} [0-9A-F]{2} +([0-9]+)(?: (.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True, order=True)
class Listener:
    """One open door. `address` and `port` for IP, `path` for unix sockets (abstract ones begin with `@`)."""

    pid: int
    command: str  # the kernel's short name of the process, for people; never used to decide
    protocol: str  # as the kernel names its tables: "tcp", "udp6", …, "unix"
    address: str
    port: int
    path: str = ""

    def __str__(self) -> str:
        """`address:port (command, pid)`."""
        place = self.path if self.protocol == "unix" else f"{self.address}:{self.port}"
        return f"{place} ({self.command}, pid {self.pid})"


def listeners(pids: Iterable[int]) -> tuple[Listener, ...]:
    """Listening sockets of these processes and of all that descend from them.

    Raises PermissionError when a process's sockets can't be read: unknown must not look like none.
    """
    found: set[Listener] = set()
    tables: dict[str, Mapping[int, tuple[str, str, int, str]]] = {}
    for pid in _tree(pids):
        try:
            space = str(Path(f"/proc/{pid}/ns/net").readlink())
            if space not in tables:
                tables[space] = _sockets(pid)
            command = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
            inodes = _inodes(pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended meanwhile
        for inode in inodes:
            if inode in tables[space]:
                found.add(Listener(pid, command, *tables[space][inode]))
    return tuple(sorted(found))


def exposed(items: Iterable[Listener]) -> tuple[Listener, ...]:
    """Those that other machines could reach: everything IP that is not bound to loopback."""
    return tuple(item for item in items if item.protocol != "unix" and not _is_loopback(item.address))


def _is_loopback(address: str) -> bool:
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        return parsed.ipv4_mapped.is_loopback
    return parsed.is_loopback


def _tree(pids: Iterable[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_text(encoding="utf-8", errors="replace")
            except OSError:
                continue
            children.setdefault(int(stat[stat.rindex(")") + 2 :].split()[1]), []).append(int(entry.name))
    found = list(dict.fromkeys(pids))
    for pid in found:  # grows while it is walked
        found.extend(child for child in children.get(pid, ()) if child not in found)
    return found


def _inodes(pid: int) -> set[int]:
    inodes = set()
    for entry in os.scandir(f"/proc/{pid}/fd"):
        try:
            target = os.readlink(entry.path)  # noqa: PTH115 - thousands of them
        except FileNotFoundError:
            continue
        if target.startswith("socket:["):
            inodes.add(int(target[8:-1]))
    return inodes


def _sockets(pid: int) -> Mapping[int, tuple[str, str, int, str]]:
    """Inode to (protocol, address, port, path) of everything that listens in the process's network namespace."""
    found: dict[int, tuple[str, str, int, str]] = {}
    for line in _lines(pid, "unix"):
        row = _UNIX_ROW.fullmatch(line)
        if row is not None and int(row[1], 16) & _UNIX_ACCEPTING:
            found[int(row[2])] = ("unix", "", 0, row[3] or "")
    for protocol in _TABLES:  # after the unix sockets: a forged line of theirs can't take the place of a true one
        waiting = _TCP_LISTEN if protocol.startswith("tcp") else _UDP_UNCONNECTED
        for fields in map(str.split, _lines(pid, protocol)):
            if fields[3] == waiting:
                host, _, port = fields[1].rpartition(":")
                found[int(fields[9])] = (protocol, _address(host), int(port, 16), "")
    return found


def _lines(pid: int, table: str) -> list[str]:
    path = Path(f"/proc/{pid}/net/{table}")
    if not path.exists():  # a kernel without IPv6
        return []
    # Only "\n" ends a line of the kernel's; splitlines() would find more ends, in unix sockets' names.
    return path.read_bytes().decode("utf-8", "replace").split("\n")[1:-1]


def _address(text: str) -> str:
    """The kernel prints 32-bit words in the machine's byte order."""
    words = [int(text[index : index + 8], 16) for index in range(0, len(text), 8)]
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, struct.pack(f"={len(words)}I", *words))
