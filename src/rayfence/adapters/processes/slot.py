"""One supervised process in the keeper: its spec, what is known of it, the handles by which it is watched.

Holds no decisions: when to start and stop is the keeper's. Every method returns at once.
"""

import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Final

from rayfence.adapters.processes import state_file
from rayfence.adapters.processes.launch import launch, program_argv
from rayfence.adapters.processes.process_table import Ident, is_alive, members, open_handle, send
from rayfence.adapters.processes.state_file import ProcessStatus
from rayfence.model.desired import ProcessSpec, ReadinessProbe

#: Seconds before the first, second, … restart in a row; the last one repeats. The first must be fast: users wait.
BACKOFF: Final = (0.0, 0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
#: Ready for this long, a process counts as sound again.
SOUND_SECONDS: Final = 10.0
#: Between two looks at whether a ready process still answers. A look costs a tenth of a second of a processor.
LOOK_SECONDS: Final = 8.0
_PROOF_BYTES: Final = 1000
_PROBER_ENVIRONMENT: Final = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}


class Slot:
    """See the module. `deadline` (monotonic) belongs to the phase: the kill of STOPPING, the end of BACKOFF."""

    def __init__(self, spec: ProcessSpec, status: ProcessStatus) -> None:
        """Take over what was on record; `adopt` finds out whether it still runs."""
        self.spec = spec
        self.status = status
        self.handle = -1  # pidfd of the process
        self.deadline = 0.0
        self.pause = 0.0  # seconds between a wanted end and the next start
        self.failures = 0
        self.wanted = True  # False: stop for good (goal, or no longer in the file)
        self.sweeping = False  # the process has ended, others of its run have not
        self.hung = ""  # why it was killed, if it no longer answered
        self.next_look = 0.0  # monotonic: when a ready process is asked again
        self._ready_at = 0.0
        self._prober: tuple[int, int, int] | None = None  # pid, pidfd, pipe

    def enter(self, phase: str, detail: str = "") -> None:
        """Change the phase."""
        self.status.phase = phase
        self.status.detail = detail
        self.status.since = time.time()
        if phase == state_file.READY:
            self._ready_at = time.monotonic()
            self.look_later()

    def look_later(self) -> None:
        """It has just answered."""
        self.next_look = time.monotonic() + LOOK_SECONDS

    @property
    def sound(self) -> bool:
        """Whether it has been ready for long enough to count as a success."""
        return self.status.phase == state_file.READY and time.monotonic() - self._ready_at > SOUND_SECONDS

    def adopt(self) -> bool:
        """Take hold of the recorded process; False when it is gone."""
        ident = self.status.ident
        handle = open_handle(ident) if ident and is_alive(ident) else None
        self.handle = -1 if handle is None else handle
        return handle is not None

    def start(self, run: str, record: Callable[[], None], leaders: Mapping[str, str] | None = None) -> None:
        """Launch. `leaders`: name and run of those it is bound to that are still starting. Raises OSError; the status
        is then as before.
        """

        def on_record(ident: Ident) -> None:
            self.status.pid, self.status.start, self.status.run = ident.pid, ident.start, run
            self.enter(state_file.STARTING)
            record()

        ident = launch(self.spec, run, on_record, leaders)
        handle = open_handle(ident)
        self.handle = -1 if handle is None else handle

    def ended(self, how: str) -> None:
        """Forget the process. `sweep` must say True before the next start."""
        if self.handle >= 0:
            os.close(self.handle)
        if self.sound:
            self.failures = 0
        self.handle = -1
        self.status.pid = self.status.start = 0
        self.status.last_exit = f"{self.hung}, {how}" if self.hung else how
        self.hung = ""
        self.sweeping = True
        self.end_prober()

    def sweep(self) -> bool:
        """Kill what is left of the last run (children that outlived it hold its ports). True when nothing is."""
        left = members(self.status.run) if self.status.run else []
        for ident in left:
            send(ident, signal.SIGKILL)
        self.sweeping = bool(left)
        return not left

    def signal(self, number: int) -> None:
        """Send to the process, if there is one."""
        ident = self.status.ident
        if ident is not None:
            send(ident, number)

    def backoff(self) -> float:
        """Seconds to wait before the next start; each call counts a failure."""
        self.failures += 1
        return BACKOFF[min(self.failures - 1, len(BACKOFF) - 1)]

    def start_prober(self, probe: ReadinessProbe) -> None:
        """Ask a program of its own about the process: the keeper itself never waits for an answer."""
        facts = [f"{name}={value}" for name, value in probe.facts]
        argv = program_argv("prober", probe.kind, f"timeout={probe.timeout_seconds}", f"run={self.status.run}", *facts)
        reading, writing = os.pipe()
        nothing = [(os.POSIX_SPAWN_OPEN, handle, "/dev/null", os.O_RDWR, 0) for handle in (0, 2)]
        actions = [*nothing, (os.POSIX_SPAWN_DUP2, writing, 1)]
        pid = os.posix_spawn(argv[0], argv, _PROBER_ENVIRONMENT, file_actions=actions, setsid=True)
        os.close(writing)
        self._prober = (pid, os.pidfd_open(pid), reading)

    def prober_answer(self) -> tuple[bool, str] | None:
        """(ready, proof or reason) once the prober has ended; None while it runs, or when there is none."""
        if self._prober is None:
            return None
        pid, handle, reading = self._prober
        found, status = os.waitpid(pid, os.WNOHANG)
        if found == 0:
            return None
        text = os.read(reading, _PROOF_BYTES).decode("utf-8", "replace").strip()
        os.close(handle)
        os.close(reading)
        self._prober = None
        return os.waitstatus_to_exitcode(status) == 0, text

    def end_prober(self) -> None:
        """Give up asking."""
        if self._prober is None:
            return
        pid, handle, reading = self._prober
        self._prober = None
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(handle)
        os.close(reading)

    def handles(self) -> list[int]:
        """What to wait on."""
        found = [self.handle] if self.handle >= 0 else []
        return found if self._prober is None else [*found, self._prober[1]]

    @property
    def probing(self) -> bool:
        """Whether a prober is at work."""
        return self._prober is not None
