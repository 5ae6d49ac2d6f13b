"""Logging out from the command line."""

import json
from pathlib import Path

import pytest

from rayfence.cli.logout import command
from tests.sim.door import PASSWORD, Door
from tests.sim.kubernetes.gateway import gateway_door, run_verb


@pytest.mark.envoy
def test_says_whether_somebody_was_logged_in(door: Door, ada: str) -> None:
    assert command.help
    door.ok("login", ada, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert json.loads(door.ok("logout", "--everywhere", "--json")) == {"logged_out": True}
    assert door.ok("logout") == "nobody was logged in\n"


def test_at_a_gateway_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway:
        spec = ("-f", str(gateway.spec))
        run_verb("login", "serviceAccount:vision/runner", *spec)
        assert gateway.sessions
        assert run_verb("logout", *spec).stdout == "logged out\n"
        assert not gateway.sessions
        assert run_verb("logout", *spec).stdout == "nobody was logged in\n"
