"""`rayfence renew`."""

import json

import pytest

from rayfence.cli.renew import command
from tests.sim.door import Door


@pytest.mark.envoy
def test_says_what_was_renewed(door: Door) -> None:
    assert command.help
    assert door.ok("renew") == "renewed: nothing, all are good\n"
    assert json.loads(door.ok("renew", "--force", "--json"))["renewed"] == ["gateway"]
