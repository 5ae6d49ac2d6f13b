"""`up`: the pipeline, applied to this machine."""

import os
from pathlib import Path

from rayfence.adapters import files
from rayfence.adapters.processes import keeper_control
from rayfence.api.instances import Record, places_for, record_json
from rayfence.api.locks import locked
from rayfence.api.machine import LocalMachine
from rayfence.api.plan import Planned, plan_platform, read_spec
from rayfence.api.status import Status, look
from rayfence.apply import execute
from rayfence.model.plan import Action
from rayfence.ports.machine import Reporter
from rayfence.render.local.layout import Layout


def up(spec: Path | None, name: str | None, state_dir: Path | None, report: Reporter) -> Status:
    """Make the instance what the spec says, and look at the result.

    1. Decode the spec.
    2. Take the instance's lock: two `up` at once would choose the same ports.
    3. Plan from a fresh look; what a crash left of an earlier Ray is cleared away first.
    4. Record ports, folders and Ray's uid, then execute the plan; an interruption stops what this run started.
    5. Look again: the status is what is seen, not what was done.
    Raises: SpecError, PreflightError, StateError before anything is changed; ProcessError when a part does not get
    ready.
    """
    platform, text = read_spec(spec, name, state_dir)  # 1
    with locked(platform.name, state_dir):  # 2
        _clear_leftovers(platform.name, state_dir)
        planned = plan_platform(platform, text, state_dir)  # 3
        if planned.plan.pending:
            _apply(planned, report)  # 4
        else:
            report("nothing to do: everything is as specified")
    return look(platform.name, state_dir)  # 5


def _clear_leftovers(name: str, state_dir: Path | None) -> None:
    """Ray's folder is of one run: session, node certificates, token copy. Without a Ray it is litter of a dead one."""
    places = places_for(name, state_dir)
    status = keeper_control.read_status(places.runtime) if Path(places.runtime).is_dir() else None
    if status is None or not (status.keeper or status.warden or any(item.pid for item in status.processes)):
        files.remove_folder(places.ray)


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
            _undo(planned, machine, report)
        raise


def _undo(planned: Planned, machine: LocalMachine, report: Reporter) -> None:
    places = planned.resolution.host.places
    if keeper_control.was_asked_for(places.runtime):
        report("stopping what was started")
        machine.stop()  # the folders stay until the next `up` or `down`: last words lie in them
    else:
        # The disk was full, say, before anything could start: nothing can be in use.
        for folder in (places.runtime, places.ray):
            files.remove_folder(folder)


def _record(planned: Planned, machine: LocalMachine) -> None:
    host = planned.resolution.host
    layout = Layout(host.places)
    machine.make_folder(planned.desired.folders[0])  # the state folder
    record = Record(planned.plan.instance, host.user, host.places, host.ports, host.ray_uid, host.namespaces)
    files.write_file(layout.instance, record_json(record), os.geteuid(), os.getegid())
    files.write_file(layout.spec, planned.spec_text, os.geteuid(), os.getegid())
