"""Stopping, twice, and purging."""

from pathlib import Path

import pytest

from rayfence.adapters.processes import process_table
from rayfence.api.down import Stopped, down
from rayfence.api.status import look
from tests.sim.door import open_door


@pytest.mark.envoy
def test_nothing_is_left_and_a_second_time_is_fine(tmp_path: Path) -> None:
    with open_door(tmp_path, "fall") as door:
        pids = [part.pid for part in look("fall", tmp_path).parts]
        assert down("fall", tmp_path, False, lambda _text: None).was_running
        assert not any(process_table.ident_of(pid) for pid in pids)
        assert not Path(door.record.places.runtime).exists()
        assert not down("fall", tmp_path, False, lambda _text: None).was_running
        assert Path(door.record.places.state).exists()
        assert down("fall", tmp_path, True, lambda _text: None).purged
        assert not Path(door.planned.resolution.host.places.state).exists()


def test_what_is_said() -> None:
    assert Stopped("a", was_running=True, purged=False).summary == "stopped"
    assert "trail deleted" in Stopped("a", was_running=False, purged=True).summary
