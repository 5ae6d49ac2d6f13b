"""Logging in from the command line."""

import json
from pathlib import Path

import click
import pytest

from rayfence.cli.login import command, read_password
from rayfence.errors import AccessRefused, StateError
from tests.sim.door import PASSWORD, Door
from tests.sim.kubernetes.gateway import gateway_door, run_verb


@pytest.mark.envoy
def test_says_who_is_logged_in_and_never_shows_the_password(door: Door, ada: str) -> None:
    result = door.run("login", ada, "--password-stdin", stdin=f"{PASSWORD}\n")
    assert result.output == "logged in to door as ada\n"
    door.ok("logout")


@pytest.mark.envoy
def test_unknown_names_and_wrong_passwords_are_told_alike(door: Door, ada: str) -> None:
    said = []
    for user in (ada, "nobody-here"):
        with pytest.raises(AccessRefused) as caught:
            door.run("login", user, "--password-stdin", stdin="wrong wrong\n")
        said.append(str(caught.value))
    assert said[0] == said[1]


@pytest.mark.envoy
def test_a_server_that_others_started_is_reached_by_address_and_authority(door: Door, ada: str) -> None:
    record = door.record
    words = ("--server", f"127.0.0.1:{record.ports.gateway}", "--login-host", "login.door.localhost")
    ca = f"{record.places.state}/certificates/front/ca.pem"
    assert "as ada" in door.ok("login", ada, *words, "--ca-file", ca, "--password-stdin", stdin=f"{PASSWORD}\n")
    door.ok("logout")


def test_a_server_without_a_port_is_a_usage_error() -> None:
    with pytest.raises(click.UsageError, match="is not HOST:PORT"):
        command.main(["ada", "--server", "localhost", "--password-stdin"], standalone_mode=False)


def test_without_a_terminal_a_password_needs_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(StateError, match="no terminal"):
        read_password("Password: ", from_stdin=False)


def test_at_a_gateway_in_a_cluster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with gateway_door(monkeypatch, tmp_path) as gateway:
        gateway.subjects["pasted"] = "ada@example.com"
        spec = ("-f", str(gateway.spec))
        result = run_verb("login", "serviceAccount:vision/runner", *spec)
        assert result.stdout == "logged in to research.vision as system:serviceaccount:vision:runner\n"
        seen = json.loads(run_verb("login", "--token-stdin", "--json", *spec, stdin="pasted\n").stdout)
        assert (seen["subject"], seen["instance"]) == ("ada@example.com", "research.vision")
        with pytest.raises(StateError, match="empty"):
            run_verb("login", "--token-stdin", *spec, stdin="\n")
        for words in (("serviceAccount:a/b", "--token-stdin"), ("--server", "h:1")):
            with pytest.raises(click.UsageError):
                run_verb("login", *words, *spec)


def test_what_is_for_clusters_is_for_clusters() -> None:
    for words in (("login",), ("login", "ada", "--token-stdin")):
        with pytest.raises(click.UsageError):
            run_verb(*words)
