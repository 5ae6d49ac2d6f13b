"""The keeper: runs the processes of one instance, restarts what dies, adopts what it finds running. A small program.

Covers: order (`after`), readiness, liveness, restart with growing pauses, restart together (`restart_with`), orderly
stop, logs of bounded size, and being killed at any moment: the next keeper goes on from `keeper.json`. Leaves out: what
the specs mean; it imports neither plan nor render. The other half of its own supervision is `warden.py`.

Single-threaded, woken by pidfds, signals and once a second. Nothing in the loop waits for anything else.
"""

import contextlib
import json
import os
import select
import signal
import time
from collections.abc import Sequence
from typing import Final

from rayfence.adapters.processes import process_table, rotation, state_file
from rayfence.adapters.processes.launch import start_detached
from rayfence.adapters.processes.process_control import become_subreaper
from rayfence.adapters.processes.process_table import Ident
from rayfence.adapters.processes.slot import Slot
from rayfence.adapters.processes.state_file import (
    BACKOFF,
    READY,
    STARTING,
    STOPPED,
    STOPPING,
    WAITING,
    KeeperStatus,
    Lock,
    ProcessStatus,
)
from rayfence.model.desired import ProcessSpec
from rayfence.model.process_file import processes_from_json

_TICK: Final = 1.0
_SWEEP_TICK: Final = 0.05
_ROTATE_SECONDS: Final = 10.0
_WARDEN_PATIENCE: Final = 3.0


def main(arguments: Sequence[str]) -> None:
    """Arguments: runtime folder, file of process specs. Returns when another keeper is there, or all is stopped."""
    runtime, file = arguments
    lock = Lock(f"{runtime}/keeper.lock")
    if not lock.take(5.0):
        return
    ident = process_table.ident_of(os.getpid())
    if ident is None:
        return
    lock.sign(ident)
    become_subreaper()  # what outlives its parent comes to us and is collected
    keeper = Keeper(runtime, file, ident)
    keeper.adopt()
    keeper.run()


