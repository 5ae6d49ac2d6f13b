"""Running one command in the environment."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from rayfence.cli.exec_ import command
from rayfence.errors import StateError
from tests.sim.door import Door
from tests.sim.kubernetes.gateway import gateway_door, run_verb


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


def test_at_a_gateway_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    out = tmp_path / "out"
    program = f"import os, sys; open({str(out)!r}, 'w').write(os.environ['RAY_JOB_HEADERS']); sys.exit(9)"
    with gateway_door(monkeypatch, tmp_path) as gateway:
        words = ("exec", "-f", str(gateway.spec), "--as", "serviceAccount:vision/runner", "--object", "train", "--")
        assert run_verb(*words, sys.executable, "-c", program).return_value == 9
        assert "cluster-train.vision-gateway.svc" in out.read_text()
        with pytest.raises(StateError, match="not a command"):
            run_verb(*words, "no-such-command-at-all")


def test_options_of_clusters_mean_nothing_here() -> None:
    for option in ("--as", "--object"):
        with pytest.raises(click.UsageError, match="for platforms in a cluster"):
            run_verb("exec", option, "x", "--", "true")
