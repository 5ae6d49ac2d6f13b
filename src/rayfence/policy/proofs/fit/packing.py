"""First-fit: how many nodes of each pool hold all pods at once.

A placement that is found is a proof that one exists; the scheduler may still choose a worse one. None found is no proof
of the contrary, and is reported as what it is. Pure; time grows with kinds of pods times nodes.
"""

from collections.abc import Mapping, Sequence

from rayfence.model.frozen import dataclass
from rayfence.model.proofs import PodNeed, Room


@dataclass(frozen=True, slots=True)
class Bin:
    """A pool: `limit` nodes of `room` each."""

    name: str
    room: Room
    limit: int


@dataclass(frozen=True, slots=True)
class Packing:
    """`nodes` used of each pool; `homeless`: pods of each need (by its place in the input) that found no room."""

    nodes: Mapping[str, int]
    homeless: Mapping[int, int]


def pack(wanted: Sequence[tuple[PodNeed, int]], candidates: Sequence[Sequence[str]], bins: Sequence[Bin]) -> Packing:
    """Place `wanted` (need and count) on their `candidates` (names of bins, preferred first).

    Pods alike are placed as one lot: hundreds of tenants have few shapes.
    """
    nodes: dict[str, list[Room]] = {item.name: [] for item in bins}
    by_name = {item.name: item for item in bins}
    lots: dict[tuple[Room, tuple[str, ...]], list[int]] = {}
    for index, (need, _) in enumerate(wanted):
        lots.setdefault((need.request, tuple(candidates[index])), []).append(index)
    homeless: dict[int, int] = {}
    for request, names in sorted(lots, key=_rank):
        members = lots[(request, names)]
        left = sum(wanted[index][1] for index in members)
        for name in names:
            left = _fill(by_name[name], nodes[name], request, left) if left else 0
        for index in reversed(members):
            if count := min(left, wanted[index][1]):
                homeless[index] = count
                left -= count
    return Packing({name: len(used) for name, used in nodes.items()}, homeless)


def per_node(room: Room, request: Room) -> int:
    """How many pods of `request` one node of `room` holds."""
    pairs = (
        (room.cpu_milli, request.cpu_milli),
        (room.memory_mib, request.memory_mib),
        (room.gpus, request.gpus),
    )
    if any(has < 0 for has, _ in pairs):
        return 0
    return min((has // wants for has, wants in pairs if wants > 0), default=0)


def _rank(lot: tuple[Room, tuple[str, ...]]) -> tuple[int, int, int, int, tuple[str, ...]]:
    """Those with the fewest pools first, then the largest."""
    request, names = lot
    return len(names), -request.gpus, -request.memory_mib, -request.cpu_milli, names


def _fill(target: Bin, used: list[Room], request: Room, left: int) -> int:
    for number, room in enumerate(used):
        if not room.holds(request):
            continue
        left, used[number] = _place(room, request, left)
        if left == 0:
            return 0
    while left and len(used) < target.limit and per_node(target.room, request):
        left, room = _place(target.room, request, left)
        used.append(room)
    return left


def _place(room: Room, request: Room, left: int) -> tuple[int, Room]:
    count = min(per_node(room, request), left)
    taken = Room(request.cpu_milli * count, request.memory_mib * count, request.gpus * count)
    return left - count, room - taken
