"""What commands do with the keeper: start it, ask it, read it, stop everything.

Every function may be called by two commands at once: `control.lock` makes them take turns. None relies on the keeper
being alive: what was killed is repaired by `start_keeper`, and `stop_instance` does the keeper's last duty if it must.
"""

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterable
from typing import Final

from rayfence.adapters.processes import process_table, rotation, state_file
from rayfence.adapters.processes.launch import start_detached
from rayfence.adapters.processes.process_table import Ident
from rayfence.adapters.processes.state_file import READY, STOPPED, KeeperStatus, Lock, ProcessStatus
from rayfence.errors import ProcessError, StateError
from rayfence.model.process_file import processes_from_json

_START_SECONDS: Final = 20.0
_POLL: Final = 0.05
#: A process that was restarted this often while someone waits for it will not come.
_HOPELESS_RESTARTS: Final = 4


def start_keeper(file: str, runtime: str) -> None:
    """Have a keeper and a warden at work on the specs in `file`, adopting what runs. Returns when both are there.

    Raises StateError for an unusable spec file, ProcessError when the keeper does not come up.
    """
    try:
        processes_from_json(state_file.read(file))
    except ValueError as problem:
        raise StateError(f"{file} can't be used: {problem}") from problem
    with _control(runtime):
        state_file.write_goal(runtime, state_file.RUN)
        deadline = time.monotonic() + _START_SECONDS
        asked = 0.0
        while True:
            status = read_status(runtime)
            if status.keeper and status.warden:
                return
            if time.monotonic() > deadline:
                words = " | ".join(rotation.last_lines(f"{runtime}/keeper.log", 2))
                raise ProcessError(f"the supervisor did not start{': ' + words if words else ''}")
            keeper = state_file.holder(f"{runtime}/keeper.lock")
            if keeper is None and time.monotonic() - asked > 5:
                asked = time.monotonic()
                start_detached("keeper", runtime, file)
            time.sleep(_POLL)


def was_asked_for(runtime: str) -> bool:
    """Whether a start was ever begun in this folder. Without that nothing of the instance runs."""
    return os.path.exists(f"{runtime}/goal")


def read_status(runtime: str) -> KeeperStatus:
    """The keeper's record, corrected by a look at the kernel's table: what is named running runs."""
    status = state_file.load_status(runtime)
    keeper = state_file.holder(f"{runtime}/keeper.lock")
    status.keeper = keeper if keeper == status.keeper else None
    status.warden = state_file.holder(f"{runtime}/warden.lock")
    for item in status.processes:
        if item.ident is not None and not process_table.is_alive(item.ident):
            item.phase, item.detail, item.pid, item.start = state_file.BACKOFF, "has just ended", 0, 0
    return status


def request(runtime: str, restart: Iterable[str] = (), timeout: float = 30.0) -> None:
    """Have the keeper read its spec file again and restart the named processes (and those bound to them).

    Returns when it has begun. Raises ProcessError when it does not answer.
    """
    with _control(runtime):
        mark = os.urandom(8).hex()
        text = json.dumps({"id": mark, "restart": sorted(restart)})
        state_file.replace(f"{runtime}/request.json", text)
        deadline = time.monotonic() + timeout
        while state_file.load_status(runtime).handled != mark:
            keeper = state_file.holder(f"{runtime}/keeper.lock")
            if keeper is not None:
                process_table.send(keeper, signal.SIGHUP)
            if time.monotonic() > deadline:
                raise ProcessError("the supervisor does not answer")
            time.sleep(_POLL)


def wait_ready(
    runtime: str,
    names: Iterable[str],
    timeout: float,
    progress: Callable[[KeeperStatus], None] | None = None,
) -> KeeperStatus:
    """Wait until every named process has proved ready.

    Raises ProcessError with the last words of one that did not.
    """
    wanted = tuple(names)
    deadline = time.monotonic() + timeout
    before = {item.name: item.restarts for item in state_file.load_status(runtime).processes}
    while True:
        status = read_status(runtime)
        if progress is not None:
            progress(status)
        missing = [name for name in wanted if (item := status.process(name)) is None or item.phase != READY]
        if not missing:
            return status
        hopeless = [
            item.name
            for item in status.processes
            if item.name in missing and item.restarts - before.get(item.name, 0) >= _HOPELESS_RESTARTS
        ]
        if hopeless or time.monotonic() > deadline:
            raise _not_ready(runtime, status, (hopeless or missing)[0])
        time.sleep(0.1)


def stop_instance(runtime: str, timeout: float = 60.0) -> None:
    """Stop everything, dependants first, and leave no process. Nothing happens when nothing runs.

    1. Say that stopping is wanted, so that neither keeper nor warden restarts anything.
    2. End the warden, ask the keeper, wait for it.
    3. A keeper that is gone or does not manage: kill what is on record, and all that carries its marks.
    Raises ProcessError when something is still there.
    """
    if not os.path.isdir(runtime):
        return
    with _control(runtime):
        state_file.write_goal(runtime, state_file.STOP)  # 1
        deadline = time.monotonic() + timeout
        _end(state_file.holder(f"{runtime}/warden.lock"), signal.SIGKILL, 5.0)  # 2
        while (keeper := state_file.holder(f"{runtime}/keeper.lock")) and time.monotonic() < deadline:
            process_table.send(keeper, signal.SIGTERM)
            _wait_gone(keeper, 1.0)
        _end(state_file.holder(f"{runtime}/keeper.lock"), signal.SIGKILL, 5.0)
        _end(state_file.holder(f"{runtime}/warden.lock"), signal.SIGKILL, 5.0)  # the keeper may have started another
        left = _sweep(state_file.load_status(runtime).processes)  # 3
        if left:
            raise ProcessError(f"processes {', '.join(str(item.pid) for item in left)} can't be ended")


def _sweep(processes: list[ProcessStatus]) -> list[Ident]:
    """Kill what is left of the recorded processes; return what survives that."""
    deadline = time.monotonic() + 10
    while True:
        left = [item.ident for item in processes if item.ident and process_table.is_alive(item.ident)]
        left += [ident for item in processes if item.run for ident in process_table.members(item.run)]
        for ident in left:
            process_table.send(ident, signal.SIGKILL)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(_POLL)


def _end(ident: Ident | None, number: int, seconds: float) -> None:
    if ident is not None:
        process_table.send(ident, number)
        _wait_gone(ident, seconds)


def _wait_gone(ident: Ident, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while process_table.is_alive(ident) and time.monotonic() < deadline:
        time.sleep(_POLL)


def _not_ready(runtime: str, status: KeeperStatus, name: str) -> ProcessError:
    item = status.process(name) or ProcessStatus(name, phase=STOPPED, detail="not known to the supervisor")
    facts = "; ".join(part for part in (item.phase, item.detail, item.last_exit and f"last: {item.last_exit}") if part)
    words = " | ".join(rotation.last_lines(_log_of(runtime, name)))
    return ProcessError(f"{name} is not ready ({facts}){': ' + words if words else ''}", hint=f"rayfence logs {name}")


def _log_of(runtime: str, name: str) -> str:
    return state_file.load_status(runtime).logs.get(name, "")


class _control(contextlib.AbstractContextManager[None]):
    """Commands take turns. Used like a function."""

    def __init__(self, runtime: str) -> None:
        self._lock = Lock(f"{runtime}/control.lock")

    def __enter__(self) -> None:
        if not self._lock.take(120.0):
            raise ProcessError("another command is at work on this instance")

    def __exit__(self, *_details: object) -> None:
        self._lock.release()
