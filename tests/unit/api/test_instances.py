"""Names, records and places of instances."""

from pathlib import Path

import pytest

from rayfence.api.instances import (
    Record,
    all_ports,
    instance_names,
    load_record,
    places_for,
    record_json,
    require_record,
    taken_ports,
)
from rayfence.errors import StateError
from tests.sim.host import sim_host


def write(root: Path, name: str) -> Record:
    record = Record(name, "ada", places_for(name, root), sim_host().ports, 61500, True)
    (root / name).mkdir(parents=True)
    (root / name / "instance.json").write_text(record_json(record))
    return record


def test_a_record_reads_back(tmp_path: Path) -> None:
    record = write(tmp_path, "ml")
    assert load_record("ml", tmp_path) == record
    assert instance_names(tmp_path) == ("ml",)


@pytest.mark.parametrize("name", ["", "A", "../x", "a/b", "-a", "a" * 40, "a.b"])
def test_a_name_that_would_leave_its_folder_or_host_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match="is no instance name"):
        places_for(name, tmp_path)


def test_an_unknown_instance_names_the_known_ones(tmp_path: Path) -> None:
    write(tmp_path, "ml")
    with pytest.raises(StateError) as caught:
        require_record("other", tmp_path)
    assert "ml" in caught.value.hint


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"name": 1}'])
def test_a_damaged_record_is_said_to_be(text: str, tmp_path: Path) -> None:
    (tmp_path / "ml").mkdir()
    (tmp_path / "ml" / "instance.json").write_text(text)
    with pytest.raises(StateError, match="damaged"):
        load_record("ml", tmp_path)


def test_runtime_folders_are_short_and_differ_by_state_folder(tmp_path: Path) -> None:
    one, two = places_for("ml", tmp_path / "a"), places_for("ml", tmp_path / "b")
    assert one.runtime != two.runtime
    assert len(one.ray) <= 44


def test_ports_of_other_instances_are_taken(tmp_path: Path) -> None:
    record = write(tmp_path, "ml")
    assert taken_ports(("ml",), tmp_path, but="other") == all_ports(record.ports)
    assert taken_ports(("ml",), tmp_path, but="ml") == frozenset()
