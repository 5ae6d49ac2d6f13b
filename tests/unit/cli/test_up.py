"""`rayfence up`: what it says before anything is started. Starting is tested end to end."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from rayfence.cli.up import command
from rayfence.errors import SpecError


def test_a_wrong_spec_stops_it_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text("apiVersion: v9\n")
    with pytest.raises(SpecError, match="v9"):
        CliRunner().invoke(
            command,
            ["-f", str(tmp_path / "p.yaml"), "--state-dir", str(tmp_path / "state")],
            catch_exceptions=False,
            standalone_mode=False,
        )
    assert not (tmp_path / "state").exists()
