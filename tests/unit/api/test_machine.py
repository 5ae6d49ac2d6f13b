"""The real machine behind the port: what was made is seen, and made once."""

import stat
from pathlib import Path

import pytest

from rayfence.api.machine import LocalMachine
from rayfence.model.plan import Leaf
from rayfence.plan.diff import diff
from tests.sim.door import Door

pytestmark = pytest.mark.envoy


def test_applied_is_observed_as_desired(door: Door) -> None:
    assert isinstance(door.machine, LocalMachine)
    plan = diff(door.planned.desired, door.machine.observe(door.planned.desired))
    assert plan.pending == ()


def test_a_changed_file_and_a_widened_folder_are_seen(door: Door) -> None:
    folder = next(item.path for item in door.planned.desired.folders if item.path.endswith("/logs"))
    Path(folder).chmod(0o755)
    try:
        plan = diff(door.planned.desired, door.machine.observe(door.planned.desired))
        assert plan.touches("folder") == {folder}
    finally:
        door.machine.make_folder(next(item for item in door.planned.desired.folders if item.path == folder))
    assert stat.S_IMODE(Path(folder).stat().st_mode) == 0o700


def test_a_leaf_of_another_authority_is_foreign(door: Door, tmp_path: Path) -> None:
    leaf = next(item for item in door.planned.desired.certificates if item.name == "gateway-to-ray")
    kept = Path(leaf.certificate).read_bytes()
    other = Path(next(item for item in door.planned.desired.certificates if item.name == "gateway").certificate)
    Path(leaf.certificate).write_bytes(other.read_bytes())
    try:
        assert door.machine.observe(door.planned.desired).leaves[leaf.name] is Leaf.FOREIGN
    finally:
        Path(leaf.certificate).write_bytes(kept)


def test_each_part_tells_when_it_is_ready_and_what_proved_it(door: Door) -> None:
    said: list[str] = []
    door.machine.await_ready(("service", "envoy"), said.append)
    assert said == [
        "service is ready: /v1/health answers 200 on its socket",
        f"envoy is ready: its admin socket says it is live, port {door.record.ports.gateway} is open",
    ]


def test_secrets_are_made_once(door: Door) -> None:
    request = next(item for item in door.planned.desired.secrets if item.name == "ray-token")
    before = Path(request.path).read_bytes()
    door.machine.make_secret(request)
    assert Path(request.path).read_bytes() == before
    assert stat.S_IMODE(Path(request.path).stat().st_mode) == 0o600
