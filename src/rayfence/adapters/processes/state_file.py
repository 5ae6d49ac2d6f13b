"""Files in the runtime folder by which the keeper, the warden and the commands know of each other.

`keeper.json`: what runs (written by the keeper). `goal`: `run` or `stop` (by commands). `request.json`: what the
keeper should do next (by commands). `keeper.lock`, `warden.lock`, `control.lock`: held by flock, so a dead holder holds
nothing.
Everything is written by rename; the folder is 0700, which is all the protection these files need.
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from rayfence.adapters.processes.process_table import Ident, boot_id, is_alive

#: Phases of a process, in the words `status` shows.
WAITING, STARTING, READY, STOPPING, STOPPED, BACKOFF = "waiting", "starting", "ready", "stopping", "stopped", "backoff"
RUN: Final = "run"
STOP: Final = "stop"


@dataclass(slots=True)
class ProcessStatus:
    """One supervised process, as last written."""

    name: str
    phase: str = WAITING
    pid: int = 0  # of the outermost process; 0: none
    start: int = 0  # its start time
    run: str = ""  # mark of this start, in the environment of all its processes
    restarts: int = 0  # since the keeper was first started
    last_exit: str = ""  # "exit 1", "signal 9", "ended" where the status could not be collected
    since: float = 0.0  # unix time of the last change of phase
    detail: str = ""  # what proved it ready, or why it is not

    @property
    def ident(self) -> Ident | None:
        """Name of the running process."""
        return Ident(self.pid, self.start) if self.pid else None


@dataclass(slots=True)
class KeeperStatus:
    """Everything the keeper knows. `keeper` and `warden` are (pid, start time) or None."""

    keeper: Ident | None = None
    warden: Ident | None = None
    goal: str = STOP
    handled: str = ""  # id of the last request carried out
    boot: str = ""
    processes: list[ProcessStatus] = field(default_factory=list)
    logs: dict[str, str] = field(default_factory=dict)  # process -> its log file

    def process(self, name: str) -> ProcessStatus | None:
        """The process of this name."""
        return next((item for item in self.processes if item.name == name), None)


def status_text(status: KeeperStatus) -> str:
    """The content of `keeper.json`."""
    return json.dumps(asdict(status))


def load_status(runtime: str) -> KeeperStatus:
    """What the keeper wrote last, as it is; empty when there is nothing usable, or it is of another boot."""
    try:
        data: dict[str, Any] = json.loads(read(f"{runtime}/keeper.json") or "{}")
        processes = [ProcessStatus(**item) for item in data.pop("processes", [])]
        keeper, warden = (Ident(*item) if item else None for item in (data.pop("keeper", 0), data.pop("warden", 0)))
        status = KeeperStatus(keeper=keeper, warden=warden, processes=processes, **data)
    except (ValueError, TypeError):
        return KeeperStatus()
    return status if status.boot == boot_id() else KeeperStatus()


def read_goal(runtime: str) -> str:
    """`run` or `stop`; `stop` when nothing was ever wanted."""
    return read(f"{runtime}/goal").strip() or STOP


def write_goal(runtime: str, goal: str) -> None:
    """Say what is wanted; keeper and warden obey at their next look."""
    replace(f"{runtime}/goal", goal)


def read(path: str) -> str:
    """A small file's text; empty when it is not there."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def replace(path: str, text: str) -> None:
    """Write by rename: a reader sees the old or the new text, never a part. Raises OSError: the disk may be full."""
    new = f"{path}.{os.getpid()}.new"
    with open(new, "wb", buffering=0, opener=_closed_file) as file:
        content = memoryview(text.encode())
        while content:  # a disk that is filling up takes a part and reports no error
            content = content[file.write(content) :]
    os.replace(new, path)


def _closed_file(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Lock:
    """A flock on a file that also names its holder."""

    def __init__(self, path: str) -> None:
        """Open the file; take nothing yet."""
        self._path = path
        self._handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)

    def take(self, seconds: float) -> bool:
        """Take it, waiting at most `seconds`. False: another holds it."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    return False
                time.sleep(0.05)
            else:
                return True

    def sign(self, ident: Ident) -> None:
        """Name the holder, for those who find the lock taken."""
        os.ftruncate(self._handle, 0)
        os.pwrite(self._handle, f"{ident.pid} {ident.start}".encode(), 0)

    def release(self) -> None:
        """Give it up and close."""
        os.close(self._handle)


def holder(path: str) -> Ident | None:
    """Who signed this lock and still runs."""
    words = read(path).split()
    if len(words) != 2 or not all(word.isdigit() for word in words):
        return None
    ident = Ident(int(words[0]), int(words[1]))
    return ident if is_alive(ident) else None
