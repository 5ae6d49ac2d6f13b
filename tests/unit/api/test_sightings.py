"""What a look sees, and that a listener on the network is seen."""

import os
import socket
from collections.abc import Iterator

import pytest

from rayfence.adapters.processes.state_file import KeeperStatus, ProcessStatus
from rayfence.api.sightings import exposed_listeners, sightings
from tests.sim.door import Door


@pytest.fixture
def everywhere() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("0.0.0.0", 0))  # noqa: S104 - the exposure to be found
        listener.listen()
        yield listener.getsockname()[1]


def test_a_listener_on_every_address_is_named(everywhere: int) -> None:
    status = KeeperStatus(processes=[ProcessStatus("self", pid=os.getpid())])
    assert any(f"0.0.0.0:{everywhere}" in text for text in exposed_listeners(status))


@pytest.mark.envoy
def test_nothing_running_is_unknown_not_well(door: Door) -> None:
    seen = sightings(door.record, KeeperStatus())
    assert seen.listeners is None
    assert seen.ray == ()
    assert seen.ray_ports == ()
