"""Processes as the kernel's table shows them. A process is named by pid *and* start time: pids are reused.

Never by name: other people's Ray, Envoy or Python must not be taken for ours. Source: proc(5), pidfd_open(2).
"""

import os
import signal
from collections.abc import Iterable
from typing import NamedTuple


class Ident(NamedTuple):
    """One process for as long as this machine runs."""

    pid: int
    start: int  # clock ticks after boot, field 22 of /proc/<pid>/stat


class Row(NamedTuple):
    """One line of the table."""

    ident: Ident
    parent: int
    session: int
    state: str  # "Z": ended, not yet collected


def boot_id() -> str:
    """Changes with every boot; start times of different boots can't be compared."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def row(pid: int) -> Row | None:
    """The process with this pid, None when there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            text = file.read()
    except OSError:
        return None
    fields = text[text.rindex(")") + 2 :].split()  # the name in parentheses may itself hold spaces and parentheses
    return Row(Ident(pid, int(fields[19])), int(fields[1]), int(fields[3]), fields[0])


def ident_of(pid: int) -> Ident | None:
    """Name a running process; None when it has ended, collected or not."""
    found = row(pid)
    return None if found is None or found.state in "ZX" else found.ident


def is_alive(ident: Ident) -> bool:
    """Whether exactly this process still runs."""
    return ident_of(ident.pid) == ident


def rows() -> list[Row]:
    """Every process visible here."""
    found = (row(int(name)) for name in os.listdir("/proc") if name.isdigit())
    return [item for item in found if item is not None]


def descendants(roots: Iterable[int], table: Iterable[Row] | None = None) -> list[Row]:
    """The roots themselves and everything that descends from them, by parent. Zombies are left out."""
    items = list(rows() if table is None else table)
    children: dict[int, list[Row]] = {}
    for item in items:
        children.setdefault(item.parent, []).append(item)
    wanted = set(roots)
    found = [item for item in items if item.ident.pid in wanted]
    for item in found:  # grows while it is walked
        for child in children.get(item.ident.pid, ()):
            if child.ident.pid not in wanted:
                wanted.add(child.ident.pid)
                found.append(child)
    return [item for item in found if item.state not in "ZX"]


def members(run: str) -> list[Ident]:
    """Processes that carry `RAYFENCE_RUN=run` in their environment: also those that left their parent and session.

    Only processes that we may inspect are seen. Job code can hide from this by a new environment; where there are
    namespaces the kernel kills it with its init, so it is the second line there.
    """
    mark = f"RAYFENCE_RUN={run}".encode()
    found = []
    for item in rows():
        try:
            with open(f"/proc/{item.ident.pid}/environ", "rb") as file:
                if mark in file.read().split(b"\0"):
                    found.append(item.ident)
        except OSError:
            continue
    return [ident for ident in found if is_alive(ident)]


def open_handle(ident: Ident) -> int | None:
    """A pidfd of exactly this process; None when it has ended. The caller closes it."""
    try:
        handle = os.pidfd_open(ident.pid)
    except OSError:
        return None
    found = row(ident.pid)  # after opening: from here on the handle can't mean another process
    if found is None or found.ident != ident:
        os.close(handle)
        return None
    return handle


def send(ident: Ident, number: int) -> bool:
    """Signal exactly this process; False when it has ended."""
    handle = open_handle(ident)
    if handle is None:
        return False
    try:
        signal.pidfd_send_signal(handle, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(handle)
    return True
