"""`rayfence init`: flags, questions, refusals."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from rayfence.cli import output
from rayfence.cli.init import command
from rayfence.errors import StateError
from rayfence.spec.load import load


@pytest.fixture(autouse=True)
def text_mode_after() -> object:
    yield
    output.set_json(False)


def run(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(command, list(arguments), input=typed)


def test_writes_a_file_and_says_what_is_next(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    result = run("--target", "local", "-o", str(path))
    assert result.exit_code == 0
    assert f"wrote {path}" in result.output and f"rayfence plan -f {path}" in result.output
    load(path.read_text(encoding="utf-8"))
    assert isinstance(run("--target", "local", "-o", str(path)).exception, StateError)
    assert run("--target", "local", "-o", str(path), "--force").exit_code == 0


def test_standard_output_is_the_spec_alone() -> None:
    result = run("--target", "gke", "--project", "acme-ml", "--location", "us-central1", "-o", "-")
    assert load(result.stdout).name == "default"


def test_json_says_what_was_written(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    told = json.loads(run("--target", "local", "--name", "ml", "-o", str(path), "--json").stdout)
    assert (told["file"], told["target"], told["name"]) == (str(path), "local", "ml")
    assert told["spec"] == path.read_text(encoding="utf-8")


def test_without_a_terminal_missing_flags_are_named() -> None:
    assert "Missing option '--target'" in run().output
    result = run("--target", "gke", "--network", "corp")
    assert (result.exit_code, "--project, --location, --subnetwork" in result.output) == (2, True)


def test_on_a_terminal_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "is_terminal", lambda: True)
    result = run("-o", "-", typed="gke\nacme-ml\neurope-west4\n")
    assert load(result.stdout)
    assert "Google Cloud project" in result.stderr and "europe-west4" in result.stdout


def test_a_flag_without_use_is_refused() -> None:
    result = run("--target", "local", "--host-project", "acme-host")
    assert (result.exit_code, "--host-project" in result.output) == (2, True)


def test_from_gcloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    monkeypatch.setenv("CLOUDSDK_CORE_PROJECT", "acme-ml")
    monkeypatch.setenv("CLOUDSDK_COMPUTE_REGION", "us-east1")
    result = run("--target", "gke", "--from-gcloud", "-o", "-")
    assert "project: acme-ml" in result.stdout and "location: us-east1" in result.stdout
    refused = run("--target", "local", "--from-gcloud", "-o", "-")
    assert refused.exit_code == 2 and "--from-gcloud is for target gke" in refused.output
