"""`up`: the pipeline, applied to this machine."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rayfence.adapters import files
from rayfence.api.instances import Record, record_json, state_root
from rayfence.api.machine import LocalMachine
from rayfence.api.plan import Planned, plan_platform, read_spec
from rayfence.api.status import Status, look
from rayfence.apply import execute
from rayfence.errors import StateError
from rayfence.model.plan import Action
from rayfence.ports.machine import Reporter
from rayfence.render.local.layout import Layout


def up(spec: Path | None, name: str | None, state_dir: Path | None, report: Reporter) -> Status:
    """Make the instance what the spec says, and look at the result.

    1. Decode the spec.
    2. Take the instance's lock: two `up` at once would choose the same ports.
    3. Plan from a fresh look.
    4. Record ports, folders and Ray's uid, then execute the plan; an interruption stops what this run started.
    5. Look again: the status is what is seen, not what was done.
    Raises: SpecError, PreflightError, StateError before anything is changed; ProcessError when a part does not get
    ready.
    """
    platform, text = read_spec(spec, name, state_dir)  # 1
    with locked(platform.name, state_dir):  # 2
        planned = plan_platform(platform, text, state_dir)  # 3
        if planned.plan.pending:
            _apply(planned, report)  # 4
        else:
            report("nothing to do: everything is as specified")
    return look(platform.name, state_dir)  # 5


@contextmanager
def locked(name: str, state_dir: Path | None) -> Iterator[None]:
    """Hold the lock of one instance. Raises StateError when another command holds it."""
    root = state_root(state_dir)
    files.make_folder(str(root), os.geteuid(), os.getegid(), 0o700)
    with (root / f".{name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateError(f"another command is at work on {name!r}", hint="wait for it to end") from error
        yield


def _apply(planned: Planned, report: Reporter) -> None:
    machine = LocalMachine(planned.resolution, planned.desired)
    _record(planned, machine)
    fresh = all(change.action is Action.START for change in planned.plan.changes if change.kind == "process")
    try:
        execute(planned.plan, planned.desired, machine, report)
    except BaseException:
        # Ctrl-C, a failed part, an exposed listener: a half-started instance is not left behind. A running one that
        # was only being repaired keeps what it has.
        if fresh:
            report("stopping what was started")
            machine.stop()
        raise


def _record(planned: Planned, machine: LocalMachine) -> None:
    host = planned.resolution.host
    layout = Layout(host.places)
    machine.make_folder(planned.desired.folders[0])  # the state folder
    record = Record(planned.plan.instance, host.user, host.places, host.ports, host.ray_uid, host.namespaces)
    files.write_file(layout.instance, record_json(record), os.geteuid(), os.getegid())
    files.write_file(layout.spec, planned.spec_text, os.geteuid(), os.getegid())
