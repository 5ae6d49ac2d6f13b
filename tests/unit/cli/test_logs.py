"""Logs from the command line."""

from pathlib import Path

from click.testing import CliRunner

from rayfence.cli.logs import command
from tests.unit.api.test_logs import prepared


def test_lines_are_named_by_part_and_cleaned(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    (folder / "envoy.log").write_text("\x1b[2Jgone\n")
    result = CliRunner().invoke(command, ["--name", "ml", "--state-dir", str(tmp_path)])
    assert "envoy: �[2Jgone" in result.output
    assert "service: four" in result.output
