"""One supervised process by hand, without the keeper's loop."""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.processes import process_table, slot, state_file
from rayfence.adapters.processes.process_table import Ident
from rayfence.adapters.processes.slot import BACKOFF, Slot
from rayfence.adapters.processes.state_file import ProcessStatus
from rayfence.model.desired import ReadinessProbe
from tests.unit.adapters.processes.kept import shell


def nothing() -> None:
    """Record nothing."""


class RememberingSlot(Slot):
    """Knows what it started, also when it was told that it has ended."""

    started: Ident | None = None

    def start(self, run: str, record: Callable[[], None], leaders: Mapping[str, str] | None = None) -> None:
        super().start(run, record, leaders)
        self.started = self.status.ident


@pytest.fixture
def held(tmp_path: Path) -> Iterator[Slot]:
    """A slot for a sleeping shell with a child of its own."""
    made = RememberingSlot(shell(tmp_path, "a", "sleep 600 & sleep 601"), ProcessStatus("a"))
    yield made
    made.end_prober()
    if made.started is not None:  # by its pid: until it has become the shell, it does not carry the mark of its run
        process_table.send(made.started, signal.SIGKILL)
    while not made.sweep():
        time.sleep(0.02)


def wait_for_answer(held: Slot) -> tuple[bool, str]:
    """The prober's verdict."""
    deadline = time.monotonic() + 20
    while (answer := held.prober_answer()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return answer


def test_it_is_started_on_record_and_proved_ready(held: Slot) -> None:
    seen: list[str] = []
    held.start("run-a", lambda: seen.append(held.status.phase))
    assert seen == [state_file.STARTING]
    assert held.status.run == "run-a"
    held.start_prober(held.spec.readiness)
    assert held.probing
    assert len(held.handles()) == 2
    assert wait_for_answer(held) == (True, "runs")
    assert not held.probing


def test_a_prober_that_gives_up_says_why(held: Slot) -> None:
    probe = ReadinessProbe("service", 1, (("socket", "/no/such/socket"),))
    held.spec = replace(held.spec, readiness=probe)
    held.start("run-b", nothing)
    held.start_prober(held.spec.readiness)
    assert wait_for_answer(held) == (False, "its socket does not answer")


def test_why_it_was_killed_is_told_once(held: Slot) -> None:
    held.start("run-h", nothing)
    held.hung = "no longer answered"
    held.ended("signal 9")
    assert held.status.last_exit == "no longer answered, signal 9"
    held.ended("exit 1")
    assert held.status.last_exit == "exit 1"


def test_the_next_look_comes_after_the_last_answer(held: Slot) -> None:
    held.enter(state_file.READY)
    assert held.next_look > time.monotonic() + slot.LOOK_SECONDS - 1
    assert not held.sound, "it has just become ready"


def test_children_that_outlive_the_process_are_swept_before_the_next_start(held: Slot) -> None:
    held.start(f"run-{os.getpid()}", nothing)
    ident = held.status.ident
    assert ident is not None
    deadline = time.monotonic() + 10
    while len(process_table.members(held.status.run)) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    held.signal(signal.SIGKILL)
    os.waitpid(ident.pid, 0)
    held.ended("signal 9")
    assert (held.status.pid, held.status.last_exit, held.sweeping) == (0, "signal 9", True)
    while not held.sweep():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert process_table.members(held.status.run) == []


def test_another_keeper_takes_hold_of_what_runs(held: Slot) -> None:
    held.start("run-c", nothing)
    other = Slot(held.spec, replace(held.status))
    assert other.adopt()
    ident = held.status.ident
    assert ident is not None
    held.signal(signal.SIGKILL)
    os.waitpid(ident.pid, 0)
    gone = Slot(held.spec, replace(held.status))
    assert not gone.adopt()


def test_pauses_grow_and_a_sound_run_resets_them(held: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [held.backoff() for _ in range(len(BACKOFF) + 2)] == [*BACKOFF, BACKOFF[-1], BACKOFF[-1]]
    held.enter(state_file.READY, "proof")
    monkeypatch.setattr(slot, "SOUND_SECONDS", -1.0)
    held.ended("exit 1")
    assert held.backoff() == BACKOFF[0]
