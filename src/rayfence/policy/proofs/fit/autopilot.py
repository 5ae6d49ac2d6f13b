"""Whether Autopilot takes a pod: bounds and ratios of its compute classes.

Source: Google's "Resource requests in Autopilot". Autopilot raises the smaller of CPU and memory to keep the ratio; a
pod that is beyond a bound after that is refused. Pure.
"""

import math

from rayfence.catalog.gke_capacity import GkeCapacity
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.proofs import Placement, PodNeed, PoolRoom, Room
from rayfence.model.verdict import Verdict


def place_on_autopilot(need: PodNeed, gke: GkeSettings, figures: GkeCapacity) -> Placement:
    """Whether the class that `need` falls into takes it."""
    if need.request.gpus:
        return _with_gpus(need, gke, figures)
    bounds = figures.general_purpose
    cpu = max(need.request.cpu_milli, math.ceil(need.request.memory_mib / 1024 / bounds.high * 1000))
    memory = max(need.request.memory_mib, math.ceil(need.request.cpu_milli / 1000 * bounds.low * 1024))
    return _judge(need, "autopilot general-purpose", Room(cpu, memory), bounds.most)


def _with_gpus(need: PodNeed, gke: GkeSettings, figures: GkeCapacity) -> Placement:
    pool = next((pool for pool in gke.pools if pool.name == need.pool), None)
    if pool is None or pool.gpu is None:
        reason = "asks for GPUs but is bound to no pool that says of which kind: Autopilot has to be told"
        return Placement(need, Verdict.FAIL, (), reason)
    kind = pool.gpu.kind
    rooms = figures.accelerators.get(kind)
    if rooms is None:
        reason = (
            f"bounds of {kind} are not in the data of {figures.dated}; evidence: Google's page on resource requests "
            "in Autopilot"
        )
        return Placement(need, Verdict.UNKNOWN, (), reason)
    most = rooms.get(need.request.gpus)
    if most is None:
        counts = ", ".join(str(count) for count in sorted(rooms))
        return Placement(need, Verdict.FAIL, (), f"{need.request.gpus} {kind} per pod is no legal count: {counts}")
    return _judge(need, f"autopilot accelerator {kind}", need.request, most)


def _judge(need: PodNeed, label: str, request: Room, most: Room) -> Placement:
    left = most - request
    fits = most.holds(request)
    verdict = Verdict.PASS if fits else Verdict.FAIL
    reason = f"{label} takes a pod of at most {most.cpu_milli / 1000:g} CPU and {most.memory_mib / 1024:g} GiB"
    return Placement(need, verdict, (PoolRoom(label, verdict, left, 1 if fits else 0),), reason)
