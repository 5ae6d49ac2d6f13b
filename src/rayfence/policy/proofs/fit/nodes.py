"""What a node of a pool leaves for pods: GKE's published reservations, and its pods on every node.

Source: Google's "Plan GKE Standard node sizes" (CPU and memory slices, eviction threshold). What is assumed beyond
them is marked so in the catalogue, and errs on the side of less room. Pure.
"""

import math
from collections.abc import Iterator
from typing import Final

from rayfence.catalog.gke_capacity import GkeCapacity, Reservations, Slice
from rayfence.catalog.machine_types import MachineType
from rayfence.catalog.machines import Machines
from rayfence.model.frozen import dataclass
from rayfence.model.gke_settings import GkeSettings, PoolSettings
from rayfence.model.proofs import Room

#: Taints of this effect only rank nodes.
SOFT_EFFECTS: Final = frozenset({"PreferNoSchedule", "PREFER_NO_SCHEDULE"})


@dataclass(frozen=True, slots=True)
class NodeShape:
    """A pool as the proof sees it. `room` None: unknown, for `reason`. `faults`: why its nodes can't exist at all."""

    pool: PoolSettings
    room: Room | None
    reason: str
    faults: tuple[str, ...]


def node_shape(pool: PoolSettings, gke: GkeSettings, machines: Machines) -> NodeShape:
    """Room of one empty node of `pool`."""
    machine = machines.types.find(pool.machine_type)
    if machine is None:
        zone = (pool.zones or gke.zones or (gke.location,))[0]
        return NodeShape(
            pool,
            None,
            f"machine type {pool.machine_type} is not in the data of {machines.types.dated}; evidence: "
            f"gcloud compute machine-types describe {pool.machine_type} --zone={zone}",
            (),
        )
    faults = tuple(_faults(pool, machine))
    return NodeShape(pool, allocatable(pool, machine, gke, machines.figures), "", faults)


def allocatable(pool: PoolSettings, machine: MachineType, gke: GkeSettings, figures: GkeCapacity) -> Room:
    """What is left for pods, after GKE's own on every node."""
    reserved = figures.reservations
    cpu = machine.vcpus * 1000 - reserved_cpu(machine, reserved)
    memory = machine.memory_mib - reserved_memory(machine.memory_mib, reserved) - reserved.eviction_mib
    memory -= math.ceil(machine.memory_mib * reserved.kernel_percent / 100)
    if pool.confidential is not None or gke.confidential_cluster is not None:
        bounce = math.ceil(machine.memory_mib * reserved.bounce_percent / 100)
        memory -= min(bounce, reserved.bounce_max_mib)
    room = Room(cpu, memory, pool.gpu.count if pool.gpu else 0)
    occasions = {
        "always",
        "dataplane_v2" if gke.dataplane_v2 else "calico",
        "gpu" if pool.gpu else "",
        "workload_identity" if gke.workload_pool else "",
    }
    for pod in figures.daemonsets:
        if pod.when in occasions:
            room -= pod.request
    return room


def reserved_cpu(machine: MachineType, reserved: Reservations) -> int:
    """Thousandths of a CPU that GKE keeps."""
    if machine.shared:
        return reserved.shared_core_milli
    return math.ceil(_sliced(machine.vcpus, reserved.cpu) * 1000)


def reserved_memory(memory_mib: int, reserved: Reservations) -> int:
    """MiB that GKE keeps, without the eviction threshold."""
    if memory_mib < 1024:
        return reserved.memory_below_1_gib_mib
    return math.ceil(_sliced(memory_mib / 1024, reserved.memory) * 1024)


def _sliced(amount: float, slices: tuple[Slice, ...]) -> float:
    below = 0.0
    kept = 0.0
    for part in slices:
        upper = amount if part.upto is None else min(amount, part.upto)
        kept += max(0.0, upper - below) * part.percent / 100
        below = max(below, upper)
    return kept


def _faults(pool: PoolSettings, machine: MachineType) -> Iterator[str]:
    if pool.confidential is not None and pool.confidential not in machine.confidential:
        can = ", ".join(sorted(machine.confidential)) or "no confidential computing"
        yield f"pool {pool.name} wants {pool.confidential} but {machine.name} offers {can}"
    if pool.gpu is None:
        if machine.gpus:
            yield f"pool {pool.name}: {machine.name} comes with {machine.gpus} {machine.gpu_kind}; gpu must say so"
        return
    if machine.gpus:
        if (pool.gpu.kind, pool.gpu.count) != (machine.gpu_kind, machine.gpus):
            yield (
                f"pool {pool.name}: {machine.name} has {machine.gpus} {machine.gpu_kind}, not "
                f"{pool.gpu.count} {pool.gpu.kind}"
            )
    elif pool.gpu.count not in machine.attachable.get(pool.gpu.kind, ()):
        yield f"pool {pool.name}: {pool.gpu.count} {pool.gpu.kind} can't be added to {machine.name}"


def may_land(pool: PoolSettings, tenant: str | None, name: str | None, gpus: int) -> str:
    """Empty when pods of `tenant` asking for `gpus`, bound to pool `name` (None: any), may land; else why not."""
    if name is not None and pool.name != name:
        return f"bound to pool {name}"
    if pool.tenant is not None and pool.tenant != tenant:
        return f"pool {pool.name} is tenant {pool.tenant}'s alone"
    if pool.gpu is not None and not gpus:
        return f"pool {pool.name} has GPUs: only pods that ask for one tolerate its taint"
    if pool.sandbox and name is None:
        return f"pool {pool.name} takes sandboxed pods only: those bound to it"
    if tenant is None:
        # The platform's own pods tolerate nothing; Ray pods get tolerations for every pool they may use.
        for key, value, effect in pool.taints:
            if effect not in SOFT_EFFECTS:
                return f"pool {pool.name} is tainted {key}={value}"
    return ""
