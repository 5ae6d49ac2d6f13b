"""Keeper and warden bring each other back; neither does when stopping is wanted."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rayfence.adapters.processes import keeper_control, process_table, state_file, warden
from rayfence.adapters.processes.launch import program_argv
from rayfence.model.process_file import processes_to_json
from tests.unit.adapters.processes.kept import shell


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that must happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_each_brings_the_other_back(runtime: Path) -> None:
    file = runtime / "processes.json"
    file.write_text(processes_to_json((shell(runtime, "a"),)), encoding="utf-8")
    keeper_control.start_keeper(str(file), str(runtime))
    for victim in ("warden", "keeper", "warden", "keeper"):
        before = keeper_control.read_status(str(runtime))
        ident = before.warden if victim == "warden" else before.keeper
        assert ident is not None
        os.kill(ident.pid, signal.SIGKILL)

        def both_are_back(gone: process_table.Ident = ident) -> bool:
            now = keeper_control.read_status(str(runtime))
            return None not in (now.keeper, now.warden) and gone not in (now.keeper, now.warden)

        wait_until(both_are_back)


def run(runtime: Path) -> None:
    """A warden in the foreground; it must end by itself."""
    argv = program_argv("warden", str(runtime), str(runtime / "none"))
    assert subprocess.run(argv, timeout=30, check=False).returncode == 0


def test_it_ends_when_nothing_is_wanted(runtime: Path) -> None:
    state_file.write_goal(str(runtime), state_file.STOP)
    run(runtime)
    assert not (runtime / "keeper.lock").exists()
    assert callable(warden.main)


def test_there_is_one_only(runtime: Path) -> None:
    lock = state_file.Lock(f"{runtime}/warden.lock")
    assert lock.take(0)
    state_file.write_goal(str(runtime), state_file.RUN)
    run(runtime)  # another holds the lock
    lock.release()
    state_file.write_goal(str(runtime), state_file.STOP)
    assert not (runtime / "keeper.lock").exists()
