"""Work that is done again and again."""

import subprocess
import sys
import time
from pathlib import Path

from rayfence.adapters.processes import timer


def test_status_of_a_run() -> None:
    assert timer.run([sys.executable, "-c", "raise SystemExit(7)"]) == 7
    assert timer.run([sys.executable, "-c", "import os; os.kill(os.getpid(), 9)"]) == 137
    assert timer.run(["/no/such/command"]) == 127


def test_the_command_runs_again_and_again_and_a_signal_ends_it(tmp_path: Path) -> None:
    marks = tmp_path / "marks"
    script = f"open({str(marks)!r}, 'a').write('x')"
    argv = [sys.executable, "-I", "-m", timer.__name__, "0.05", sys.executable, "-c", script]
    with subprocess.Popen(argv) as process:
        deadline = time.monotonic() + 20
        while (not marks.exists() or len(marks.read_text()) < 2) and time.monotonic() < deadline:
            time.sleep(0.05)
        process.terminate()
    assert len(marks.read_text()) >= 2
    assert process.returncode == -15


def test_a_failure_is_said_and_tried_again() -> None:
    argv = [sys.executable, "-I", "-m", timer.__name__, "0.05", sys.executable, "-c", "raise SystemExit(3)"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = [process.stderr.readline() for _ in range(2)]
        process.terminate()
    assert all("ended with 3" in line for line in lines)
