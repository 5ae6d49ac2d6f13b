from dataclasses import replace

import pytest

from rayfence.catalog.gke_capacity import load_gke_capacity
from rayfence.model.gke import GkeMode, Gpu
from rayfence.model.proofs import PodNeed, Room
from rayfence.model.verdict import Verdict
from rayfence.policy.proofs.fit.autopilot import place_on_autopilot
from tests.unit.policy.proofs.made import GKE, POOL

FIGURES = load_gke_capacity()
AUTO = replace(GKE, mode=GkeMode.AUTOPILOT, pools=(replace(POOL, name="l4", gpu=Gpu("nvidia-l4", 1)),))


def need(room: Room, pool: str | None = None) -> PodNeed:
    return PodNeed("t/x head", "p", "t", room, 1, 1, pool, waits=False, parts=())


@pytest.mark.parametrize(
    ("room", "verdict"),
    [
        (Room(30_000, 110 * 1024), Verdict.PASS),
        (Room(30_001, 1024), Verdict.FAIL),
        (Room(1000, 110 * 1024), Verdict.PASS),  # CPU is raised to keep the ratio
        (Room(1000, 110 * 1024 + 1), Verdict.FAIL),
    ],
)
def test_general_purpose_bounds(room: Room, verdict: Verdict) -> None:
    assert place_on_autopilot(need(room), AUTO, FIGURES).verdict is verdict


def test_gpus_need_a_kind_a_legal_count_and_known_bounds() -> None:
    assert place_on_autopilot(need(Room(8000, 8192, 1), "l4"), AUTO, FIGURES).verdict is Verdict.PASS
    assert "no legal count" in place_on_autopilot(need(Room(8000, 8192, 3), "l4"), AUTO, FIGURES).reason
    assert place_on_autopilot(need(Room(8000, 8192, 1)), AUTO, FIGURES).verdict is Verdict.FAIL
    odd = replace(AUTO, pools=(replace(POOL, name="x", gpu=Gpu("nvidia-z1", 1)),))
    assert place_on_autopilot(need(Room(8000, 8192, 1), "x"), odd, FIGURES).verdict is Verdict.UNKNOWN
