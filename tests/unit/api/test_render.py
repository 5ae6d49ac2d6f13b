"""Rendered files for review hold no secret and no surprise."""

from pathlib import Path

import pytest

from rayfence.api.render import rendered_files, write_rendered
from rayfence.errors import StateError
from tests.unit.render.local.test_desired import desired


def test_names_are_unique_and_relative() -> None:
    names = [name for name, _ in rendered_files(desired())]
    assert len(names) == len(set(names))
    assert not any(name.startswith("/") or ".." in name for name in names)


def test_written_twice_is_the_same(tmp_path: Path) -> None:
    first = {path: path.read_bytes() for path in write_rendered(desired(), tmp_path)}
    assert first == {path: path.read_bytes() for path in write_rendered(desired(), tmp_path)}


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="can't be written"):
        list(write_rendered(desired(), tmp_path / "file"))
