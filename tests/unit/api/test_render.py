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


def test_one_part_rendered_again_keeps_the_others_and_later_runs_still_know_them(tmp_path: Path) -> None:
    list(write_files({"terraform/a": "a", "terraform/b": "b", "kubernetes/c": "c"}, tmp_path))
    list(write_files({"terraform/a": "a"}, tmp_path, ("terraform",)))
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["a", "c"]
    list(write_files({"terraform/a": "a"}, tmp_path, ("terraform", "kubernetes")))
    assert sorted(path.name for path in tmp_path.glob("*/*")) == ["a"]


def test_what_an_interrupted_run_wrote_is_removed_by_the_next(tmp_path: Path) -> None:
    interrupted = write_files({"a": "a", "b": "b"}, tmp_path)
    next(interrupted)
    del interrupted
    list(write_files({"b": "b"}, tmp_path))
    assert not (tmp_path / "a").exists()


def test_an_interrupted_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list(write_files({"a": "old"}, tmp_path))

    def interrupted(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(write_files({"a": "new"}, tmp_path))
    assert (tmp_path / "a").read_text() == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == [RECORD, "a"]


def test_nothing_to_write_is_no_error_in_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert list(write_files({}, tmp_path / "out", ("terraform",))) == []


@pytest.mark.parametrize("record", ['["../kept"]', '["/kept"]', '{"a": 1}', "[1]", "no JSON"])
def test_a_record_of_somebody_else_removes_nothing_outside(record: str, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / RECORD).write_text(record)
    list(write_files({"a": "a"}, folder))
    assert (tmp_path / "kept").exists()
