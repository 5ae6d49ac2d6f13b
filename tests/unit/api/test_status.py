"""A fresh look."""

import os
import signal
import time

import pytest

from rayfence.api.status import Part, addresses, look
from rayfence.model.verdict import Verdict
from tests.sim.door import Door

pytestmark = pytest.mark.envoy


def test_addresses_name_every_surface_and_who_may_log_in(door: Door, ada: str) -> None:
    found = dict(addresses(door.record))
    assert f":{door.record.ports.gateway}" in found["dashboard"]
    assert "ada (submitter)" in found["who"]
    assert "admin, by key file" in found["who"]


def service(door: Door) -> Part:
    return next(part for part in look(door.name, door.state).parts if part.name == "service")


def test_what_was_killed_comes_back_and_the_picture_tells(door: Door) -> None:
    before = service(door)
    os.kill(before.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while (seen := service(door)).pid in (0, before.pid) or seen.phase != "ready":
        assert time.monotonic() < deadline, seen
        time.sleep(0.1)
    assert seen.restarts == before.restarts + 1
    assert "signal 9" in seen.detail


def test_the_door_itself_passes_its_controls(door: Door) -> None:
    rows = {row.control: row for row in look(door.name, door.state).posture}
    for control in ("gateway.identity", "gateway.hosts", "ray.listeners.loopback", "secrets.files", "trail"):
        assert rows[control].verdict is Verdict.PASS, rows[control]
