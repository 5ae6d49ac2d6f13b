"""`rayfence destroy`."""

import json
from pathlib import Path

import pytest
from click import UsageError
from click.testing import CliRunner

from rayfence.cli.destroy import command
from tests.sim.kubernetes.door import ONE_TENANT, applied_stand, spec
from tests.sim.kubernetes.stand import Stand


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stand:
    return applied_stand(monkeypatch, tmp_path)


def _words(tmp_path: Path, *more: str) -> list[str]:
    return ["-f", str(spec(tmp_path, ONE_TENANT)), "-q", *more]


def test_the_platform_s_name_must_be_typed(applied: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rayfence.cli.output.is_terminal", lambda: True)
    before = applied.cluster.references()
    for typed in ("\n", "vision\n", "Research\n"):
        result = CliRunner().invoke(command, _words(tmp_path), input=typed, standalone_mode=False)
        assert result.return_value == 1 and "nothing was removed" in result.stderr
    assert applied.cluster.references() == before
    result = CliRunner().invoke(command, _words(tmp_path), input="research\n", standalone_mode=False)
    assert result.return_value == 0 and "Type research" in result.stderr and "Namespace vision" in result.stderr
    assert "RayCluster vision/train" not in applied.cluster.references()


def test_without_a_terminal_consent_must_be_on_the_command_line(applied: Stand, tmp_path: Path) -> None:
    result = CliRunner().invoke(command, _words(tmp_path), standalone_mode=False)
    assert isinstance(result.exception, UsageError) and "--yes" in str(result.exception)
    result = CliRunner().invoke(command, _words(tmp_path, "--yes", "--json"), standalone_mode=False)
    data = json.loads(result.stdout)
    assert result.return_value == 0 and data["receipt"]["outcome"] == "complete" and Path(data["path"]).is_file()
    result = CliRunner().invoke(command, _words(tmp_path, "--yes"), standalone_mode=False)
    assert (result.return_value, result.stdout) == (0, "Nothing to do: nothing of this platform is there.\n")


def test_a_dry_run_lists_and_removes_nothing(applied: Stand, tmp_path: Path) -> None:
    before = applied.cluster.references()
    result = CliRunner().invoke(command, _words(tmp_path, "--dry-run"), standalone_mode=False)
    assert result.return_value == 10 and "would remove RayCluster vision/train" in result.stdout
    assert applied.cluster.references() == before


def test_what_is_kept_is_told(applied: Stand, tmp_path: Path) -> None:
    marked = {"rayfence.dev/retain": "true"}
    applied.cluster.edit("ResourceQuota vision/tenant", "ada", lambda v: v["metadata"].update(annotations=marked))
    result = CliRunner().invoke(command, _words(tmp_path, "--yes"), standalone_mode=False)
    assert "kept ResourceQuota vision/tenant" in result.stdout
