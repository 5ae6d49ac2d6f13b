"""Minting a token."""

import base64
import json

import pytest

from rayfence.cli.token import command
from rayfence.errors import AccessRefused
from tests.sim.door import Door


@pytest.mark.envoy
def test_prints_nothing_but_the_token_and_it_says_what_was_asked(door: Door, as_ada: str) -> None:
    assert command.help
    token = door.ok("token", "--ttl", "90s", "--role", "viewer").strip()
    body = token.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    assert claims["exp"] - claims["nbf"] == 90
    assert claims["sub"] == "ada"
    assert claims["grant"].split()[1] == "viewer"


@pytest.mark.envoy
def test_a_right_one_has_not_can_not_be_given(door: Door, as_ada: str) -> None:
    with pytest.raises(AccessRefused):
        door.run("token", "--right", "ray-client")
