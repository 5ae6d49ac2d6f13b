"""Twin of rayfence.api.clusters.records."""

import stat
from pathlib import Path

import pytest

from rayfence.api.clusters import records
from rayfence.errors import StateError


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where records go."""
    monkeypatch.setattr("rayfence.api.clusters.records.state_root", lambda _: tmp_path)
    return tmp_path


def test_a_platform_is_found_again_by_its_name(state: Path) -> None:
    assert records.recall("ml") is None and records.recorded() == ()
    records.remember("ml", Path("specs/p.yaml"), "prod", None)
    assert records.recall("ml") == records.Bookmark("ml", str(Path("specs/p.yaml").absolute()), "prod", "")
    assert records.recorded() == ("ml",)
    assert stat.S_IMODE((state / "platforms" / "ml.json").stat().st_mode) == 0o600
    records.forget("ml")
    records.forget("ml")
    assert records.recall("ml") is None


def test_what_has_no_place_is_not_recorded() -> None:
    records.remember("ml", Path("-"), None, None)
    assert records.recorded() == ()


def test_a_damaged_record_is_told(state: Path) -> None:
    (state / "platforms").mkdir()
    (state / "platforms" / "ml.json").write_text("{")
    with pytest.raises(StateError, match="can't be read"):
        records.recall("ml")
    for name in ("", "../x", ".x"):
        with pytest.raises(StateError, match="no name"):
            records.recall(name)
