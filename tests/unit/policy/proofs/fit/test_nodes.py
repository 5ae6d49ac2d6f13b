from dataclasses import replace

import pytest

from rayfence.catalog.machines import load_machines
from rayfence.model.gke import Confidential, Gpu
from rayfence.policy.proofs.fit.nodes import allocatable, may_land, node_shape, reserved_cpu, reserved_memory
from tests.unit.policy.proofs.made import GKE, POOL

MACHINES = load_machines()
RESERVED = MACHINES.figures.reservations


@pytest.mark.parametrize(("vcpus", "milli"), [(1, 60), (2, 70), (4, 80), (8, 90), (16, 110), (96, 310)])
def test_cpu_is_reserved_by_the_published_slices(vcpus: int, milli: int) -> None:
    machine = MACHINES.types.find("n1-standard-1")
    assert machine is not None
    assert reserved_cpu(replace(machine, vcpus=vcpus), RESERVED) == milli


@pytest.mark.parametrize(
    ("gib", "mib"), [(0.5, 255), (1, 256), (4, 1024), (8, 1844), (16, 2663), (32, 3646), (128, 9544), (256, 12166)]
)
def test_memory_is_reserved_by_the_published_slices(gib: float, mib: int) -> None:
    assert reserved_memory(int(gib * 1024), RESERVED) == mib


def test_shared_cores_keep_more() -> None:
    machine = MACHINES.types.find("e2-medium")
    assert machine is not None and reserved_cpu(machine, RESERVED) == 1060


def test_what_a_node_leaves_shrinks_with_every_system_pod() -> None:
    machine = MACHINES.types.find("n2d-standard-16")
    assert machine is not None
    room = allocatable(POOL, machine, GKE, MACHINES.figures)
    confidential = allocatable(replace(POOL, confidential=Confidential.SEV), machine, GKE, MACHINES.figures)
    assert room.memory_mib - confidential.memory_mib == 1024  # the bounce buffer
    calico = allocatable(POOL, machine, replace(GKE, dataplane_v2=False), MACHINES.figures)
    assert calico.cpu_milli < room.cpu_milli < 16_000 - 110
    plain = allocatable(POOL, machine, replace(GKE, workload_pool=None), MACHINES.figures)
    assert plain.cpu_milli == room.cpu_milli + 100


def test_an_unknown_machine_type_has_no_room_and_names_the_evidence() -> None:
    shape = node_shape(replace(POOL, machine_type="x1-big-1"), GKE, MACHINES)
    assert shape.room is None and "describe x1-big-1 --zone=us-central1-a" in shape.reason


def test_who_may_land_where() -> None:
    mine = replace(POOL, tenant="a", taints=(("rayfence.dev/tenant", "a", "NO_SCHEDULE"),))
    assert may_land(mine, "a", None, 0) == ""
    assert "tenant a's alone" in may_land(mine, "b", None, 0)
    assert "tenant a's alone" in may_land(mine, None, None, 0)
    assert "bound to pool other" in may_land(mine, "a", "other", 0)
    gpu = replace(POOL, gpu=Gpu("nvidia-l4", 1), taints=(("nvidia.com/gpu", "present", "NO_SCHEDULE"),))
    assert may_land(gpu, "a", None, 1) == "" and "GPUs" in may_land(gpu, "a", None, 0)
    foreign = replace(POOL, taints=(("team", "x", "NO_EXECUTE"),))
    assert "tainted team=x" in may_land(foreign, None, None, 0) and may_land(foreign, "a", None, 0) == ""
    assert may_land(replace(POOL, taints=(("team", "x", "PREFER_NO_SCHEDULE"),)), None, None, 0) == ""
    boxed = replace(POOL, sandbox=True)
    assert "sandboxed" in may_land(boxed, None, None, 0)
    assert "sandboxed" in may_land(boxed, "vision", None, 0)
    assert may_land(boxed, "vision", boxed.name, 0) == ""
