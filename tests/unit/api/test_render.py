"""Rendered files for review hold no secret and no surprise."""

from pathlib import Path

import pytest

from rayfence.api.render import RECORD, rendered_files, write_files
from rayfence.errors import StateError
from tests.unit.render.local.test_desired import desired


def made() -> dict[str, str]:
    """Everything of a small instance."""
    return dict(rendered_files(desired()))


def test_names_are_unique_and_relative() -> None:
    names = [name for name, _ in rendered_files(desired())]
    assert len(names) == len(set(names))
    assert not any(name.startswith("/") or ".." in name for name in names)


def test_written_twice_is_the_same(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write_files(made(), tmp_path)}
    assert first == {path: path.read_bytes() for path in write_files(made(), tmp_path)}


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="can't be written"):
        list(write_files(made(), tmp_path / "file"))


def test_what_an_earlier_run_wrote_and_this_one_did_not_is_removed(tmp_path: Path) -> None:
    list(write_files({"tenants/a.yaml": "a", "tenants/b.yaml": "b"}, tmp_path))
    (tmp_path / "tenants" / "mine.yaml").write_text("not ours")
    list(write_files({"tenants/a.yaml": "a"}, tmp_path))
    assert sorted(path.name for path in (tmp_path / "tenants").iterdir()) == ["a.yaml", "mine.yaml"]


@pytest.mark.parametrize("record", ['["../kept"]', '["/kept"]', '{"a": 1}', "[1]", "no JSON"])
def test_a_record_of_somebody_else_removes_nothing_outside(record: str, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / RECORD).write_text(record)
    list(write_files({"a": "a"}, folder))
    assert (tmp_path / "kept").exists()
