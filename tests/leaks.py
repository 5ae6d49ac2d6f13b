"""What a test run has around it: child processes, listening sockets of its own, network namespaces.

Covers: this process and its descendants, read from /proc. Leaves out: processes that detached themselves (a daemon
whose parent ended); `tools/gates.py` adopts and finds those.
"""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: Processes that were told to end may take a moment. The variable is for the tests of this check.
PATIENCE_SECONDS: Final = float(os.environ.get("RAYFENCE_TEST_PATIENCE", "5"))
_LISTEN: Final = "0A"  # st in /proc/net/tcp
_ACCEPTING: Final = 0x10000  # __SO_ACCEPTCON in /proc/net/unix


@dataclass(frozen=True, slots=True)
class Footprint:
    """Descriptions of processes, sockets and namespaces, comparable between two moments."""

    processes: frozenset[str]
    sockets: frozenset[str]
    namespaces: frozenset[str]

    def since(self, before: "Footprint") -> tuple[str, ...]:
        """What is here and was not there before, in words."""
        return tuple(
            sorted(
                [f"process {name}" for name in self.processes - before.processes]
                + [f"listening socket {name}" for name in self.sockets - before.sockets]
                + [f"network namespace {name}" for name in self.namespaces - before.namespaces]
            )
        )


def footprint() -> Footprint:
    """What this process has around it now."""
    return Footprint(frozenset(_descendants(os.getpid())), frozenset(_own_listeners()), frozenset(_namespaces()))


def wait_until_clean(before: Footprint, patience: float = PATIENCE_SECONDS) -> tuple[str, ...]:
    """Return what was left behind since `before`, after giving it time to go; empty is good."""
    deadline = time.monotonic() + patience
    while True:
        left = footprint().since(before)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _descendants(root: int) -> list[str]:
    children: dict[int, list[tuple[int, str]]] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            stat = (entry / "stat").read_text(encoding="utf-8", errors="replace")
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # ended meanwhile
            continue
        state, parent = stat.rsplit(")", 1)[1].split()[:2]
        # multiprocessing's tracker lives as long as its parent; xdist's own connection is not a test's doing.
        if state != "Z" and "resource_tracker" not in command:
            children.setdefault(int(parent), []).append((int(entry.name), command))
    found, todo = [], [root]
    while todo:
        for pid, command in children.get(todo.pop(), []):
            todo.append(pid)
            found.append(f"{pid} ({command[:100]})")
    return found


def _own_listeners() -> list[str]:
    inodes = set()
    for descriptor in Path("/proc/self/fd").iterdir():
        try:
            target = str(descriptor.readlink())
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    found = []
    for table in ("tcp", "tcp6"):
        for row in _rows(f"/proc/self/net/{table}"):
            if row[3] == _LISTEN and row[9] in inodes:
                found.append(f"{table} port {int(row[1].rsplit(':', 1)[1], 16)}")
    for row in _rows("/proc/self/net/unix"):
        # An abstract name may hold any byte, line ends included: what follows one is no row.
        if len(row) > 6 and row[6] in inodes and int(row[3], 16) & _ACCEPTING:
            found.append(f"unix {row[7] if len(row) > 7 else 'unnamed'}")
    return found


def _rows(table: str) -> list[list[str]]:
    path = Path(table)
    return (
        [line.split() for line in path.read_text(encoding="ascii", errors="replace").splitlines()[1:]]
        if path.exists()
        else []
    )


def _namespaces() -> list[str]:
    # Others on this machine may make namespaces too; tests put their process id into the names of theirs.
    named = Path("/run/netns")
    return [entry.name for entry in named.iterdir() if str(os.getpid()) in entry.name] if named.is_dir() else []
