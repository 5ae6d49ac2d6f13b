"""The warden: watches the keeper and restarts it. The keeper watches the warden. A small program.

It holds nothing but a lock, so killing it loses nothing; killing the keeper loses nothing either, because the next one
goes on from what is on disk and in the kernel's table.
"""

import contextlib
import os
import select
import signal
import time
from collections.abc import Sequence
from typing import Final

from rayfence.adapters.processes import process_table, state_file
from rayfence.adapters.processes.launch import start_detached
from rayfence.adapters.processes.process_control import become_subreaper
from rayfence.adapters.processes.state_file import Lock

_TICK: Final = 1.0
#: Seconds between attempts to start a keeper: a slow machine needs some, and one that can't start gets more each time.
_PATIENCE: Final = 3.0
_MOST_PATIENCE: Final = 60.0


def main(arguments: Sequence[str]) -> None:
    """Arguments: runtime folder, file of process specs. Returns when stopping is wanted or another warden is there."""
    runtime, file = arguments
    lock = Lock(f"{runtime}/warden.lock")
    ident = process_table.ident_of(os.getpid())
    if not lock.take(1.0) or ident is None:
        return
    lock.sign(ident)
    become_subreaper()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    asked, patience = 0.0, _PATIENCE
    while state_file.read_goal(runtime) == state_file.RUN:
        keeper = state_file.holder(f"{runtime}/keeper.lock")
        handle = process_table.open_handle(keeper) if keeper else None
        if handle is not None:
            patience = _PATIENCE
            select.select([handle], [], [], _TICK)
            os.close(handle)
        elif asked == 0.0 or time.monotonic() - asked > patience:
            patience = min(2 * patience, _MOST_PATIENCE) if asked else patience
            asked = time.monotonic()
            with contextlib.suppress(OSError):
                start_detached("keeper", runtime, file)
        else:
            time.sleep(0.05)
        _collect()


def _collect() -> None:
    """Children of a killed keeper came to us: collect the ones that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
