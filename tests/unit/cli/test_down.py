"""`rayfence down`."""

import json
from pathlib import Path

from click.testing import CliRunner

from rayfence.cli.down import command


def run(tmp_path: Path, *words: str, stdin: str = "") -> str:
    return CliRunner().invoke(command, ["--state-dir", str(tmp_path), *words], input=stdin).output


def test_what_was_not_running_is_said_to_be(tmp_path: Path) -> None:
    assert "default: was not running" in run(tmp_path)
    assert json.loads(run(tmp_path, "--json"))["was_running"] is False


def test_purging_asks_first(tmp_path: Path) -> None:
    assert "Aborted" in run(tmp_path, "--purge", stdin="n\n")
