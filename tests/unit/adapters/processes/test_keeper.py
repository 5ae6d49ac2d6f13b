"""The keeper's decisions, each seen on real processes: order, restarts, bonds, stop, adoption."""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.processes import keeper, keeper_control, process_table, state_file
from rayfence.adapters.processes.keeper import Keeper
from rayfence.adapters.processes.launch import program_argv
from rayfence.adapters.processes.slot import LOOK_SECONDS
from rayfence.adapters.processes.state_file import KeeperStatus, ProcessStatus
from rayfence.model.desired import ProcessSpec, ReadinessProbe, Sandbox
from rayfence.model.process_file import processes_to_json
from tests.unit.adapters.processes.kept import own_walls, python, shell


def started(runtime: Path, *specs: ProcessSpec, wait: bool = True) -> KeeperStatus:
    """A keeper at work on `specs`."""
    file = runtime / "processes.json"
    file.write_text(processes_to_json(specs), encoding="utf-8")
    keeper_control.start_keeper(str(file), str(runtime))
    if wait:
        return keeper_control.wait_ready(str(runtime), [spec.name for spec in specs], 30)
    return keeper_control.read_status(str(runtime))


def wait_until(condition: Callable[[], object], seconds: float = 20) -> None:
    """Wait for something that must happen."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def item(runtime: Path, name: str) -> ProcessStatus:
    """What is known of one process now."""
    found = keeper_control.read_status(str(runtime)).process(name)
    assert found is not None
    return found


def test_dependencies_are_ready_first(runtime: Path) -> None:
    mark = runtime / "mark"
    slow = replace(shell(runtime, "slow", f"sleep 0.5; echo > {mark}; sleep 600"))
    probe = ReadinessProbe("envoy", 20, (("socket", str(runtime / "none")),))
    never = replace(shell(runtime, "never"), readiness=probe)
    after = replace(shell(runtime, "after"), after=("never",))
    started(runtime, slow, never, after, wait=False)
    wait_until(mark.exists)
    assert item(runtime, "never").phase == state_file.STARTING
    assert (item(runtime, "after").phase, item(runtime, "after").pid) == (state_file.WAITING, 0)


def test_what_is_bonded_starts_beside_its_leader_and_is_told_whom_it_waits_for(runtime: Path) -> None:
    """Loading Ray is half of a worker's start, and needs no head."""
    gate, said = runtime / "gate", runtime / "said"
    probe = ReadinessProbe("ray-head", 20, (("marker", str(gate)), ("gcs", "1"), ("dashboard", "1")))
    head = replace(shell(runtime, "head"), readiness=probe)
    worker = replace(shell(runtime, "worker", f"echo $RAYFENCE_LEADERS > {said}; sleep 600"), restart_with=("head",))
    started(runtime, worker, head, wait=False)
    wait_until(lambda: said.exists() and said.read_text(encoding="ascii").strip())
    assert item(runtime, "head").phase == state_file.STARTING
    assert said.read_text(encoding="ascii") == f"head={item(runtime, 'head').run}\n"


def test_what_is_bonded_to_a_ready_leader_waits_for_nobody(runtime: Path) -> None:
    said = runtime / "said"
    script = f"echo x$RAYFENCE_LEADERS >> {said}; sleep 600"
    worker = replace(shell(runtime, "worker", script), restart_with=("head",))
    started(runtime, shell(runtime, "head"), worker)
    said.unlink()
    os.kill(item(runtime, "worker").pid, signal.SIGKILL)
    wait_until(lambda: said.exists() and said.read_text(encoding="ascii") == "x\n")


def test_nothing_is_bonded_to_a_leader_that_can_not_be_started(runtime: Path) -> None:
    head = replace(shell(runtime, "head"), log=str(runtime / "no" / "folder"))
    worker = replace(shell(runtime, "worker"), restart_with=("head",))
    started(runtime, head, worker, wait=False)
    wait_until(lambda: "could not be started" in item(runtime, "head").detail)
    assert (item(runtime, "worker").phase, item(runtime, "worker").pid) == (state_file.WAITING, 0)


