"""Types left open: the smallest that holds the largest pod, never one that is not known."""

from rayfence.catalog.machines import load_machines
from rayfence.model.gke import Confidential, Gpu, NodePool
from rayfence.model.proofs import PodNeed, Room
from rayfence.policy.gke.pools.sizing import (
    confidential_families,
    confidential_kinds,
    empty_room,
    landing,
    machine_for,
    most_nodes,
)

MACHINES = load_machines()


def need(cpus: int, gib: int, gpus: int = 0, tenant: str = "vision", pool: str | None = None, most: int = 1) -> PodNeed:
    return PodNeed("pod", "tenants[0]", tenant, Room(cpus * 1000, gib * 1024, gpus), 0, most, pool, False, ())


def test_the_smallest_that_holds_it() -> None:
    small, large, wide = need(2, 8), need(14, 50), need(4, 100)
    assert getattr(machine_for(None, (small,), MACHINES), "name", None) == "n2d-standard-8"
    assert getattr(machine_for(None, (small, large), MACHINES), "name", None) == "n2d-standard-16"
    assert getattr(machine_for(None, (wide,), MACHINES), "name", None) == "n2d-highmem-16"
    assert machine_for(None, (need(500, 8),), MACHINES) is None


def test_gpus_decide_the_family() -> None:
    assert getattr(machine_for(Gpu("nvidia-l4", 1), (need(4, 16, 1),), MACHINES), "name", "")[:3] == "g2-"
    assert getattr(machine_for(Gpu("nvidia-tesla-a100", 2), (), MACHINES), "name", None) == "a2-highgpu-2g"
    assert machine_for(Gpu("nvidia-unheard-of", 1), (), MACHINES) is None


def test_which_pods_may_land() -> None:
    pods = (need(1, 1), need(1, 1, 1), need(1, 1, tenant="speech"), need(1, 1, pool="other"), need(1, 1, pool="mine"))
    shared, mine = NodePool("shared", None, 0, 1), NodePool("mine", None, 0, 1, tenant="vision")
    assert landing(shared, pods) == (pods[0], pods[2])
    assert landing(mine, pods) == (pods[0], pods[4])
    assert landing(NodePool("gpu", None, 0, 1, gpu=Gpu("nvidia-l4", 1)), pods) == (pods[1],)


def test_nodes_hold_all_pods_at_their_maximum() -> None:
    machine = machine_for(None, (need(2, 8),), MACHINES)
    assert machine is not None
    assert most_nodes(machine, (need(2, 8, most=6),), MACHINES) == 2
    assert most_nodes(machine, (), MACHINES) == 1
    assert empty_room(machine, MACHINES, 0).cpu_milli < 8000


def test_memory_encryption_by_type() -> None:
    assert confidential_kinds(MACHINES, "n2d-standard-8") == (Confidential.SEV, Confidential.SEV_SNP)
    assert confidential_kinds(MACHINES, "e2-standard-8") == ()
    assert confidential_kinds(MACHINES, "z9-huge") is None
    assert "n2d" in confidential_families(MACHINES, None)
    assert "n2d" not in confidential_families(MACHINES, Confidential.TDX)