class Keeper:
    """The loop and its decisions. `step` is one turn of it."""

    def __init__(self, runtime: str, file: str, ident: Ident) -> None:
        """Read the specs and what the last keeper wrote. Raises ValueError for an unusable file."""
        self._runtime = runtime
        self._file = file
        old = state_file.load_status(runtime)
        self._status = KeeperStatus(keeper=ident, boot=process_table.boot_id(), handled=old.handled)
        known = {item.name: item for item in old.processes}
        specs = processes_from_json(state_file.read(file))
        self._slots = [Slot(spec, known.pop(spec.name, ProcessStatus(spec.name))) for spec in specs]
        self._strangers = [item for item in known.values() if item.ident is not None]
        self._exits: dict[int, str] = {}  # pid -> how it ended, collected and not yet used
        self._warden_handle = -1
        self._warden_asked = 0.0
        self._rotated = 0.0
        self._stopping = False
        self._written = ""
        self._wake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        os.write(waker, b"\0")  # the first turn waits for nothing: there is something to start or to adopt
        signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, lambda _number, _frame: self._stop())
        signal.signal(signal.SIGHUP, lambda _number, _frame: None)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def adopt(self) -> None:
        """Go on where the last keeper was killed: hold what runs, mourn what does not, end what nobody wants now."""
        for stranger in self._strangers:
            for ident in process_table.members(stranger.run):
                process_table.send(ident, signal.SIGKILL)
        for slot in self._slots:
            if slot.status.pid and not slot.adopt():
                self._ended(slot, "ended while no keeper was there")
            elif not slot.status.pid:
                slot.enter(WAITING)
            elif slot.status.phase == STOPPING:
                slot.deadline = time.monotonic() + slot.spec.stop_seconds
        self._write()

    def run(self) -> None:
        """Turn until everything is stopped."""
        while not self.step():
            pass

    def step(self) -> bool:
        """Wait for something to happen and deal with it. True: all is stopped and the keeper may end."""
        self._sleep()
        self._collect()
        self._obey()
        for slot in self._slots:
            self._advance(slot)
        self._watch_warden()
        self._rotate()
        self._slots = [slot for slot in self._slots if slot.wanted or slot.status.phase != STOPPED]
        with contextlib.suppress(OSError):
            self._write()  # a full disk must not end the keeper; a start that can't be recorded does not happen
        return self._stopping and all(slot.status.phase == STOPPED for slot in self._slots)

    def _sleep(self) -> None:
        now, timeout = time.monotonic(), _TICK
        poll = select.poll()
        poll.register(self._wake, select.POLLIN)
        for slot in self._slots:
            for handle in slot.handles():
                poll.register(handle, select.POLLIN)
            if slot.status.phase in (BACKOFF, STOPPING):
                timeout = min(timeout, max(0.0, slot.deadline - now))
            if slot.sweeping:
                timeout = min(timeout, _SWEEP_TICK)
        if self._warden_handle >= 0:
            poll.register(self._warden_handle, select.POLLIN)
        poll.poll(timeout * 1000)
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 512)

    def _collect(self) -> None:
        """Learn what ended. Probers are collected first: their slots wait for exactly them."""
        for slot in self._slots:
            answer = slot.prober_answer()
            if answer is not None and slot.status.phase == STARTING:
                self._judge(slot, *answer)
            elif answer is not None and slot.status.phase == READY:
                self._look(slot, *answer)
        for slot in self._slots:
            if slot.handle >= 0 and _readable(slot.handle):
                self._ended(slot, _how(slot.status.pid))
        if not any(slot.probing for slot in self._slots):
            _collect_orphans({slot.status.pid for slot in self._slots})

    def _judge(self, slot: Slot, ready: bool, words: str) -> None:
        if ready:
            slot.enter(READY, words)
        else:
            self._end(slot, f"not ready in time: {words}", failed=True)

    def _look(self, slot: Slot, alive: bool, words: str) -> None:
        """A ready process was asked again. One that is stopped or stuck does not end by itself, nor on a plea."""
        if alive:
            slot.look_later()
            return
        if slot.sound:
            slot.failures = 0
        slot.hung = "no longer answered"
        self._end(slot, f"no longer answers: {words}", seconds=0, failed=True)

    def _ended(self, slot: Slot, how: str) -> None:
        """A process is gone: by our will, by its own, or killed. Those bound to it go too."""
        wanted_end = slot.status.phase == STOPPING
        slot.ended(how)
        if not wanted_end:
            slot.status.restarts += 1
            slot.deadline = time.monotonic() + slot.backoff()
            slot.enter(BACKOFF, how)
        else:
            slot.deadline = time.monotonic() + slot.pause
            slot.enter(BACKOFF, slot.status.detail)
        slot.pause = 0.0
        for other in self._slots:
            if slot.spec.name in other.spec.restart_with and other.status.pid:
                other.status.restarts += 1
                self._end(other, f"restarts with {slot.spec.name}", seconds=0)

    def _end(self, slot: Slot, why: str, *, seconds: int | None = None, failed: bool = False) -> None:
        if not slot.status.pid or slot.status.phase == STOPPING:
            return
        slot.end_prober()
        slot.enter(STOPPING, why)
        now = time.monotonic()
        slot.deadline = now + (slot.spec.stop_seconds if seconds is None else seconds)
        if failed:
            slot.status.restarts += 1
            slot.pause = slot.backoff()
        slot.signal(signal.SIGTERM)

    def _advance(self, slot: Slot) -> None:
        """One slot, one step further."""
        now = time.monotonic()
        phase = slot.status.phase
        if slot.sweeping and not slot.sweep():
            return
        if not slot.wanted:
            self._wind_down(slot)
        elif phase == BACKOFF and now >= slot.deadline:
            slot.enter(WAITING, slot.status.detail)
            self._start(slot)
        elif phase in (WAITING, STOPPED):
            self._start(slot)
        elif phase == STARTING and not slot.probing:
            slot.start_prober(slot.spec.readiness)
        elif phase == READY and slot.spec.liveness and not slot.probing and now >= slot.next_look:
            slot.start_prober(slot.spec.liveness)
        if slot.status.phase == STOPPING and now >= slot.deadline:
            slot.signal(signal.SIGKILL)
            slot.deadline = now + _TICK

    def _wind_down(self, slot: Slot) -> None:
        users = [item for item in self._slots if slot.spec.name in item.spec.after + item.spec.restart_with]
        if any(user.status.phase != STOPPED for user in users):
            return  # what needs it goes first
        if slot.status.pid:
            self._end(slot, "stopped")
        elif slot.status.phase != STOPPED:
            slot.enter(STOPPED)

    def _start(self, slot: Slot) -> None:
        """Start what may start: all at once, as far as the bonds allow."""
        leaders = _leaders(self._slots, slot.spec)
        if leaders is None:
            return
        try:
            slot.start(os.urandom(8).hex(), self._write, leaders)
            slot.start_prober(slot.spec.readiness)
        except OSError as problem:
            slot.ended(str(problem))
            slot.deadline = time.monotonic() + slot.backoff()
            slot.enter(BACKOFF, f"could not be started: {problem}")

    def _obey(self) -> None:
        """Goal and request, as written by commands."""
        if state_file.read_goal(self._runtime) == state_file.STOP:
            self._stop()
        text = state_file.read(f"{self._runtime}/request.json")
        if not text or self._stopping:
            return
        try:
            request = json.loads(text)
            if request["id"] == self._status.handled:
                return
            self._status.handled = request["id"]
            self._reload()
            for slot in self._slots:
                if slot.spec.name in request["restart"]:
                    slot.failures = 0
                    self._end(slot, "restart was asked for")
        except (ValueError, KeyError, TypeError):
            return  # a half-made request or file changes nothing; the asker sees that it was not handled

    def _reload(self) -> None:
        specs = {spec.name: spec for spec in processes_from_json(state_file.read(self._file))}
        known = {slot.spec.name: slot for slot in self._slots}
        for name, slot in known.items():
            slot.wanted = name in specs
        for name, spec in specs.items():
            if name in known:
                known[name].spec = spec  # used from the next start on
            else:
                self._slots.append(Slot(spec, ProcessStatus(name)))

    def _stop(self) -> None:
        if not self._stopping:
            self._stopping = True
            state_file.write_goal(self._runtime, state_file.STOP)
        for slot in self._slots:
            slot.wanted = False

    def _watch_warden(self) -> None:
        """Each of the two restarts the other: killing one of them gains nothing."""
        if self._warden_handle >= 0 and not _readable(self._warden_handle):
            return
        if self._warden_handle >= 0:
            os.close(self._warden_handle)
            self._warden_handle, self._status.warden = -1, None
        if self._stopping:
            return
        ident = state_file.holder(f"{self._runtime}/warden.lock")
        handle = process_table.open_handle(ident) if ident else None
        if handle is not None:
            self._warden_handle, self._status.warden = handle, ident
        elif time.monotonic() - self._warden_asked > _WARDEN_PATIENCE:
            self._warden_asked = time.monotonic()
            with contextlib.suppress(OSError):
                start_detached("warden", self._runtime, self._file)

    def _rotate(self) -> None:
        if time.monotonic() - self._rotated > _ROTATE_SECONDS:
            self._rotated = time.monotonic()
            for slot in self._slots:
                with contextlib.suppress(OSError):
                    rotation.rotate(slot.spec.log)

    def _write(self) -> None:
        self._status.goal = state_file.STOP if self._stopping else state_file.RUN
        self._status.processes = [slot.status for slot in self._slots]
        self._status.logs = {slot.spec.name: slot.spec.log for slot in self._slots}
        text = state_file.status_text(self._status)
        if text != self._written:
            state_file.replace(f"{self._runtime}/keeper.json", text)
            self._written = text


def _leaders(slots: Sequence[Slot], spec: ProcessSpec) -> dict[str, str] | None:
    """The runs of those it follows that are starting themselves; None while its bonds forbid a start."""
    ready = {item.spec.name for item in slots if item.status.phase == READY}
    under_way = {item.spec.name: item.status.run for item in slots if item.status.phase == STARTING}
    if not ready.issuperset(spec.after) or not {*ready, *under_way}.issuperset(spec.restart_with):
        return None
    return {name: under_way[name] for name in spec.restart_with if name in under_way}


def _readable(handle: int) -> bool:
    return bool(select.select([handle], [], [], 0)[0])


def _how(pid: int) -> str:
    """How a process ended: in words, and collected. What was adopted is not our child: its status is lost."""
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return "ended"
    if found == 0:
        return "ended"
    code = os.waitstatus_to_exitcode(status)
    return f"signal {-code}" if code < 0 else f"exit {code}"


def _collect_orphans(ours: set[int]) -> None:
    """Collect what came to us because its parent died. Ours are left to those who need their status."""
    for item in process_table.rows():
        if item.parent == os.getpid() and item.state == "Z" and item.ident.pid not in ours:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(item.ident.pid, os.WNOHANG)
