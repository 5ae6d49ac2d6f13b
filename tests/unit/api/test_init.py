"""Writing the first spec."""

from pathlib import Path

import pytest

from rayfence.api import init
from rayfence.errors import SpecError, StateError
from rayfence.spec.load import load


def test_writes_what_loads_and_never_over_something(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    text = init.write(init.Draft(), path, force=False)
    assert path.read_text(encoding="utf-8") == text
    load(text)
    with pytest.raises(StateError, match="exists already"):
        init.write(init.Draft(name="other"), path, force=False)
    assert path.read_text(encoding="utf-8") == text
    init.write(init.Draft(name="other"), path, force=True)
    assert load(path.read_text(encoding="utf-8")).name == "other"


def test_does_not_follow_a_planted_link(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(StateError, match="exists already"):
        init.write(init.Draft(), tmp_path / "p.yaml", force=False)
    assert not (tmp_path / "elsewhere").exists()


def test_a_wrong_value_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(SpecError):
        init.write(init.Draft(name="A B"), tmp_path / "p.yaml", force=False)
    with pytest.raises(StateError, match="can't be written"):
        init.write(init.Draft(), tmp_path / "missing/p.yaml", force=False)
    assert list(tmp_path.iterdir()) == []


def test_from_gcloud_fills_what_is_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
    for name in ("CORE_PROJECT", "COMPUTE_REGION", "COMPUTE_ZONE"):
        monkeypatch.delenv(f"CLOUDSDK_{name}", raising=False)
    with pytest.raises(StateError, match="gcloud has no project set"):
        init.from_gcloud(init.Draft("gke"))
    monkeypatch.setenv("CLOUDSDK_CORE_PROJECT", "acme-ml")
    monkeypatch.setenv("CLOUDSDK_COMPUTE_ZONE", "us-central1-c")
    draft = init.from_gcloud(init.Draft("gke"))
    assert (draft.project, draft.location) == ("acme-ml", "us-central1")
    assert init.from_gcloud(init.Draft("gke", project="acme-x", location="us-east1")).project == "acme-x"