def test_a_start_waits_for_no_tick(runtime: Path) -> None:
    """Everything that gets ready wakes the keeper; and there is work before its first turn."""
    file = runtime / "processes.json"
    first = shell(runtime, "first")
    file.write_text(processes_to_json((first, replace(shell(runtime, "second"), after=("first",)))), encoding="utf-8")
    state_file.write_goal(str(runtime), state_file.RUN)
    code = f"from {keeper.__package__} import keeper\nkeeper._TICK = 3600.0\nkeeper.main({[str(runtime), str(file)]})"
    with subprocess.Popen([sys.executable, "-I", "-c", code]) as process:
        try:
            wait_until(lambda: state_file.load_status(str(runtime)).process("second"))
            wait_until(lambda: item(runtime, "second").phase == state_file.READY)
        finally:
            keeper_control.stop_instance(str(runtime))
        assert process.wait(20) == 0


def test_what_dies_comes_back_and_its_bonded_with_it(runtime: Path) -> None:
    head, other = shell(runtime, "head"), shell(runtime, "other")
    worker = replace(shell(runtime, "worker"), after=("head",), restart_with=("head",))
    before = started(runtime, head, worker, other)
    os.kill(item(runtime, "head").pid, signal.SIGKILL)
    wait_until(lambda: item(runtime, "head").restarts == 1)
    now = keeper_control.wait_ready(str(runtime), ["head", "worker", "other"], 30)
    pids = {name: (before.process(name), now.process(name)) for name in ("head", "worker", "other")}
    changed = {name for name, (old, new) in pids.items() if old and new and old.ident != new.ident}
    assert changed == {"head", "worker"}
    assert item(runtime, "head").last_exit == "signal 9"
    assert (item(runtime, "worker").restarts, item(runtime, "other").restarts) == (1, 0)


def test_a_process_that_keeps_dying_is_restarted_ever_more_slowly(runtime: Path) -> None:
    started(runtime, shell(runtime, "bad", "echo no luck >&2; exit 3"), wait=False)
    wait_until(lambda: item(runtime, "bad").restarts >= 3)
    assert item(runtime, "bad").last_exit == "exit 3"
    time.sleep(0.3)
    assert item(runtime, "bad").restarts <= 5


def test_one_that_does_not_become_ready_is_started_anew(runtime: Path) -> None:
    probe = ReadinessProbe("service", 1, (("socket", str(runtime / "none")),))
    started(runtime, replace(shell(runtime, "deaf"), readiness=probe), wait=False)
    wait_until(lambda: item(runtime, "deaf").restarts >= 1)
    wait_until(lambda: "exit" in item(runtime, "deaf").last_exit or "signal" in item(runtime, "deaf").last_exit)


def test_a_ready_process_that_no_longer_answers_is_replaced(runtime: Path) -> None:
    """It runs, and serves nobody. One that answers with an error is alive."""
    path, deaf = runtime / "s", runtime / "deaf"
    server = (
        "import http.server, os, socketserver, time\n"
        "class Handler(http.server.BaseHTTPRequestHandler):\n"
        "    def address_string(self): return ''\n"
        "    def do_GET(self):\n"
        f"        while os.path.exists({str(deaf)!r}): time.sleep(0.1)\n"
        "        self.send_error(503)\n"
        f"if os.path.exists({str(path)!r}): os.unlink({str(path)!r})\n"
        f"socketserver.ThreadingUnixStreamServer({str(path)!r}, Handler).serve_forever()\n"
    )
    probe = ReadinessProbe("answers", 1, (("socket", str(path)), ("path", "/")))
    asked = replace(python(runtime, "asked", server), readiness=replace(probe, timeout_seconds=20), liveness=probe)
    before = started(runtime, asked, shell(runtime, "other"))
    old, other = before.process("asked"), before.process("other")
    assert old is not None
    assert other is not None
    time.sleep(LOOK_SECONDS + 1.5)
    assert (item(runtime, "asked").ident, item(runtime, "asked").phase) == (old.ident, state_file.READY), "it answers"
    deaf.touch()
    wait_until(lambda: item(runtime, "asked").restarts == 1, 40)
    deaf.unlink()
    now = keeper_control.wait_ready(str(runtime), ["asked"], 30).process("asked")
    assert now is not None
    assert now.ident != old.ident
    assert now.last_exit.startswith("no longer answered, signal ")
    assert not process_table.is_alive(old.ident)  # type: ignore[arg-type]
    assert item(runtime, "other").ident == other.ident


