"""Who the gateway takes us for."""

import json
from pathlib import Path

import pytest

from rayfence.cli.whoami import command
from rayfence.errors import AccessRefused
from tests.sim.door import Door
from tests.sim.kubernetes.gateway import gateway_door, run_verb


@pytest.mark.envoy
def test_for_people_and_for_programs(door: Door, as_ada: str) -> None:
    assert command.help
    assert "roles        viewer, submitter" in door.ok("whoami")
    seen = json.loads(door.ok("whoami", "--json"))
    assert (seen["subject"], seen["roles"], seen["rights"]) == ("ada", ["viewer", "submitter"], [])


def test_at_a_gateway_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway:
        result = run_verb("whoami", "--as", "serviceAccount:vision/runner", "-f", str(gateway.spec), "--json")
        assert json.loads(result.stdout)["subject"] == "system:serviceaccount:vision:runner"
        with pytest.raises(AccessRefused, match="not logged in"):
            run_verb("whoami", "-f", str(gateway.spec))
        # The platform was applied from here: its name does.
        assert (
            "subject"
            in run_verb(
                "whoami", "--name", "research", "--tenant", "vision", "--as", "serviceAccount:vision/runner"
            ).stdout
        )
