"""Machine types that the spec leaves open: the smallest that holds the pods which may land on it.

Covers: which type, and how many nodes at most where a whole pool is ours to choose. Leaves out the proof that all pods
fit (`policy.proofs`): a type chosen here is proved there like any other. Room is reckoned without what only
some nodes carry, always on the side of less.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rayfence.catalog.machine_types import MachineType
from rayfence.catalog.machines import Machines
from rayfence.model.gke import Confidential, Gpu, NodePool
from rayfence.model.proofs import PodNeed, Room
from rayfence.policy.proofs.fit.nodes import reserved_cpu, reserved_memory

#: The family of pools without GPU: it encrypts its memory for little, and is everywhere.
FAMILY: Final = "n2d"
#: vCPUs below which no pool of ours begins: a Ray head beside system pods.
SMALLEST: Final = 8
#: The same for a pool that holds the cluster's own pods only.
SMALLEST_SYSTEM: Final = 4


def confidential_kinds(machines: Machines, name: str) -> tuple[Confidential, ...] | None:
    """How a machine type can encrypt its memory, the usual way first; None: the type is not known."""
    machine = machines.types.find(name)
    return None if machine is None else tuple(kind for kind in Confidential if kind in machine.confidential)


def confidential_families(machines: Machines, wanted: Confidential | None) -> tuple[str, ...]:
    """Families some of whose types encrypt their memory (in the way `wanted`)."""
    found = (
        item.family
        for item in machines.types.known.values()
        if item.confidential and (wanted is None or wanted in item.confidential)
    )
    return tuple(dict.fromkeys(found))


def landing(pool: NodePool, needs: Iterable[PodNeed]) -> tuple[PodNeed, ...]:
    """The pods that may land on a pool: bound to it, or bound to none and neither tainted off nor without its GPUs."""
    return tuple(need for need in needs if need.pool == pool.name or (need.pool is None and _drawn(pool, need)))


def machine_for(
    gpu: Gpu | None, needs: Sequence[PodNeed], machines: Machines, smallest: int = SMALLEST
) -> MachineType | None:
    """The smallest fitting machine type; None: none is known."""
    wanted = _largest(needs, gpu.count if gpu else 0)
    for machine in sorted(_candidates(gpu, machines, smallest), key=lambda item: (item.vcpus, item.memory_mib)):
        if empty_room(machine, machines, gpu.count if gpu else 0).holds(wanted):
            return machine
    return None


def most_nodes(machine: MachineType, needs: Sequence[PodNeed], machines: Machines) -> int:
    """Nodes that certainly hold all pods at their maximum."""
    room = empty_room(machine, machines, 0)
    return max(1, sum(math.ceil(need.maximum / _per_node(room, need.request)) for need in needs))


def empty_room(machine: MachineType, machines: Machines, gpus: int) -> Room:
    """What an empty node leaves for pods, memory encryption and GKE's pods on every node taken off."""
    reserved = machines.figures.reservations
    memory = machine.memory_mib - reserved_memory(machine.memory_mib, reserved) - reserved.eviction_mib
    memory -= math.ceil(machine.memory_mib * reserved.kernel_percent / 100)
    memory -= min(math.ceil(machine.memory_mib * reserved.bounce_percent / 100), reserved.bounce_max_mib)
    room = Room(machine.vcpus * 1000 - reserved_cpu(machine, reserved), memory, gpus)
    for pod in machines.figures.daemonsets:
        if pod.when != "calico" and (gpus or pod.when != "gpu"):
            room -= pod.request
    return room


def _drawn(pool: NodePool, need: PodNeed) -> bool:
    if pool.tenant is not None and pool.tenant != need.tenant:
        return False
    return bool(need.request.gpus) == (pool.gpu is not None)


def _largest(needs: Sequence[PodNeed], gpus: int) -> Room:
    return Room(
        max((need.request.cpu_milli for need in needs), default=0),
        max((need.request.memory_mib for need in needs), default=0),
        min(gpus, max((need.request.gpus for need in needs), default=0)),
    )


def _candidates(gpu: Gpu | None, machines: Machines, smallest: int) -> Iterator[MachineType]:
    for machine in machines.types.known.values():
        if gpu is None:
            if machine.family == FAMILY and "highcpu" not in machine.name and machine.vcpus >= smallest:
                yield machine
        elif (machine.gpu_kind, machine.gpus) == (gpu.kind, gpu.count) or (
            gpu.count in machine.attachable.get(gpu.kind, ()) and machine.vcpus >= smallest
        ):
            yield machine


def _per_node(room: Room, request: Room) -> int:
    fits = [room.cpu_milli // request.cpu_milli] if request.cpu_milli else []
    fits += [room.memory_mib // request.memory_mib] if request.memory_mib else []
    return max(1, min(fits, default=1))
