"""Restarting parts."""

import pytest

from rayfence.api.restart import restart
from rayfence.api.status import look
from rayfence.errors import StateError
from tests.sim.door import Door


@pytest.mark.envoy
def test_a_named_part_is_restarted_and_ready_again(door: Door) -> None:
    before = {part.name: part.pid for part in look(door.name, door.state).parts}
    after = {part.name: part.pid for part in restart(("envoy",), door.name, door.state, lambda _text: None).parts}
    assert before["envoy"] != after["envoy"]
    assert before["service"] == after["service"]


@pytest.mark.envoy
def test_an_unknown_part_is_refused(door: Door) -> None:
    with pytest.raises(StateError, match="no part is called"):
        restart(("nothing",), door.name, door.state, lambda _text: None)
