"""Run a command like an init would: adopt every process that detaches from it, reap the dead, end the rest.

A daemon's parent has ended, so no walk over children finds it. Linux hands such orphans to the nearest ancestor that
declared itself their reaper (`PR_SET_CHILD_SUBREAPER`, prctl(2)); for the time of a gate that is us.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_PR_SET_CHILD_SUBREAPER: Final = 36
#: What was told to end gets this long to do so by itself before it counts as left running.
GRACE_SECONDS: Final = 5.0


class Nursery:
    """The lifetime of one command and of all that descends from it."""

    def __enter__(self) -> Self:
        """Become the reaper of orphans below us."""
        _become_reaper(on=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End everything that is still there, also after an interrupt."""
        self.end_orphans(grace=0.0)
        _become_reaper(on=False)

    def run(self, command: Sequence[str], *, cwd: Path, deadline: float) -> int | None:
        """Run a command to its end, reaping orphans meanwhile; None when it had to be ended, `deadline` seconds on."""
        main = subprocess.Popen(list(command), cwd=cwd)
        until = time.monotonic() + deadline
        while time.monotonic() < until:
            status = main.poll()
            if status is not None:
                return status
            _reap(except_pid=main.pid)
            time.sleep(0.05)
        _end(main.pid, signal.SIGTERM)
        try:
            main.wait(timeout=GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            main.kill()
            main.wait()
        return None

    def end_orphans(self, grace: float = GRACE_SECONDS) -> list[str]:
        """End what descends from us; return what did not end by itself within the grace period (seconds)."""
        until = time.monotonic() + grace
        while (left := _alive()) and time.monotonic() < until:
            _reap()
            time.sleep(0.1)
        names = [f"{pid} {command[:80]}" for pid, command in left.items()]
        for sign in (signal.SIGTERM, signal.SIGKILL):
            # Ending one process may orphan another to us, so look again until nobody is there.
            until = time.monotonic() + GRACE_SECONDS
            while (left := _alive()) and time.monotonic() < until:
                for pid in left:
                    _end(pid, sign)
                _reap()
                time.sleep(0.1)
        _reap()
        return names


def _become_reaper(*, on: bool) -> None:
    if not sys.platform.startswith("linux"):
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_CHILD_SUBREAPER, int(on), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def _alive() -> dict[int, str]:
    """Our descendants by pid with their command lines, without the dead that nobody has reaped yet."""
    parents: dict[int, int] = {}
    commands: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, parent = (entry / "stat").read_text(errors="replace").rsplit(")", 1)[1].split()[:2]
            command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:  # ended meanwhile
            continue
        if state not in "ZX":
            parents[int(entry.name)] = int(parent)
            commands[int(entry.name)] = command
    found: dict[int, str] = {}
    frontier = {os.getpid()}
    while frontier:
        frontier = {pid for pid, parent in parents.items() if parent in frontier} - set(found)
        found.update({pid: commands[pid] for pid in frontier})
    return found


def _reap(except_pid: int | None = None) -> None:
    """Collect the exit status of dead children, up to the one whose status its own waiter wants."""
    while True:
        try:  # WNOWAIT: look who is next, take nothing yet
            dead = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if dead is None or dead.si_pid == except_pid:
            return
        os.waitpid(dead.si_pid, 0)


def _end(pid: int, sign: signal.Signals) -> None:
    try:
        os.kill(pid, sign)
    except ProcessLookupError:
        return
