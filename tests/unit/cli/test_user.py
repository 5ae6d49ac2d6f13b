"""Accounts from the command line."""

import json

import pytest

from rayfence.cli.user import command
from rayfence.errors import AccessRefused
from tests.sim.door import PASSWORD, Door


@pytest.mark.envoy
def test_an_account_from_its_beginning_to_its_end(door: Door) -> None:
    assert command.help
    said = door.ok(
        "user", "add", "cy", "--role", "viewer", "--right", "serve:call", "--password-stdin", stdin=f"{PASSWORD}\n"
    )
    assert said == "added cy as viewer\n"
    listed = json.loads(door.ok("user", "list", "--json"))["users"]
    assert [(one["role"], one["rights"]) for one in listed if one["name"] == "cy"] == [("viewer", ["serve:call"])]
    assert "cy is operator now" in door.ok("user", "role", "cy", "operator", "--no-rights")
    assert any(line.split()[:3] == ["cy", "operator", "-"] for line in door.ok("user", "list").splitlines())
    door.ok("user", "passwd", "cy", "--password-stdin", stdin=f"{PASSWORD}!\n")
    assert "no longer work" in door.ok("user", "remove", "cy", "--yes")


@pytest.mark.envoy
def test_ones_own_password_needs_the_present_one(door: Door, as_ada: str) -> None:
    with pytest.raises(AccessRefused):
        door.run("user", "passwd", as_ada, "--password-stdin", stdin=f"{PASSWORD}\nnot the present one\n")


@pytest.mark.envoy
@pytest.mark.parametrize("name", ["Ada", "../x", "a b", "root\n", "ada'--"])
def test_names_that_are_no_names_are_refused(door: Door, name: str) -> None:
    with pytest.raises(AccessRefused):
        door.run("user", "add", name, "--password-stdin", stdin=f"{PASSWORD}\n")
