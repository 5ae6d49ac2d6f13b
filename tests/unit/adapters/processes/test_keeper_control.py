"""What commands do: start twice, ask, wait, stop, with the supervisor alive, killed, or never there."""

import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.processes import keeper_control, process_table, state_file
from rayfence.adapters.processes.state_file import KeeperStatus
from rayfence.errors import ProcessError, StateError
from rayfence.model.desired import ProcessSpec, ReadinessProbe
from rayfence.model.process_file import processes_to_json
from tests.unit.adapters.processes.kept import own_walls, shell


def write(runtime: Path, *specs: ProcessSpec) -> str:
    """The spec file."""
    file = runtime / "processes.json"
    file.write_text(processes_to_json(specs), encoding="utf-8")
    return str(file)


def test_two_starts_at_once_make_one_keeper(runtime: Path) -> None:
    file = write(runtime, shell(runtime, "a"))
    failures: list[BaseException] = []

    def start() -> None:
        try:
            keeper_control.start_keeper(file, str(runtime))
        except BaseException as error:  # noqa: BLE001 - handed to the test
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    status = keeper_control.wait_ready(str(runtime), ["a"], 30)
    assert status.processes[0].restarts == 0
    keepers = [row.ident for row in process_table.rows() if f"keeper\0--detach\0{runtime}\0" in command(row.ident.pid)]
    assert keepers == [status.keeper]


def command(pid: int) -> str:
    """Command line of a process, empty when it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_a_restart_is_under_way_when_it_returns(runtime: Path) -> None:
    file = write(runtime, shell(runtime, "a"), shell(runtime, "b"))
    keeper_control.start_keeper(file, str(runtime))
    before = keeper_control.wait_ready(str(runtime), ["a", "b"], 30)
    keeper_control.request(str(runtime), ["a"])
    after = keeper_control.wait_ready(str(runtime), ["a", "b"], 30)
    assert before.processes[0].ident != after.processes[0].ident
    assert before.processes[1].ident == after.processes[1].ident
    assert after.processes[0].restarts == 0, "what was asked for is no failure"


def test_waiting_tells_progress_and_fails_with_the_last_words(runtime: Path) -> None:
    bad = replace(
        shell(runtime, "bad", "echo port 7 is taken >&2; exit 3"),
        readiness=ReadinessProbe("service", 20, (("socket", "/none"),)),
    )
    keeper_control.start_keeper(write(runtime, bad), str(runtime))
    seen: list[KeeperStatus] = []
    with pytest.raises(ProcessError) as raised:
        keeper_control.wait_ready(str(runtime), ["bad"], 60, seen.append)
    assert "bad is not ready" in str(raised.value)
    assert "exit 3" in str(raised.value)
    assert "port 7 is taken" in str(raised.value)
    assert seen
    with pytest.raises(ProcessError, match="not known to the supervisor"):
        keeper_control.wait_ready(str(runtime), ["nobody"], 0.1)


def test_one_failed_branch_ends_the_wait_for_all_and_is_named(runtime: Path) -> None:
    """The others may still be starting: nobody waits for them any more."""
    never = ReadinessProbe("service", 600, (("socket", str(runtime / "none")),))
    slow = replace(shell(runtime, "slow"), readiness=never)
    bound = replace(shell(runtime, "bound"), readiness=never, restart_with=("bad",))
    bad = replace(shell(runtime, "bad", "echo port 7 is taken >&2; exit 3"), readiness=never)
    keeper_control.start_keeper(write(runtime, slow, bad, bound), str(runtime))
    with pytest.raises(ProcessError, match=r"bad is not ready .*port 7 is taken"):
        keeper_control.wait_ready(str(runtime), ["slow", "bad", "bound"], 600)
    status = keeper_control.read_status(str(runtime))
    assert {item.name: item.phase for item in status.processes}["slow"] == state_file.STARTING


def test_an_unusable_spec_file_starts_nothing(runtime: Path) -> None:
    (runtime / "p.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StateError, match=r"p\.json can't be used"):
        keeper_control.start_keeper(str(runtime / "p.json"), str(runtime))
    assert state_file.read_goal(str(runtime)) == state_file.STOP


def test_stopping_nothing_does_nothing(runtime: Path) -> None:
    keeper_control.stop_instance(str(runtime))
    assert keeper_control.read_status(str(runtime)).processes == []


def test_what_was_asked_for_is_known_before_anything_runs(runtime: Path) -> None:
    assert not keeper_control.was_asked_for(str(runtime))
    assert not keeper_control.was_asked_for(str(runtime / "missing"))
    state_file.write_goal(str(runtime), state_file.RUN)  # the first thing a start does
    assert keeper_control.was_asked_for(str(runtime))


def test_nobody_answers_without_a_keeper(runtime: Path) -> None:
    with pytest.raises(ProcessError, match="does not answer"):
        keeper_control.request(str(runtime), timeout=0.2)


@pytest.mark.parametrize("supervisor_alive", [True, False])
def test_stop_leaves_no_process(runtime: Path, supervisor_alive: bool) -> None:
    loose = "setsid sleep 600 & sleep 601"
    walled = replace(shell(runtime, "walled", loose), sandbox=own_walls(runtime))
    keeper_control.start_keeper(write(runtime, shell(runtime, "bare", loose), walled), str(runtime))
    status = keeper_control.wait_ready(str(runtime), ["bare", "walled"], 30)
    time.sleep(0.2)
    everything = {row.ident for row in process_table.descendants([item.pid for item in status.processes])}
    everything |= {ident for item in status.processes for ident in process_table.members(item.run)}
    assert len(everything) >= 8
    assert status.keeper
    assert status.warden
    if not supervisor_alive:
        os.kill(status.warden.pid, signal.SIGKILL)
        os.kill(status.keeper.pid, signal.SIGKILL)
    keeper_control.stop_instance(str(runtime))
    assert not any(process_table.is_alive(ident) for ident in everything | {status.keeper, status.warden})
    keeper_control.stop_instance(str(runtime))


def test_a_recorded_pid_that_is_now_anothers_is_not_believed(runtime: Path) -> None:
    mine = process_table.ident_of(os.getpid())
    assert mine is not None
    recorded = state_file.ProcessStatus("a", state_file.READY, mine.pid, mine.start - 1, "")
    status = KeeperStatus(boot=process_table.boot_id(), processes=[recorded])
    state_file.replace(f"{runtime}/keeper.json", state_file.status_text(status))
    seen = keeper_control.read_status(str(runtime)).processes[0]
    assert (seen.pid, seen.phase) == (0, state_file.BACKOFF)
    keeper_control.stop_instance(str(runtime))  # and this test is still there