def test_stop_takes_dependants_first_and_kills_what_does_not_listen(runtime: Path) -> None:
    order = runtime / "order"
    script = f"trap 'echo $0 >> {order}; exit 0' TERM; while :; do sleep 0.05; done"
    stubborn = replace(shell(runtime, "base", "trap '' TERM; while :; do sleep 0.05; done"), stop_seconds=1)
    middle = replace(shell(runtime, "middle"), argv=("/bin/sh", "-c", script, "middle"), after=("base",))
    top = replace(shell(runtime, "top"), argv=("/bin/sh", "-c", script, "top"), after=("middle",))
    status = started(runtime, stubborn, middle, top)
    time.sleep(0.3)  # the shells need a moment to set their traps
    idents = [process.ident for process in status.processes]
    keeper_control.stop_instance(str(runtime))
    assert order.read_text(encoding="ascii").split() == ["top", "middle"]
    assert not any(process_table.is_alive(ident) for ident in idents if ident)


def test_a_killed_keeper_is_replaced_and_the_next_one_adopts(runtime: Path) -> None:
    before = started(runtime, shell(runtime, "a"), replace(shell(runtime, "b"), sandbox=own_walls(runtime)))
    assert before.keeper is not None
    os.kill(before.keeper.pid, signal.SIGKILL)
    wait_until(lambda: (now := keeper_control.read_status(str(runtime)).keeper) and now != before.keeper)
    after = keeper_control.wait_ready(str(runtime), ["a", "b"], 30)
    assert [process.ident for process in after.processes] == [process.ident for process in before.processes]
    assert [process.restarts for process in after.processes] == [0, 0]
    os.kill(item(runtime, "a").pid, signal.SIGKILL)  # not its child, and yet watched
    wait_until(lambda: item(runtime, "a").restarts == 1)
    keeper_control.wait_ready(str(runtime), ["a", "b"], 30)


def test_what_died_while_no_keeper_was_there_is_repaired(runtime: Path) -> None:
    before = started(runtime, shell(runtime, "a"), shell(runtime, "b"))
    assert before.keeper
    assert before.warden
    os.kill(before.warden.pid, signal.SIGKILL)
    os.kill(before.keeper.pid, signal.SIGKILL)
    os.kill(item(runtime, "a").pid, signal.SIGKILL)
    wait_until(lambda: keeper_control.read_status(str(runtime)).keeper is None)
    after = started(runtime, shell(runtime, "a"), shell(runtime, "b"))
    a, b = after.process("a"), before.process("b")
    assert a is not None
    assert (a.restarts, a.last_exit) == (1, "ended while no keeper was there")
    assert b is not None
    assert b.ident == item(runtime, "b").ident


