"""How processes are walled in, as the kernel tells: uid, capabilities, namespaces. Source: proc(5), namespaces(7)."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rayfence.adapters.processes.process_table import descendants


@dataclass(frozen=True, slots=True)
class Confinement:
    """One process. `capabilities` is the effective set as a bit mask."""

    pid: int
    command: str
    uid: int
    capabilities: int
    no_new_privileges: bool
    own_mounts: bool  # another mount namespace than ours
    own_pids: bool  # another pid namespace than ours


def confinements(roots: Iterable[int]) -> tuple[Confinement, ...]:
    """Every process below the roots that runs inside the walls; the launcher that builds them is not among them.

    Processes that end while being looked at are left out.
    """
    found = (_look(row.ident.pid) for row in descendants(roots))
    return tuple(one for one in found if one is not None and not _is_launcher(one.pid))


def _look(pid: int) -> Confinement | None:
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
        status = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        return Confinement(
            pid=pid,
            command=status["Name"],
            uid=int(status["Uid"].split()[1]),
            capabilities=int(status["CapEff"], 16),
            no_new_privileges=status.get("NoNewPrivs") == "1",
            own_mounts=_differs(pid, "mnt"),
            own_pids=_differs(pid, "pid"),
        )
    except (OSError, KeyError, ValueError):
        return None


def _differs(pid: int, kind: str) -> bool:
    return os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/self/ns/{kind}")


def _is_launcher(pid: int) -> bool:
    """The outermost process waits outside the walls: its first child is pid 1 of the new namespace."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return any(word.endswith(b"/adapters/processes/sandbox.py") for word in words) and not _differs(pid, "pid")
