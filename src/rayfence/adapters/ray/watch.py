"""What stays of a node's launcher once Ray is started: `python -I -S -E watch.py KIND=PID …`, in the launcher's own
place.

The launcher becomes this program (exec), so Ray's processes stay its children: the end of each is known at once and
exactly. Ray is no longer loaded here, which saves some 140 MB per node. The standard library only; no module of ours.

One of Ray's processes ends: all of them are ended, and so is the node. SIGTERM: the same, with time to end well.
"""

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence

NODE_ENDED = 4  # the launcher's exit status for a node that ended by itself
#: For Ray's own clean-up when a stop is wanted; the keeper's patience is longer.
GRACE_SECONDS = 8.0


class _Stop(Exception):
    """SIGTERM arrived."""


def main(arguments: Sequence[str]) -> int:
    """Watch until one ends or a stop is wanted. Raises ValueError for unusable arguments."""
    watched = {int(pid): kind for kind, _, pid in (argument.rpartition("=") for argument in arguments)}
    if not watched:
        raise ValueError("nothing to watch")
    signal.signal(signal.SIGTERM, _stop)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        pid = wait_for_one(watched)
    except _Stop:
        end(watched, GRACE_SECONDS)
        return 0
    sys.stderr.write(f"rayfence: ended: {watched.pop(pid)}; the node ends with it\n")
    sys.stderr.flush()
    end(watched, 0)
    return NODE_ENDED


def wait_for_one(watched: Mapping[int, str]) -> int:
    """The pid of the first watched process to end; other children are collected on the way."""
    while True:
        pid, _status = os.waitpid(-1, 0)
        if pid in watched:
            return pid


def end(watched: Mapping[int, str], grace: float) -> None:
    """End the watched processes: asked first when there is grace, in seconds, then killed."""
    left = set(watched)
    if grace:
        _send(left, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while left and time.monotonic() < deadline:
            left -= _collected()
            time.sleep(0.05)
    _send(left, signal.SIGKILL)


def _collected() -> set[int]:
    found: set[int] = set()
    while True:
        try:
            pid, _status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return found
        if pid == 0:
            return found
        found.add(pid)


def _send(pids: set[int], number: int) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _stop(_number: int, _frame: object) -> None:
    raise _Stop


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
