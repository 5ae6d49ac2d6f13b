"""`up` before anything starts; the rest is tested end to end."""

from pathlib import Path

import pytest

from rayfence.api import locks
from rayfence.api.instances import places_for
from rayfence.api.locks import locked
from rayfence.api.up import up
from rayfence.errors import PreflightError, RayfenceError, StateError
from rayfence.render.local.layout import Layout
from rayfence.spec import DEFAULT_SPEC


def quiet(_text: str) -> None:
    pass


def test_two_at_once_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "PATIENCE_SECONDS", 0.1)
    with locked("ml", tmp_path), pytest.raises(StateError, match="another command is at work"):
        up(None, "ml", tmp_path, quiet)


def test_an_old_ray_is_refused_and_leaves_no_instance(tmp_path: Path) -> None:
    spec = tmp_path / "p.yaml"
    spec.write_text(f"{DEFAULT_SPEC}tenants: [{{clusters: [{{ray: {{version: 2.40.0}}}}]}}]\n")
    with pytest.raises(RayfenceError, match="below the floor"):
        up(spec, None, tmp_path / "state", quiet)
    assert not (tmp_path / "state").exists()


def test_an_abort_before_any_start_leaves_no_runtime_folders(tmp_path: Path) -> None:
    """The folders are made first. Here the configuration can't be written, as on a full disk."""
    places = places_for("default", tmp_path)
    Path(Layout(places).settings).mkdir(parents=True)
    told: list[str] = []
    with pytest.raises(PreflightError, match="can't be written"):
        up(None, None, tmp_path, told.append)
    assert any(line.startswith("authorities: ") for line in told), told
    assert "stopping what was started" not in told
    assert not Path(places.runtime).exists()
    assert not Path(places.ray).exists()
    assert Path(Layout(places).instance).exists(), "ports and uid are kept for the next start"
