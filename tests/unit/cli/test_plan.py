"""`rayfence plan`."""

import json
from pathlib import Path

from click.testing import CliRunner

from rayfence.cli.plan import command


def test_pending_changes_are_exit_status_ten_and_nothing_is_made(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--state-dir", str(tmp_path)], standalone_mode=False)
    assert result.return_value == 10
    assert "ray.auth_mode" in result.output
    assert "start   process" in result.output
    assert list(tmp_path.iterdir()) == []


def test_json_has_decisions_and_changes(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--state-dir", str(tmp_path), "--json"], standalone_mode=False)
    data = json.loads(result.output)
    assert data["pending"] == len(data["plan"]["changes"])
    assert {"path", "value", "reason", "source"} == set(data["decisions"][0])
