"""Running one command in the environment."""

import subprocess
import sys

import pytest

from rayfence.cli.exec_ import command
from tests.sim.door import Door


def run(door: Door, *words: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "rayfence", "exec", "--name", door.name, "--state-dir", str(door.state), "--", *words]
    return subprocess.run(line, capture_output=True, text=True, check=False)


@pytest.mark.envoy
def test_the_command_gets_a_token_and_its_exit_status_is_ours(door: Door, as_ada: str) -> None:
    assert command.help
    done = run(door, "sh", "-c", 'test -n "$RAY_JOB_HEADERS" && exit 9')
    assert done.returncode == 9, done.stderr


@pytest.mark.envoy
def test_a_missing_command_is_an_error_with_a_hint(door: Door, as_ada: str) -> None:
    done = run(door, "no-such-command")
    assert done.returncode == 4
    assert "'no-such-command' is not a command here" in done.stderr
    assert "Traceback" not in done.stderr
