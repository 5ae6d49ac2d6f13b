"""The verb: what is printed, and with which exit status."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from rayfence.api import verify as api
from rayfence.api import verify_cluster as cluster_api
from rayfence.cli.entry import rayfence
from rayfence.cli.verify import as_data
from rayfence.model.evidence import Evidence, Verification
from rayfence.model.verdict import Verdict


def row(name: str, verdict: Verdict, known: str = "") -> Evidence:
    return Evidence(name, "tokens", "a title", verdict, "401", "200", "works", "CVE-0", known)


PASS, FAIL = row("token.a", Verdict.PASS), row("token.b", Verdict.FAIL)
UNKNOWN, KNOWN = row("token.c", Verdict.UNKNOWN), row("direct.metrics", Verdict.FAIL, "Ray's own")


def run(monkeypatch: pytest.MonkeyPatch, evidence: tuple[Evidence, ...], *words: str) -> tuple[int, str]:
    seen: list[object] = []

    def verify(*values: object) -> Verification:
        seen.extend(values)
        return Verification("default", evidence, 1.5)

    monkeypatch.setattr(api, "verify", verify)
    result = CliRunner().invoke(rayfence, ["verify", *words], catch_exceptions=False, standalone_mode=False)
    assert isinstance(result.return_value, int)
    return result.return_value, result.stdout


@pytest.mark.parametrize(
    ("evidence", "words", "status"),
    [
        ((PASS,), (), 0),
        ((PASS, KNOWN), (), 0),
        ((PASS, KNOWN), ("--strict",), 1),
        ((PASS, UNKNOWN), (), 2),
        ((PASS, UNKNOWN, FAIL), (), 1),
    ],
)
def test_exit_status(
    monkeypatch: pytest.MonkeyPatch, evidence: tuple[Evidence, ...], words: tuple[str, ...], status: int
) -> None:
    assert run(monkeypatch, evidence, *words)[0] == status
    assert run(monkeypatch, evidence, "--json", *words)[0] == status


def test_what_is_not_fine_is_listed_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = run(monkeypatch, (PASS, FAIL, UNKNOWN, KNOWN))
    assert "token.b: a title" in text
    assert "token.c: a title" in text
    assert "token.a" not in text
    assert "known: Ray's own" in text
    assert "4 attacks in 2 s: 1 holes, 1 not shown, 1 left open by Ray itself" in text
    assert "token.a" in run(monkeypatch, (PASS,), "--all")[1]


def test_the_exit_status_stands_in_the_json_too() -> None:
    assert as_data(Verification("default", (FAIL,), 1.0, ("job x",)), 1)["exit_status"] == 1
    assert as_data(Verification("default", (FAIL,), 1.0, ("job x",)), 1)["leftovers"] == ["job x"]


def test_json_holds_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = run(monkeypatch, (PASS, FAIL, KNOWN), "--json")
    data = json.loads(text)
    assert (data["attacks"], data["holes"], data["known"]) == (3, ["token.b"], ["direct.metrics"])
    assert data["counts"]["fail"] == 2
    assert data["evidence"][0] == {
        "attack": "token.a", "group": "tokens", "title": "a title", "verdict": "pass", "expected": "401",
        "seen": "200", "control": "works", "source": "CVE-0", "known": "", "fix": "", "field": "",
    }  # fmt: skip


HOLE = replace(FAIL, fix="NetworkPolicy vision/default-deny", field="target.kubernetes.datapath")


def on_cluster(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[object, str, list[object]]:
    seen: list[object] = []

    def verify(*values: object) -> Verification:
        seen.extend(values)
        return Verification("ml", (PASS, HOLE), 1.5)

    monkeypatch.setattr(cluster_api, "verify_cluster", verify)
    result = CliRunner().invoke(rayfence, ["verify", *words], catch_exceptions=False, standalone_mode=False)
    return result.return_value, result.stdout, seen


def test_with_a_spec_it_is_a_cluster_and_what_to_mend_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("-f", "platform.yaml", "--context", "prod", "--only", "ports.*")
    status, text, seen = on_cluster(monkeypatch, *words)
    assert status == 1
    assert "fix: NetworkPolicy vision/default-deny (target.kubernetes.datapath)" in text
    assert (seen[0], seen[1], seen[2], seen[4]) == (Path("platform.yaml"), None, "prod", "ports.*")
    status, text, _ = on_cluster(monkeypatch, "-f", "platform.yaml", "--json")
    assert status == 1 and json.loads(text)["evidence"][1]["fix"] == "NetworkPolicy vision/default-deny"


@pytest.mark.parametrize(
    "words", [("-f", "p.yaml", "--name", "x"), ("-f", "p.yaml", "--state-dir", "."), ("--context", "x")]
)
def test_options_of_the_other_target_are_refused(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(rayfence, ["verify", *words]).exit_code == 2
