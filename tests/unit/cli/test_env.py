"""The environment for a shell."""

import json
import subprocess

import pytest

from rayfence.cli.env import command
from tests.sim.door import Door


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
