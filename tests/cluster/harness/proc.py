"""A process by number and start time: a number alone may belong to a stranger by the time it is used.

Source: proc(5), `/proc/pid/stat`, fields 3 (state) and 22 (start time in clock ticks since boot).
"""

import contextlib
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Process:
    """One process that we started."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """The process that has this number now; None when nobody has."""
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields else None

    @property
    def alive(self) -> bool:
        """Whether it still runs; a zombie does not."""
        fields = _stat(self.pid)
        return bool(fields) and int(fields[19]) == self.started and fields[0] not in ("Z", "X")

    def kill(self, patience: float = 20.0) -> bool:
        """End it without asking, and wait at most `patience` seconds; True when it is gone."""
        until = time.monotonic() + patience
        while self.alive and time.monotonic() < until:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.05)
        return not self.alive


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rsplit(")", 1)[1].split()
