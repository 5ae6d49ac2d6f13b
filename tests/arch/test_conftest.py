"""The rules of `tests/conftest.py`, applied to small test runs made for the purpose."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tests.arch.tree import ROOT

SKIPS: Final = """
import pytest
def test_skipped(): pytest.skip("because")
@pytest.mark.xfail
def test_expected_to_fail(): assert False
@pytest.mark.xfail
def test_unexpectedly_passing(): pass
def test_fine(): pass
"""
MODULE_SKIP: Final = 'import pytest\npytest.importorskip("no_such_module_here")\n'
LEAKS: Final = """
import socket, subprocess
kept = []
def test_process(): kept.append(subprocess.Popen(["sleep", "60"]))
def test_socket():
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    kept.append(listener)
"""
# A run in which the leaked process is ended after the check, so that this test leaves nothing behind either.
RUN: Final = """
import os, signal, sys
import pytest
from tests import leaks
class Ender:
    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self):
        for name in leaks.footprint().processes:
            os.kill(int(name.split()[0]), signal.SIGKILL)
sys.exit(pytest.main(sys.argv[1:], plugins=[Ender()]))
"""


def run_pytest(folder: Path, test: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run one test module under our conftest."""
    (folder / "test_sample.py").write_text(test, encoding="utf-8")
    command = [sys.executable, "-c", RUN, "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", *options, str(folder)]
    environment = os.environ | {"RAYFENCE_TEST_PATIENCE": "0.3"}
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, timeout=60, env=environment)


def test_skips_fail_when_strict(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, SKIPS).returncode == 0
    strict = run_pytest(tmp_path, SKIPS, "--strict-skips")
    assert strict.returncode == 1
    assert "3 failed, 1 passed" in strict.stdout
    assert "skip under --strict-skips" in strict.stdout


def test_a_skipped_module_fails_when_strict(tmp_path: Path) -> None:
    assert run_pytest(tmp_path, MODULE_SKIP).returncode == 5
    assert "module skipped under --strict-skips" in run_pytest(tmp_path, MODULE_SKIP, "--strict-skips").stdout


def test_what_stays_behind_is_named_and_fails(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, LEAKS)
    assert done.returncode == 1
    assert "LEFT BEHIND by the tests: process" in done.stdout and "(sleep 60)" in done.stdout
    assert "LEFT BEHIND by the tests: listening socket tcp port" in done.stdout


def test_workers_of_a_parallel_run_report_too(tmp_path: Path) -> None:
    done = run_pytest(tmp_path, LEAKS.replace('"60"', '"1"'), "-n", "1")
    assert done.returncode == 1
    assert "LEFT BEHIND by the tests: listening socket tcp port" in done.stdout


def test_the_inventory_lists_what_markers_deselect(tmp_path: Path) -> None:
    target = tmp_path / "inventory.json"
    marked = "import pytest\n@pytest.mark.ray\ndef test_one(): pass\ndef test_two(): pass\n"
    run_pytest(tmp_path, marked, "--collect-only", "-m", "ray", f"--inventory={target}")
    assert [row["markers"] for row in json.loads(target.read_text(encoding="utf-8"))] == [["ray"], []]
