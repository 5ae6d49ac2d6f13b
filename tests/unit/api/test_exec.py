"""Becoming another command."""

import subprocess
import sys

SCRIPT = "from rayfence.api.exec import replace_process; replace_process({words!r}, {{'GIVEN': 'x y'}})"


def run(words: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT.format(words=words)], capture_output=True, text=True, check=False
    )


def test_variables_arrive_and_the_exit_status_is_the_commands() -> None:
    done = run(["sh", "-c", 'printf %s "$GIVEN"; exit 7'])
    assert (done.stdout, done.returncode) == ("x y", 7)


def test_a_command_that_is_not_there_is_an_error_of_its_own() -> None:
    assert "FileNotFoundError" in run(["no-such-command-here"]).stderr
