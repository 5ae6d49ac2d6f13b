"""The command line of the service: one argument, errors for people."""

from pathlib import Path

import pytest

from rayfence.gateway.__main__ import main
from tests.sim.gateway import write


@pytest.mark.parametrize("arguments", [[], ["a", "b"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_missing_and_damaged_settings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "gateway.json")]) == 4
    assert "can't be read" in capsys.readouterr().err
    write(tmp_path / "gateway.json", "{}")
    assert main([str(tmp_path / "gateway.json")]) == 4
    errors = capsys.readouterr().err
    assert "damaged" in errors
    assert "Traceback" not in errors
