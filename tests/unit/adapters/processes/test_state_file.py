"""Files of the runtime folder: what was written comes back, damage and other boots count as nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.adapters.processes import process_table, state_file
from rayfence.adapters.processes.process_table import Ident
from rayfence.adapters.processes.state_file import KeeperStatus, Lock, ProcessStatus


def save(folder: Path, status: KeeperStatus) -> None:
    """As the keeper does."""
    state_file.replace(f"{folder}/keeper.json", state_file.status_text(status))


def test_the_status_comes_back(tmp_path: Path) -> None:
    status = KeeperStatus(
        keeper=Ident(10, 20),
        goal=state_file.RUN,
        handled="x",
        boot=process_table.boot_id(),
        processes=[ProcessStatus("a", state_file.READY, 11, 21, "run", 3, "exit 1", 5.0, "proof"), ProcessStatus("b")],
        logs={"a": "/a.log"},
    )
    save(tmp_path, status)
    assert state_file.load_status(str(tmp_path)) == status
    assert status.processes[0].ident == Ident(11, 21)
    assert status.processes[1].ident is None
    assert status.process("b") is status.processes[1]
    assert status.process("c") is None


def test_a_status_of_another_boot_is_forgotten(tmp_path: Path) -> None:
    save(tmp_path, KeeperStatus(keeper=Ident(1, 1), boot="another", goal=state_file.RUN))
    assert state_file.load_status(str(tmp_path)) == KeeperStatus()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"keeper": 5}', '{"unknown": 1}', '{"processes": [{"x": 1}]}'])
def test_a_damaged_status_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "keeper.json").write_text(text, encoding="utf-8")
    assert state_file.load_status(str(tmp_path)) == KeeperStatus()


@given(st.text(max_size=300))
def test_writing_replaces_whole_and_closed(text: str) -> None:
    path = f"/tmp/rayfence-state-{os.getpid()}"
    state_file.replace(path, json.dumps(text))
    try:
        assert json.loads(state_file.read(path)) == text
        assert Path(path).stat().st_mode & 0o777 == 0o600
    finally:
        Path(path).unlink()


def test_nothing_is_wanted_until_somebody_says_so(tmp_path: Path) -> None:
    assert state_file.read_goal(str(tmp_path)) == state_file.STOP
    state_file.write_goal(str(tmp_path), state_file.RUN)
    assert state_file.read_goal(str(tmp_path)) == state_file.RUN


def test_a_lock_has_one_holder_who_is_named(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    mine = process_table.ident_of(os.getpid())
    assert mine is not None
    first, second = Lock(path), Lock(path)
    assert state_file.holder(path) is None
    assert first.take(0)
    first.sign(mine)
    assert state_file.holder(path) == mine
    assert not second.take(0.1)
    first.release()
    assert second.take(0)
    second.sign(Ident(mine.pid, mine.start + 1))
    assert state_file.holder(path) is None, "whoever signed has ended"
    second.release()
    (tmp_path / "lock").write_text("rubbish", encoding="ascii")
    assert state_file.holder(path) is None


def test_a_full_disk_is_an_error_and_the_old_text_stays(tmp_path: Path) -> None:
    """The kernel takes a part without complaint first; only the next write fails."""
    code = (
        "import resource, sys\nsys.path.insert(0, sys.argv[1])\n"
        "from rayfence.adapters.processes import state_file\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))\n"
        "state_file.replace(sys.argv[2], 'x' * 100)"
    )
    path = tmp_path / "goal"
    path.write_text("old", encoding="ascii")
    source = state_file.__file__.rsplit("/", 4)[0]
    argv = [sys.executable, "-I", "-S", "-c", code, source, str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert "File too large" in done.stderr
    assert path.read_text(encoding="ascii") == "old"
