"""A fresh look."""

import os
import signal
import time

import pytest

from rayfence.api.status import addresses, look
from rayfence.model.verdict import Verdict
from tests.sim.door import Door

pytestmark = pytest.mark.envoy


def test_addresses_name_every_surface_and_who_may_log_in(door: Door, ada: str) -> None:
    found = dict(addresses(door.record))
    assert f":{door.record.ports.gateway}" in found["dashboard"]
    assert "ada (submitter)" in found["who"]
    assert "admin, by key file" in found["who"]


def test_what_was_killed_is_seen_at_once_and_comes_back(door: Door) -> None:
    before = {part.name: part for part in look(door.name, door.state).parts}
    os.kill(before["service"].pid, signal.SIGKILL)
    assert not look(door.name, door.state).ready
    deadline = time.monotonic() + 20
    while not look(door.name, door.state).ready and time.monotonic() < deadline:
        time.sleep(0.1)
    after = {part.name: part for part in look(door.name, door.state).parts}
    assert after["service"].pid != before["service"].pid
    assert after["service"].restarts == before["service"].restarts + 1
    assert "signal 9" in after["service"].detail


def test_the_door_itself_passes_its_controls(door: Door) -> None:
    rows = {row.control: row for row in look(door.name, door.state).posture}
    for control in ("gateway.identity", "gateway.hosts", "ray.listeners.loopback", "secrets.files", "trail"):
        assert rows[control].verdict is Verdict.PASS, rows[control]
