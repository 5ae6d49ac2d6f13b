"""`rayfence apply`."""

import json
from pathlib import Path

import pytest
from click import UsageError
from click.testing import CliRunner

from rayfence.cli.apply import command
from rayfence.errors import KubernetesError
from tests.sim.kubernetes.door import ONE_TENANT, behind, spec
from tests.sim.kubernetes.stand import Stand


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stand:
    found = Stand()
    behind(found, monkeypatch, tmp_path / "state")
    return found


def _run(*words: str, expect: type[BaseException] | None = None) -> tuple[int | None, str, str]:
    result = CliRunner().invoke(command, list(words), standalone_mode=False)
    if expect is None:
        assert result.exception is None, result.exception
    else:
        assert isinstance(result.exception, expect), result.exception
    return result.return_value, result.stdout, result.stderr


def test_it_tells_progress_and_what_was_done(stand: Stand, tmp_path: Path) -> None:
    path = str(spec(tmp_path, ONE_TENANT))
    status, out, err = _run("-f", path)
    assert status == 0 and out.startswith("Done. ") and " created" in out and " secret made" in out
    assert "created RayCluster vision/train" in err and "receipt: " in err
    stand.settle()
    status, out, _ = _run("-f", path)
    assert (status, out) == (0, "Nothing to do: everything is as specified.\n")


def test_quiet_is_quiet_and_all_lists_everything(stand: Stand, tmp_path: Path) -> None:
    _, out, err = _run("-f", str(spec(tmp_path, ONE_TENANT)), "-q", "--all")
    assert "created RayCluster" not in err and "RayCluster vision/train" in out


def test_json_is_the_receipt(stand: Stand, tmp_path: Path) -> None:
    status, out, _ = _run("-f", str(spec(tmp_path, ONE_TENANT)), "--json", "-q")
    data = json.loads(out)
    assert status == 0 and data["receipt"]["outcome"] == "complete" and data["receipt"]["by"] == "admin"
    assert Path(data["path"]).is_file()


def test_a_dry_run_that_would_change_something_is_exit_status_ten(stand: Stand, tmp_path: Path) -> None:
    status, out, _ = _run("-f", str(spec(tmp_path, ONE_TENANT)), "--dry-run", "-q")
    assert status == 10 and "nothing was changed" in out and "not tried: its namespace is not there yet" in out
    assert stand.cluster.writes == []


def test_a_conflict_says_how_to_take_over_and_that_way_works(stand: Stand, tmp_path: Path) -> None:
    path = str(spec(tmp_path, ONE_TENANT))
    _run("-f", path, "-q")
    stand.settle()
    stand.cluster.edit("StatefulSet vision-gateway/gateway", "eve", lambda v: v["spec"].update(replicas=0))
    result = CliRunner().invoke(command, ["-f", path, "-q"], standalone_mode=False)
    assert isinstance(result.exception, KubernetesError) and result.exception.exit_status == 5
    words = result.exception.hint.split()
    at = words.index("--force-conflicts")
    status, out, _ = _run("-f", path, "-q", *words[at : at + 2])
    assert status == 0 and "forced" in out
    assert stand.cluster.find("StatefulSet vision-gateway/gateway")["spec"]["replicas"] == 2


def test_a_name_that_names_nothing_is_wrong_usage(stand: Stand, tmp_path: Path) -> None:
    _run("-f", str(spec(tmp_path, ONE_TENANT)), "--force-conflicts", "gateway", expect=UsageError)


def test_where_nobody_can_be_asked_nothing_is_removed_unless_that_was_said(stand: Stand, tmp_path: Path) -> None:
    _run("-f", str(spec(tmp_path)), "-q")
    stand.settle()
    less = str(spec(tmp_path, ONE_TENANT))
    _, out, _ = _run("-f", less, "-q")
    assert "left in place" in out and "Namespace speech" in out and "--prune" in out
    _, out, _ = _run("-f", less, "-q", "--yes")
    assert " removed" in out and "left in place" not in out


def test_a_person_is_asked(stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _run("-f", str(spec(tmp_path)), "-q")
    stand.settle()
    monkeypatch.setattr("rayfence.cli.output.is_terminal", lambda: True)
    result = CliRunner().invoke(
        command, ["-f", str(spec(tmp_path, ONE_TENANT)), "-q"], input="y\n", standalone_mode=False
    )
    assert "Remove these" in result.stderr and " removed" in result.stdout


def test_help_has_examples() -> None:
    assert "rayfence apply -f platform.yaml --dry-run" in " ".join(
        CliRunner().invoke(command, ["--help"]).stdout.split()
    )
