"""Order, repetition after a crash at every call, and what stops everything."""

import pytest

from rayfence.apply.steps import STEPS, execute
from rayfence.errors import ListenerExposed, ProcessError
from rayfence.plan.diff import diff
from tests.sim.machine import Killed, SimMachine
from tests.unit.plan.test_diff import DESIRED


def apply(machine: SimMachine) -> list[str]:
    said: list[str] = []
    execute(diff(DESIRED, machine.observe(DESIRED)), DESIRED, machine, said.append)
    return said


def test_nothing_of_ray_starts_before_its_walls_and_files_are_there() -> None:
    assert [step.name for step in STEPS] == [
        "folders",
        "secrets",
        "authorities",
        "certificates",
        "configuration",
        "processes",
        "listeners",
    ]


def test_applied_twice_changes_nothing() -> None:
    machine = SimMachine()
    apply(machine)
    before = list(machine.calls)
    apply(machine)
    # Folders are put right every time, since a widened mode would not show as a change of content.
    assert machine.calls[len(before) :] == ["folder /s"]


@pytest.mark.parametrize("killed_at", range(1, 7))
def test_killed_at_any_call_a_second_run_completes(killed_at: int) -> None:
    machine = SimMachine(killed_at=killed_at)
    with pytest.raises(Killed):
        apply(machine)
    apply(machine)
    assert diff(DESIRED, machine.observe(DESIRED)).pending == ()


def test_a_listener_on_the_network_stops_everything_and_is_named() -> None:
    machine = SimMachine(exposed=("0.0.0.0:6379 (gcs_server)",))
    with pytest.raises(ListenerExposed, match=r"0\.0\.0\.0:6379 \(gcs_server\)"):
        apply(machine)
    assert not machine.running


def test_a_part_that_does_not_get_ready_is_an_error() -> None:
    with pytest.raises(ProcessError, match="node did not get ready"):
        apply(SimMachine(refuses="node"))


def test_all_parts_are_awaited_together_and_each_is_told() -> None:
    said = apply(SimMachine())
    ready = [f"{spec.name} is ready: seen" for spec in DESIRED.processes]
    assert [line for line in said if "is ready" in line] == ready


def test_the_receipt_lists_every_step_with_its_time() -> None:
    machine = SimMachine()
    plan = diff(DESIRED, machine.observe(DESIRED))
    receipt = execute(plan, DESIRED, machine, lambda _text: None)
    assert receipt.digest == plan.digest
    assert [result.step for result in receipt.steps] == [step.name for step in STEPS]
    assert all(result.seconds >= 0 for result in receipt.steps)
