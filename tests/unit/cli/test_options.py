"""Lengths of time, and the shared options' names."""

import click
import pytest
from click.testing import CliRunner

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
