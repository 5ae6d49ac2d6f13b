"""Lengths of time, and the shared options' names."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from rayfence.api.clusters.session import Way
from rayfence.api.clusters.target import Where
from rayfence.cli import options


@click.command()
@options.ttl
@options.narrowed_role
@options.instance
@options.json_output
@options.spec_file
def verb(ttl: int | None, role: str | None, name: str | None, state_dir: object, as_json: bool, spec: object) -> None:
    click.echo(f"{ttl} {role} {name} {as_json}")


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("90s", 90), ("10m", 600), ("2h", 7200)])
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert CliRunner().invoke(verb, ["--ttl", text]).output.split()[0] == str(seconds)


@pytest.mark.parametrize("text", ["0", "-1", "1d", "m", "1.5h", "٣m", ""])
def test_what_is_no_length_of_time_is_a_usage_error(text: str) -> None:
    assert CliRunner().invoke(verb, ["--ttl", text]).exit_code == 2


def test_unknown_roles_are_a_usage_error() -> None:
    assert CliRunner().invoke(verb, ["--role", "root"]).exit_code == 2


def test_what_a_verb_is_about_comes_as_one_value() -> None:
    seen: list[Where] = []

    @click.command()
    @options.target
    def short(where: Where) -> None:
        seen.append(where)

    @click.command()
    @options.long_target
    @click.option("-f", "--follow", is_flag=True)
    def long(where: Where, follow: bool) -> None:
        assert follow
        seen.append(where)

    for command, words in ((short, ["-f", "a.yaml", "--tenant", "t", "--context", "c"]), (long, ["-f", "--name", "n"])):
        assert CliRunner().invoke(command, words, catch_exceptions=False).exit_code == 0
    assert seen == [Where(spec=Path("a.yaml"), tenant="t", context="c"), Where(name="n")]


def test_a_way_to_log_in_for_one_command() -> None:
    assert options.way_of(None) is None and options.way_of("me") == Way()
    assert options.way_of("serviceAccount:a/b") == Way("serviceAccount:a/b")
    options.refuse_in_place(Where(), previous=False)
    with pytest.raises(click.UsageError, match="this is lab"):
        options.refuse_in_place(Where(name="lab"), previous=True)
