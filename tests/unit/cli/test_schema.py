"""`rayfence schema`."""

import json

from click.testing import CliRunner

from rayfence.cli.schema import command


def test_prints_a_json_schema() -> None:
    assert json.loads(CliRunner().invoke(command, []).output)["title"] == "Platform"
