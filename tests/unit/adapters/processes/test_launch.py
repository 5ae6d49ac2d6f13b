"""Starting one process: what it gets, what it does not get, and that it can't get lost."""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rayfence.adapters.processes import launch, process_table
from rayfence.adapters.processes.process_table import Ident
from rayfence.model.desired import Sandbox
from tests.unit.adapters.processes.kept import python, shell


def ignore(_ident: Ident) -> None:
    """Record nothing."""


def finish(ident: Ident) -> int:
    """Exit status of a child."""
    return os.waitstatus_to_exitcode(os.waitpid(ident.pid, 0)[1])


def test_it_gets_its_environment_its_log_and_nothing_else(tmp_path: Path) -> None:
    inherited = os.open(tmp_path / "handle", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(inherited, False)
    code = (
        "import os\nprint(sorted(os.environ.items()))\nprint(os.listdir('/proc/self/fd'))\n"
        "print(os.getsid(0) == os.getpid(), oct(os.umask(0)), os.getcwd(), os.read(0, 1))"
    )
    spec = replace(python(tmp_path, "a", code), env=(("A", "1"),))
    try:
        ident = launch.launch(spec, "run-1", ignore)
        assert finish(ident) == 0
    finally:
        os.close(inherited)
    environment, handles, rest = (tmp_path / "a.log").read_text(encoding="utf-8").splitlines()
    assert "('A', '1'), ('LC_CTYPE', 'C.UTF-8'), ('RAYFENCE_RUN', 'run-1')" in environment
    assert "HOME" not in environment
    assert handles == "['0', '1', '2', '3']"  # 3: the listing itself
    assert rest == "True 0o77 / b''"
    assert (tmp_path / "a.log").stat().st_mode & 0o777 == 0o600


def test_nothing_runs_before_it_is_on_record(tmp_path: Path) -> None:
    seen = []

    def record(ident: Ident) -> None:
        time.sleep(0.2)
        seen.append((ident, (tmp_path / "ran").exists()))

    spec = shell(tmp_path, "a", f"echo > {tmp_path}/ran")
    ident = launch.launch(spec, "run", record)
    assert finish(ident) == 0
    assert seen == [(ident, False)]
    assert (tmp_path / "ran").exists()


def test_what_could_not_be_recorded_never_runs(tmp_path: Path) -> None:
    """The same happens when the keeper is killed between fork and record: the gate closes."""
    pids = []

    def record(ident: Ident) -> None:
        pids.append(ident.pid)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        launch.launch(shell(tmp_path, "a", f"echo > {tmp_path}/ran"), "run", record)
    assert os.waitstatus_to_exitcode(os.waitpid(pids[0], 0)[1]) == 126
    assert not (tmp_path / "ran").exists()


def test_a_program_that_is_missing_says_so_in_its_log(tmp_path: Path) -> None:
    ident = launch.launch(replace(shell(tmp_path, "a"), argv=("/no/such/program",)), "run", ignore)
    assert finish(ident) == 126
    assert "/no/such/program can't be started" in (tmp_path / "a.log").read_text(encoding="utf-8")


def test_a_log_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.log").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match=r"a\.log"):
        launch.launch(shell(tmp_path, "a"), "run", ignore)


def test_the_launcher_is_told_every_wall() -> None:
    sandbox = Sandbox(61200, ("/state",), ("/opt",), "/q/tmp", True, ("/q",))
    argv = launch.launcher_argv(sandbox, ("ray", "start"))
    assert argv[1:4] == ("-I", "-S", "-E")
    assert argv[4].endswith("/processes/sandbox.py")
    assert argv[5:] == (
        "--uid=61200",
        "--hide=/state",
        "--expose=/opt",
        "--writable=/q",
        "--own-tmp=/q/tmp",
        "--",
        "ray",
        "start",
    )
    assert launch.launcher_argv(None, ("ray",)) == ("ray",)
    bare = launch.launcher_argv(Sandbox(None, (), (), "", False), ("ray",))
    assert bare[5:] == ("--no-namespaces", "--", "ray")


def test_resident_programs_run_without_site_packages() -> None:
    argv = launch.program_argv("keeper", "/run", "/file")
    assert argv[1:4] == ("-I", "-S", "-E")
    assert argv[4].endswith("/processes/entry.py")
    assert argv[5:] == ("keeper", "/run", "/file")
    assert Path(argv[0]).samefile(sys.executable)


def test_a_detached_program_is_no_child_of_its_starter(tmp_path: Path) -> None:
    """The warden ends by itself here: nothing is wanted in this folder."""
    started: Callable[..., None] = launch.start_detached
    started("warden", str(tmp_path), str(tmp_path / "none"))
    deadline = time.monotonic() + 20
    while not (tmp_path / "warden.lock").exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    commands = [row.ident.pid for row in process_table.rows() if row.parent == os.getpid()]
    for pid in commands:
        assert b"warden" not in Path(f"/proc/{pid}/cmdline").read_bytes()
