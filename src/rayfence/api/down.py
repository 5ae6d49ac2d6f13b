"""`down`: stop an instance and leave nothing running; on request forget it altogether."""

from pathlib import Path

from rayfence.adapters import files
from rayfence.adapters.processes import keeper_control
from rayfence.api.instances import DEFAULT_NAME, Record, load_record
from rayfence.api.locks import locked
from rayfence.model.frozen import dataclass
from rayfence.ports.machine import Reporter


@dataclass(frozen=True, slots=True)
class Stopped:
    """What `down` did."""

    name: str
    was_running: bool
    purged: bool

    @property
    def summary(self) -> str:
        """One sentence for a person."""
        state = "stopped" if self.was_running else "was not running"
        return f"{state}; keys, accounts and trail deleted" if self.purged else state


def down(name: str | None, state_dir: Path | None, purge: bool, report: Reporter) -> Stopped:
    """Stop everything of the instance, and only of it: processes are known by pid and start time, never by name.

    1. Stop the processes, dependants first; the kernel ends what is left inside a node's namespaces.
    2. Remove what only makes sense while they run: sockets, Ray's session folder.
    3. With `purge`, remove the state too.
    Doing it twice is fine. Raises ProcessError when a process can't be ended.
    """
    instance = name or DEFAULT_NAME
    with locked(instance, state_dir):
        record = load_record(instance, state_dir)
        if record is None:
            return Stopped(instance, was_running=False, purged=False)
        running = _stop(record, report)  # 1
        for folder in (record.places.runtime, record.places.ray):  # 2
            files.remove_folder(folder)
        if purge:  # 3
            for folder in (record.places.state, record.places.heads):
                files.remove_folder(folder)
        return Stopped(instance, running, purge)


def _stop(record: Record, report: Reporter) -> bool:
    runtime = record.places.runtime
    if not Path(runtime).is_dir():
        return False
    status = keeper_control.read_status(runtime)
    alive = [process.name for process in status.processes if process.pid]
    if status.keeper or alive:
        report(f"stopping {', '.join(reversed(alive)) or 'the keeper'}")
    keeper_control.stop_instance(runtime)
    return bool(status.keeper or alive)