def test_a_process_that_is_no_longer_wanted_is_ended_and_a_new_one_started(runtime: Path) -> None:
    before = started(runtime, shell(runtime, "a"), shell(runtime, "old"))
    file = runtime / "processes.json"
    file.write_text(processes_to_json((shell(runtime, "a"), shell(runtime, "new"))), encoding="utf-8")
    keeper_control.request(str(runtime))
    after = keeper_control.wait_ready(str(runtime), ["a", "new"], 30)
    wait_until(lambda: keeper_control.read_status(str(runtime)).process("old") is None)
    old, kept = before.process("old"), before.process("a")
    assert old is not None
    assert old.ident is not None
    assert kept is not None
    assert not process_table.is_alive(old.ident)
    assert after.processes[0].ident == kept.ident


def test_a_half_made_request_changes_nothing(runtime: Path) -> None:
    before = started(runtime, shell(runtime, "a"))
    for text in ("{", "[]", '{"id": "x"}', '{"id": "y", "restart": 5}'):
        (runtime / "request.json").write_text(text, encoding="utf-8")
        time.sleep(0.1)
    (runtime / "processes.json").write_text("rubbish", encoding="utf-8")
    (runtime / "request.json").write_text('{"id": "z", "restart": ["a"]}', encoding="utf-8")
    time.sleep(1.5)
    after = keeper_control.read_status(str(runtime))
    assert after.keeper == before.keeper
    assert after.processes[0].ident == before.processes[0].ident


def test_an_unusable_file_is_an_error_at_once(runtime: Path) -> None:
    mine = process_table.ident_of(os.getpid())
    assert mine is not None
    (runtime / "processes.json").write_text("[]x", encoding="utf-8")
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    try:
        with pytest.raises(ValueError, match=r"."):
            Keeper(str(runtime), str(runtime / "processes.json"), mine)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def test_the_resident_programs_are_small(runtime: Path) -> None:
    status = started(runtime, shell(runtime, "a"))
    for ident in (status.keeper, status.warden):
        assert ident is not None
        text = Path(f"/proc/{ident.pid}/smaps_rollup").read_text(encoding="ascii")
        proportional = next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        assert proportional < 20_000, "KiB"


def test_a_second_keeper_leaves_at_once(runtime: Path) -> None:
    status = started(runtime, shell(runtime, "a"))
    command = program_argv("keeper", str(runtime), str(runtime / "processes.json"))
    assert subprocess.run(command, timeout=30, check=False).returncode == 0
    assert keeper_control.read_status(str(runtime)).keeper == status.keeper
    assert callable(keeper.main)


def test_a_full_disk_neither_ends_the_keeper_nor_lets_it_start_what_it_cannot_record(runtime: Path) -> None:
    before = started(runtime, shell(runtime, "a", f"echo >> {runtime}/starts; exec sleep 600"))
    assert before.keeper
    old = resource.prlimit(before.keeper.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
    os.kill(item(runtime, "a").pid, signal.SIGKILL)
    time.sleep(1.5)
    assert process_table.is_alive(before.keeper)
    assert (runtime / "starts").stat().st_size == 1, "it was started without being on record"
    resource.prlimit(before.keeper.pid, resource.RLIMIT_FSIZE, old)
    wait_until(lambda: (runtime / "starts").stat().st_size == 2)
    assert keeper_control.wait_ready(str(runtime), ["a"], 20).keeper == before.keeper


def test_a_process_without_namespaces_is_swept_by_its_mark(runtime: Path) -> None:
    """Where the kernel refuses namespaces, children that leave the session are still found."""
    walls = Sandbox(None, (), (), "", namespaces=False)
    spec = replace(shell(runtime, "a", "(setsid sleep 600 &) ; setsid sleep 601 & sleep 602"), sandbox=walls)
    started(runtime, spec)
    run = item(runtime, "a").run
    wait_until(lambda: len(process_table.members(run)) >= 4)
    old = process_table.members(run)
    os.kill(item(runtime, "a").pid, signal.SIGKILL)
    wait_until(lambda: item(runtime, "a").restarts == 1)
    wait_until(lambda: not any(process_table.is_alive(ident) for ident in old))
    keeper_control.wait_ready(str(runtime), ["a"], 20)
