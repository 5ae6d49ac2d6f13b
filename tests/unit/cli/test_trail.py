"""The trail from the command line."""

import json

import pytest

from rayfence.cli.trail import command
from rayfence.errors import RayfenceError
from tests.sim.door import Door


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
