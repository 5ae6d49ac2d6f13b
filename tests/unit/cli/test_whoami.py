"""Who the gateway takes us for."""

import json

import pytest

from rayfence.cli.whoami import command
from tests.sim.door import Door


@pytest.mark.envoy
def test_for_people_and_for_programs(door: Door, as_ada: str) -> None:
    assert command.help
    assert "roles        viewer, submitter" in door.ok("whoami")
    seen = json.loads(door.ok("whoami", "--json"))
    assert (seen["subject"], seen["roles"], seen["rights"]) == ("ada", ["viewer", "submitter"], [])
