"""`rayfence restart`."""

import pytest

from rayfence.api.status import look
from rayfence.cli.restart import command
from rayfence.errors import StateError
from tests.sim.door import Door


@pytest.mark.envoy
def test_a_part_gets_a_new_process_and_the_others_stay(door: Door) -> None:
    assert command.help
    before = {part.name: part.pid for part in look(door.name, door.state).parts}
    door.ok("restart", "service", "-q")
    after = {part.name: part.pid for part in look(door.name, door.state).parts}
    assert before["service"] != after["service"]
    assert before["envoy"] == after["envoy"]


@pytest.mark.envoy
def test_an_unknown_part_names_the_known_ones(door: Door) -> None:
    with pytest.raises(StateError, match="no part is called 'raylet'") as caught:
        door.run("restart", "raylet")
    assert "envoy, renewal, service" in caught.value.hint
