"""Minting a token."""

import base64
import json
from pathlib import Path

import pytest

from rayfence.cli.token import command
from rayfence.errors import AccessRefused
from tests.sim.door import Door
from tests.sim.kubernetes.gateway import gateway_door, run_verb


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


def test_at_a_gateway_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway:
        words = ("token", "--ttl", "90s", "--role", "viewer", "-f", str(gateway.spec))
        assert run_verb(*words, "--as", "serviceAccount:vision/runner").stdout == "minted 90 viewer\n"
