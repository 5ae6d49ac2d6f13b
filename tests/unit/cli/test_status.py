"""The picture of an instance."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rayfence.cli.entry import rayfence
from rayfence.cli.status import command, show
from tests.sim.door import Door
from tests.sim.kubernetes.gateway import gateway_door, run_verb


@pytest.mark.envoy
def test_for_people_and_for_programs(door: Door) -> None:
    assert command.help
    assert callable(show)
    text = door.run("status").stdout
    assert f"https://localhost:{door.record.ports.gateway}" in text
    assert "PASS" in text
    seen = json.loads(door.run("status", "--json").stdout)
    assert [part["name"] for part in seen["parts"]] == ["service", "envoy", "renewal"]
    rows = {row["control"]: row["verdict"] for row in seen["posture"]}
    assert rows["gateway.identity"] == "pass"
    assert rows["ray.walls"] == "unknown"


def test_of_a_platform_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway:
        words = ["status", "-f", str(gateway.spec)]
        result = CliRunner().invoke(rayfence, words, standalone_mode=False, catch_exceptions=False)
        assert result.return_value == 0 and "research: ready" in result.stdout
        assert "UNKNOWN" in result.stdout and "vision/cluster-train" in result.stdout
        seen = json.loads(run_verb(*words, "--json").stdout)
        assert {"name", "ready", "parts", "addresses", "posture", "tenants", "certificates", "last"} == set(seen)
        del gateway.stand.cluster.objects["ray.io/v1", "RayCluster", "vision", "train"]
        assert CliRunner().invoke(rayfence, words, standalone_mode=False, catch_exceptions=False).return_value == 1
