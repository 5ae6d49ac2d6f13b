"""`rayfence plan`."""

import json
from pathlib import Path

import pytest
from click import UsageError
from click.testing import CliRunner

from rayfence.cli.plan import command
from tests.arch.tree import ROOT

ARTICLE = str(ROOT / "examples" / "article" / "platform.yaml")


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
    assert {"path", "value", "reason", "source", "rules", "irreversible", "costs"} == set(data["decisions"][0])


def test_a_cluster_is_planned_compared_and_saved(tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    words = ["-f", ARTICLE, "--out", str(out), "--json"]
    result = CliRunner().invoke(command, words, standalone_mode=False)
    assert result.return_value == 0
    assert json.loads(result.stdout)["digest"] == json.loads(out.read_text())["digest"]
    same = CliRunner().invoke(command, ["-f", ARTICLE, "--diff", ARTICLE], standalone_mode=False)
    assert (same.return_value, same.output) == (0, "No difference.\n")


@pytest.mark.parametrize("words", [["--policies", "{here}"], ["--diff", "{here}"], ["--out", "{here}/x"]])
def test_what_is_for_clusters_is_refused_for_this_machine(words: list[str], tmp_path: Path) -> None:
    given = [word.format(here=tmp_path) for word in words]
    with pytest.raises(UsageError, match="for platforms on Kubernetes and GKE"):
        CliRunner().invoke(
            command, [*given, "--state-dir", str(tmp_path)], standalone_mode=False, catch_exceptions=False
        )
