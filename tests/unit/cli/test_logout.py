"""Logging out from the command line."""

import json

import pytest

from rayfence.cli.logout import command
from tests.sim.door import PASSWORD, Door


@pytest.mark.envoy
def test_says_whether_somebody_was_logged_in(door: Door, ada: str) -> None:
    assert command.help
    door.ok("login", ada, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert json.loads(door.ok("logout", "--everywhere", "--json")) == {"logged_out": True}
    assert door.ok("logout") == "nobody was logged in\n"
