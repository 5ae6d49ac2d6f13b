"""`rayfence diff`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from rayfence.cli.diff import command
from tests.sim.kubernetes.door import ONE_TENANT, applied_stand, spec
from tests.sim.kubernetes.stand import Stand


def _run(*words: str) -> tuple[int | None, str, str]:
    result = CliRunner().invoke(command, list(words), standalone_mode=False)
    assert result.exception is None, result.exception
    return result.return_value, result.stdout, result.stderr


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stand:
    return applied_stand(monkeypatch, tmp_path)


def test_no_difference_is_exit_status_nought(applied: Stand, tmp_path: Path) -> None:
    status, out, _ = _run("-f", str(spec(tmp_path, ONE_TENANT)))
    assert status == 0 and "No drift" in out and "by admin, complete" in out


def test_a_difference_names_field_values_and_author(applied: Stand, tmp_path: Path) -> None:
    applied.cluster.edit("StatefulSet vision-gateway/gateway", "kubectl-edit", lambda v: v["spec"].update(replicas=0))
    status, out, _ = _run("-f", str(spec(tmp_path, ONE_TENANT)))
    assert status == 10
    for words in ("StatefulSet vision-gateway/gateway", "spec.replicas", "kubectl-edit"):
        assert words in out


def test_json_and_a_plan_to_hold_to(applied: Stand, tmp_path: Path) -> None:
    del applied.cluster.objects["v1", "Secret", "vision-gateway", "gateway-stamp-keys"]
    status, out, err = _run("-f", str(spec(tmp_path, ONE_TENANT)), "--json", "--out", str(tmp_path / "plan.json"))
    data = json.loads(out)
    assert status == 10 and data["secrets"] == ["Secret vision-gateway/gateway-stamp-keys"] and data["objects"] == []
    assert data["last"]["outcome"] == "complete" and "written to" in err
    assert json.loads((tmp_path / "plan.json").read_text())["digest"] == data["digest"]


def test_what_is_missing_or_not_ready_is_listed(applied: Stand, tmp_path: Path) -> None:
    del applied.cluster.objects["v1", "Secret", "vision-gateway", "gateway-stamp-keys"]
    applied.cluster.find("RayCluster vision/train")["status"] = {}
    _, out, _ = _run("-f", str(spec(tmp_path, ONE_TENANT)))
    assert "missing Secret vision-gateway/gateway-stamp-keys" in out and "not ready RayCluster vision/train" in out
