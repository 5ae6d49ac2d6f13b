"""`rayfence render`."""

import json
from pathlib import Path

from click.testing import CliRunner

from rayfence.cli.render import command


def run(tmp_path: Path, *words: str) -> str:
    result = CliRunner().invoke(command, ["--state-dir", str(tmp_path / "state"), *words], standalone_mode=False)
    assert result.exception is None
    return result.output


def test_writes_every_file_and_says_which(tmp_path: Path) -> None:
    written = run(tmp_path, "-o", str(tmp_path / "out")).split()
    assert str(tmp_path / "out" / "processes.json") in written
    assert str(tmp_path / "out" / "envoy" / "lds.yaml") in written
    assert not (tmp_path / "state").exists()


def test_json_is_everything_desired(tmp_path: Path) -> None:
    assert {"folders", "secrets", "authorities", "certificates", "files", "processes"} <= set(
        json.loads(run(tmp_path, "--json"))
    )
