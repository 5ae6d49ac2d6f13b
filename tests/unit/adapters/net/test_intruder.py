"""The job's attempts: each reports what really happened, and undoes what succeeded."""

import base64
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from rayfence.adapters.net import intruder


def wish(folder: Path, **changes: object) -> dict[str, Any]:
    empty: dict[str, object] = {
        "mark": "MARK ", "secret": "word", "files": [], "folders": [str(folder)], "sockets": [], "writes": [],
        "processes": [],
    }  # fmt: skip
    return {**empty, **changes}


def rows(report: dict[str, object]) -> dict[str, bool]:
    attempts = report["attempts"]
    assert isinstance(attempts, list)
    return {row[0]: row[1] for row in attempts}


def test_it_runs_alone_as_the_job_runs_it(tmp_path: Path) -> None:
    code = Path(intruder.__file__).read_text(encoding="utf-8")
    argument = base64.b64encode(json.dumps(wish(tmp_path)).encode()).decode()
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, argument],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
    )
    assert done.stdout.startswith("MARK ")
    report = json.loads(done.stdout.removeprefix("MARK "))
    assert report["secret"] == "word"
    assert all(row[1] for row in report["controls"])


def test_what_lies_open_is_reported_open_and_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("secret", encoding="ascii")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door"))
        door.listen()
        found = rows(
            intruder.report(
                wish(
                    tmp_path,
                    files=[str(tmp_path / "key"), str(tmp_path), str(tmp_path / "none")],
                    sockets=[str(tmp_path / "door"), str(tmp_path / "none")],
                    writes=[str(tmp_path), str(tmp_path / "none")],
                )
            )
        )
    assert found[f"read {tmp_path}/key"]
    assert found[f"list {tmp_path}"]
    assert found[f"connect {tmp_path}/door"]
    assert found[f"write {tmp_path}"]
    assert not found[f"read {tmp_path}/none"]
    assert not found[f"connect {tmp_path}/none"]
    assert not found[f"write {tmp_path}/none"]
    assert {path.name for path in tmp_path.iterdir()} == {"key", "door"}


def test_a_process_of_our_own_can_be_reached_and_one_that_is_not_there_cannot(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import time; print(flush=True); time.sleep(60)", "a-word-of-its-own"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()  # until then the kernel may still show the words of the parent, or none
        reached = rows(intruder.report(wish(tmp_path, processes=[["child", child.pid, "a-word-of-its-own"]])))
        child.kill()
    assert reached["signal child"]
    assert reached["environ of child"]
    gone = rows(intruder.report(wish(tmp_path, processes=[["gone", child.pid, "no-such-word-anywhere-3141"]])))
    assert not any(done for name, done in gone.items() if name.endswith("gone"))


def test_a_number_alone_is_not_believed() -> None:
    """Inside a pid namespace the number belongs to somebody else."""
    with pytest.raises(ProcessLookupError):
        intruder.find(os.getpid(), "no-such-word-anywhere-2718")
    assert intruder.find(os.getpid(), "") == os.getpid()


def test_an_empty_folder_hides_and_shows_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        intruder.list_folder(str(tmp_path))


def test_whatever_stops_an_attempt_is_its_result() -> None:
    def explode() -> str:
        raise RuntimeError("no")

    assert intruder.tried("x", explode) == ["x", False, "RuntimeError: no"]
