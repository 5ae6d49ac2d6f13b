"""`execute(Plan)`: a list of steps; each is a value, the order is the list's.

Safe to repeat after a crash at any point: the next plan is made from a fresh look and holds what is left to do.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from rayfence.errors import ListenerExposed
from rayfence.model.desired import Desired
from rayfence.model.frozen import dataclass
from rayfence.model.plan import Action, Plan, Receipt, StepResult
from rayfence.ports.machine import Machine, Reporter


@dataclass(frozen=True, slots=True)
class Step:
    """A named part of the work; `run` returns what to tell, or an empty text when there was nothing to do."""

    name: str
    run: Callable[[Plan, Desired, Machine, Reporter], str]


def execute(
    plan: Plan, desired: Desired, machine: Machine, report: Reporter, steps: Sequence[Step] | None = None
) -> Receipt:
    """Run every step in order and return what was done.

    Raises what a step raises; the receipt so far is in the reports. When the walls are not as promised, everything is
    stopped again: a Ray that listens to the network is worse than none.
    """
    receipt = Receipt(plan.digest)
    for step in steps or STEPS:
        began = time.monotonic()
        detail = step.run(plan, desired, machine, report)
        result = StepResult(step.name, round(time.monotonic() - began, 3), detail)
        receipt = replace(receipt, steps=(*receipt.steps, result))
        if detail:
            report(f"{step.name}: {detail}")
    return receipt


def _folders(plan: Plan, desired: Desired, machine: Machine, _report: Reporter) -> str:
    for folder in desired.folders:
        machine.make_folder(folder)  # also the ones that are there: their mode may have been widened since
    return _count(plan, "folder")


def _secrets(plan: Plan, desired: Desired, machine: Machine, _report: Reporter) -> str:
    wanted = plan.touches("secret")
    for request in desired.secrets:
        if request.name in wanted:
            machine.make_secret(request)
    return _count(plan, "secret")


def _authorities(plan: Plan, desired: Desired, machine: Machine, _report: Reporter) -> str:
    wanted = plan.touches("authority")
    for request in desired.authorities:
        if request.name in wanted:
            machine.make_authority(request)
        machine.publish_authority(request)  # always: the copies lie in folders that go with each `down`
    return _count(plan, "authority")


def _certificates(plan: Plan, desired: Desired, machine: Machine, _report: Reporter) -> str:
    wanted = plan.touches("certificate")
    for request in desired.certificates:
        if request.name in wanted:
            machine.issue(request)
    return _count(plan, "certificate")


def _files(plan: Plan, desired: Desired, machine: Machine, _report: Reporter) -> str:
    wanted = plan.touches("file")
    for file in desired.files:
        if file.path in wanted:
            machine.write(file)
    return _count(plan, "file")


def _processes(plan: Plan, desired: Desired, machine: Machine, report: Reporter) -> str:
    pending = [change for change in plan.pending if change.kind == "process"]
    if not pending:
        return ""
    restart = frozenset(change.name for change in pending if change.action in (Action.RESTART, Action.REMOVE))
    machine.start(desired.processes, restart)
    machine.await_ready([spec.name for spec in desired.processes], report)
    return _count(plan, "process")


def _listeners(_plan: Plan, _desired: Desired, machine: Machine, _report: Reporter) -> str:
    exposed = machine.exposed_listeners()
    if exposed:
        machine.stop()
        raise ListenerExposed(
            f"listening elsewhere than on loopback: {', '.join(exposed)}; everything was stopped",
            hint="free the named address or report the process: nothing of Ray may listen to the network",
        )
    return "every listener is on loopback"


def _count(plan: Plan, kind: str) -> str:
    counted: dict[Action, int] = {}
    for change in plan.pending:
        if change.kind == kind:
            counted[change.action] = counted.get(change.action, 0) + 1
    return ", ".join(f"{number} {_PAST[action]}" for action, number in counted.items())


_PAST: Final = {
    Action.CREATE: "made",
    Action.UPDATE: "updated",
    Action.RENEW: "renewed",
    Action.START: "started",
    Action.RESTART: "restarted",
    Action.REMOVE: "removed",
}

STEPS: Final = (
    Step("folders", _folders),
    Step("secrets", _secrets),
    Step("authorities", _authorities),
    Step("certificates", _certificates),
    Step("configuration", _files),
    Step("processes", _processes),
    Step("listeners", _listeners),  # the proof: a config that says loopback is not a kernel that says so
)
