"""The picture of an instance."""

import json

import pytest

from rayfence.cli.status import command, show
from tests.sim.door import Door


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
