"""The kernel's table of processes, read for children of this test."""

import os
import signal
import subprocess
import sys
import time

from rayfence.adapters.processes import process_table
from rayfence.adapters.processes.process_table import Ident, Row


def test_a_process_is_named_by_pid_and_start_time() -> None:
    child = subprocess.Popen(["/bin/sleep", "60"])
    ident = process_table.ident_of(child.pid)
    assert ident is not None
    assert process_table.is_alive(ident)
    assert not process_table.is_alive(Ident(ident.pid, ident.start + 1)), "the pid alone must not be enough"
    assert process_table.send(Ident(ident.pid, ident.start + 1), signal.SIGKILL) is False
    assert child.poll() is None, "another process with that pid was signalled"
    assert process_table.send(ident, signal.SIGKILL)
    child.wait(10)
    assert not process_table.is_alive(ident)
    assert process_table.open_handle(ident) is None
    assert process_table.send(ident, signal.SIGKILL) is False


def test_an_ended_process_that_nobody_collected_does_not_count_as_alive() -> None:
    child = subprocess.Popen(["/bin/true"])
    deadline = time.monotonic() + 10
    while (row := process_table.row(child.pid)) is not None and row.state != "Z":
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert process_table.ident_of(child.pid) is None
    child.wait()


def test_names_with_spaces_and_parentheses_do_not_confuse() -> None:
    code = "import ctypes, time; ctypes.CDLL(None).prctl(15, b') R 1 1 (', 0, 0, 0); print(flush=True); time.sleep(60)"
    child = subprocess.Popen([sys.executable, "-I", "-c", code], stdout=subprocess.PIPE)
    with child:
        assert child.stdout is not None
        child.stdout.readline()
        row = process_table.row(child.pid)
        child.kill()
    assert row is not None
    assert row.parent == os.getpid()


def test_descendants_by_parent_without_zombies() -> None:
    def row(pid: int, parent: int, state: str = "S") -> Row:
        return Row(Ident(pid, 1), parent, 0, state)

    table = [row(1, 0), row(5, 1), row(6, 5), row(7, 6, "Z"), row(8, 7), row(9, 1)]
    found = process_table.descendants([5], table)
    assert [item.ident.pid for item in found] == [5, 6, 8]
    assert process_table.descendants([77], table) == []


def test_members_are_found_by_the_mark_of_their_run() -> None:
    run = f"mark-{os.getpid()}"
    script = "sleep 60 & exec sleep 60"
    child = subprocess.Popen(["/bin/sh", "-c", script], env={"RAYFENCE_RUN": run}, start_new_session=True)
    deadline = time.monotonic() + 10
    while len(process_table.members(run)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert process_table.members(run[:-1]) == []
    for ident in process_table.members(run):
        process_table.send(ident, signal.SIGKILL)
    child.wait(10)
    while process_table.members(run):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_boots_can_be_told_apart() -> None:
    assert len(process_table.boot_id()) == 36
