"""The processes' own logs."""

from itertools import islice
from pathlib import Path

import pytest

from rayfence.api.logs import log_lines
from rayfence.errors import StateError
from tests.unit.api.test_instances import write


def prepared(root: Path) -> Path:
    record = write(root, "ml")
    folder = Path(record.places.state) / "logs"
    folder.mkdir()
    (folder / "envoy.log").write_text("one\ntwo\nthree\n")
    (folder / "service.log").write_text("four\n")
    return folder


def test_the_last_lines_of_one_part_or_of_all(tmp_path: Path) -> None:
    prepared(tmp_path)
    assert list(log_lines("envoy", "ml", tmp_path, 2, False)) == [("envoy", "two"), ("envoy", "three")]
    assert [source for source, _ in log_lines(None, "ml", tmp_path, 1, False)] == ["envoy", "service"]


def test_following_goes_on_and_survives_a_rotation(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    lines = log_lines("envoy", "ml", tmp_path, 1, True)
    assert next(lines) == ("envoy", "three")
    with (folder / "envoy.log").open("a") as file:
        file.write("new\n")
    assert next(lines) == ("envoy", "new")
    (folder / "envoy.log").write_text("x\n")
    assert list(islice(lines, 1)) == [("envoy", "x")]


def test_an_unknown_part_names_the_known_ones(tmp_path: Path) -> None:
    prepared(tmp_path)
    with pytest.raises(StateError) as caught:
        list(log_lines("raylet", "ml", tmp_path, 1, False))
    assert "envoy, service" in caught.value.hint
