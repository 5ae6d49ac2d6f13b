"""The environment for a shell."""

import json
import subprocess
from pathlib import Path

import pytest

from rayfence.cli.env import command
from rayfence.errors import PreflightError
from tests.sim.door import Door
from tests.sim.kubernetes.gateway import gateway_door, run_verb


@pytest.mark.envoy
def test_a_shell_can_evaluate_it(door: Door, as_ada: str) -> None:
    assert command.help
    script = door.ok("env") + '\nprintf "%s\\n%s" "$RAY_ADDRESS" "$RAY_JOB_HEADERS"'
    address, headers = subprocess.run(["sh", "-euc", script], capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert address == f"https://localhost:{door.record.ports.gateway}"
    assert json.loads(headers)["Authorization"].startswith("Bearer ")


@pytest.mark.envoy
def test_json_has_the_same_variables(door: Door, as_ada: str) -> None:
    names = {line.split("=")[0].removeprefix("export ") for line in door.ok("env").splitlines()}
    assert set(json.loads(door.ok("env", "--json"))) == names


def test_a_way_that_ends_with_the_verb_is_no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway, pytest.raises(PreflightError, match="by its own name"):
        run_verb("env", "-f", str(gateway.spec), "--as", "serviceAccount:vision/runner")
