"""Files: the same bytes, one serialiser, pinned providers, no secret, and the real Terraform loads them."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from rayfence.render.gcp.render import render
from rayfence.render.gcp.terraform import PROVIDER_VERSIONS, serialised, terraform_files
from tests.unit.render.gcp.settings import CASES, EXTERNAL, MADE_PROJECT, SHARED, STANDARD, resolution


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}
    return subprocess.run(
        ["terraform", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("case", ["standard", "shared", "external", "spoke"])
def test_the_real_terraform_loads_the_files(case: str, tmp_path: Path) -> None:
    for name, content in terraform_files(render(resolution(CASES[case]))).items():
        if name != "backend.tf.json":  # as with `init -backend=false`: remote state would have to be there
            (tmp_path / name).write_text(content, encoding="utf-8")
    done = terraform(tmp_path, "providers", "-no-color")
    assert done.returncode == 0, done.stderr
    assert "hashicorp/google] >= 6.50.0, < 9.0.0" in done.stdout
    assert ("google-beta" in done.stdout) == (CASES[case] is EXTERNAL)
    assert terraform(tmp_path, "fmt", "-check", "-recursive").returncode == 0


def test_terraform_refuses_a_broken_file(tmp_path: Path) -> None:
    (tmp_path / "main.tf.json").write_text('{"resource": {"google_project": {"x": []}}}', encoding="utf-8")
    (tmp_path / "more.tf.json").write_text('{"resource": []', encoding="utf-8")
    assert terraform(tmp_path, "providers").returncode != 0


@pytest.mark.parametrize("case", CASES)
def test_the_same_input_gives_the_same_bytes(case: str) -> None:
    one = terraform_files(render(resolution(CASES[case])))
    two = terraform_files(render(resolution(CASES[case])))
    assert list(one.items()) == list(two.items())
    assert all(content == serialised(json.loads(content)) and content.isascii() for content in one.values())


def test_files_of_a_root_module() -> None:
    files = terraform_files(render(resolution(SHARED)))
    assert {
        "backend.tf.json",
        "cluster.tf.json",
        "identity.tf.json",
        "keys.tf.json",
        "locals.tf.json",
        "lookups.tf.json",
        "network.tf.json",
        "outputs.tf.json",
        "providers.tf.json",
        "variables.tf.json",
        "versions.tf.json",
    } <= set(files)
    assert json.loads(files["backend.tf.json"]) == {"terraform": {"backend": {"gcs": {}}}}
    pinned = json.loads(files["versions.tf.json"])["terraform"]["required_providers"]["google"]
    assert pinned == {"source": "hashicorp/google", "version": PROVIDER_VERSIONS}


def test_a_project_that_is_not_made_yet_pays_for_no_call() -> None:
    google = json.loads(terraform_files(render(resolution(MADE_PROJECT)))["providers.tf.json"])["provider"]["google"]
    assert google == {"region": "${local.region}"}
    google = json.loads(terraform_files(render(resolution(STANDARD)))["providers.tf.json"])["provider"]["google"]
    assert google["billing_project"] == "${local.project}"


def test_no_secret_and_no_key_material_is_written() -> None:
    for chosen in CASES.values():
        everything = "".join(terraform_files(render(resolution(chosen))).values())
        assert "PRIVATE KEY" not in everything
        assert "google_service_account_key" not in everything
        assert '"password' not in everything
