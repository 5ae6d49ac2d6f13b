"""The trail from the command line."""

import json
from pathlib import Path

import pytest

from rayfence.cli.trail import command
from rayfence.errors import RayfenceError
from tests.sim.door import Door
from tests.sim.kubernetes.gateway import add_pods, gateway_door, run_verb
from tests.unit.api.clusters.test_trail import Replicas


@pytest.mark.envoy
def test_query_finds_and_says_when_it_does_not(door: Door, as_ada: str) -> None:
    assert command.help
    found = [json.loads(line) for line in door.ok("trail", "query", "--subject", "ada", "--json").splitlines()]
    assert found
    assert all(record["subject"] == "ada" for record in found)
    result = door.run("trail", "query", "--subject", "never-seen")
    assert (result.return_value, result.stdout) == (1, "")


@pytest.mark.envoy
def test_verify_vouches_for_the_chain(door: Door, as_ada: str) -> None:
    assert "whole" in door.ok("trail", "verify")
    assert json.loads(door.ok("trail", "verify", "--json"))["whole"] is True


@pytest.mark.envoy
def test_tail_and_export(door: Door, as_ada: str) -> None:
    assert len(door.ok("trail", "tail", "-n", "2").splitlines()) == 2
    assert door.ok("trail", "export", "--format", "cef", "--action", "login").startswith("CEF:0|")
    assert json.loads(door.ok("trail", "export", "--since", "1h").splitlines()[0])["prev"]


@pytest.mark.envoy
def test_a_point_in_time_that_is_none_is_said_to_be(door: Door) -> None:
    with pytest.raises(RayfenceError, match="no point in time"):
        door.run("trail", "query", "--since", "tomorrow")


def test_of_a_platform_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway:
        replicas = Replicas(tmp_path / "volumes")
        for number in (0, 1):
            replicas.add(f"gateway-{number}", 20)
        gateway.pods.program = replicas
        spec = str(gateway.spec)
        result = run_verb("trail", "verify", "-f", spec)
        assert result.return_value == 0 and result.stdout.count("whole") == 2
        assert "replica vision/gateway-1: read" in result.stdout
        rows = run_verb("trail", "query", "-f", spec, "--subject", "alice", "--json").stdout.splitlines()
        assert {json.loads(row)["replica"] for row in rows} == {"vision/gateway-0", "vision/gateway-1"}
        assert run_verb("trail", "tail", "--file", spec, "-n", "3").stdout.startswith("vision/gateway-")
        assert "CEF:0" in run_verb("trail", "export", "-f", spec, "--format", "cef").stdout
        assert run_verb("trail", "export", "-f", spec, "--subject", "alice").stdout
        add_pods(gateway.stand, ready=("gateway-0",))
        result = run_verb("trail", "verify", "-f", spec)
        assert result.return_value == 1 and "gateway-1: NOT READ" in result.stdout
        seen = json.loads(run_verb("trail", "verify", "-f", spec, "--json").stdout)
        assert not seen["whole"] and len(seen["chains"]) == 1 and len(seen["replicas"]) == 2
