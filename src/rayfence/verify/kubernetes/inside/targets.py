"""Whom to attack: the pods of Ray and of gateways as they run now, with the ports that the plan knows of. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rayfence.model.api_objects import Json, at, name_of, namespace_of, objects_at, text_at
from rayfence.model.frozen import dataclass
from rayfence.model.ray_ports import RayPort
from rayfence.render.kubernetes.names import APP, GATEWAY_APP, RAY_NODE_TYPE_LABEL, WORKLOAD

EVERY: Final = (1, 65535)
#: So many pods of a tenant are searched whole by the neighbour; of the others, ports that the plan names.
SEARCHED: Final = 6
#: What is tried of a gateway's further replicas: its own ports, and where proxies have their administration.
GATEWAY_PORTS: Final = (8000, 10000)
_KINDS: Final[Mapping[str, str]] = {
    "cluster": "RayCluster", "job": "RayJob", "cron": "RayCronJob", "service": "RayService",
}  # fmt: skip

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Target:
    """One pod. `workload` and `node` as in `RayPort`; both empty for a gateway's pod. `why`: why it is not ready."""

    tenant: str
    namespace: str
    name: str
    address: str
    workload: str
    node: str
    ready: bool
    why: str = ""

    @property
    def key(self) -> str:
        """How reports name it."""
        return f"{self.namespace}/{self.name}"


def ray_targets(pods: Iterable[Json], tenant: str) -> Iterator[Target]:
    """Heads and workers in a tenant's namespace that have an address."""
    for pod in pods:
        label = text_at(pod, "metadata", "labels", WORKLOAD)
        node = text_at(pod, "metadata", "labels", RAY_NODE_TYPE_LABEL)
        kind, _, name = label.partition("-")
        if namespace_of(pod) != tenant or kind not in _KINDS or node not in ("head", "worker"):
            continue
        group = text_at(pod, "metadata", "labels", "ray.io/group")
        yield from _target(
            pod, tenant, f"{_KINDS[kind]} {tenant}/{name}", node if node == "head" else f"workers {group}"
        )


def gateway_targets(pods: Iterable[Json], tenant: str, home: str) -> Iterator[Target]:
    """Pods of a tenant's gateway that have an address."""
    for pod in pods:
        if namespace_of(pod) == home and text_at(pod, "metadata", "labels", APP) == GATEWAY_APP:
            yield from _target(pod, tenant, "", "")


def _target(pod: Json, tenant: str, workload: str, node: str) -> Iterator[Target]:
    address = text_at(pod, "status", "podIP")
    if not address or at(pod, "metadata", "deletionTimestamp"):
        return
    ready = next((one for one in objects_at(pod, "status", "conditions") if one.get("type") == "Ready"), {})
    yield Target(
        tenant, namespace_of(pod), name_of(pod), address, workload, node,
        ready.get("status") == "True", text_at(ready, "message") or text_at(pod, "status", "phase"),
    )  # fmt: skip


def label_of(workload: str) -> str:
    """`RayCluster vision/train` as its label has it: `cluster-train`."""
    kind, _, rest = workload.partition(" ")
    return f"{next((short for short, long in _KINDS.items() if long == kind), kind)}-{rest.rpartition('/')[2]}"


def ports_of(target: Target, table: Iterable[RayPort]) -> tuple[RayPort, ...]:
    """Rows of the port table for this pod. One group of workers is called `workers` there, several by their names."""
    return tuple(
        port
        for port in table
        if port.workload == target.workload and (port.node == target.node or port.node == target.node.partition(" ")[0])
    )


def span(text: str) -> Range | None:
    """First and last port of a table's entry; None where Ray chooses."""
    low, _, high = text.partition(",")[0].partition("-")
    return (int(low), int(high or low)) if low.isdecimal() and (high or low).isdecimal() else None


def known_ranges(ports: Iterable[RayPort], most: int = 200) -> list[Range]:
    """Ports that the table names, each once and in order; of a long range the beginning, where Ray begins too."""
    numbers = sorted(
        {
            number
            for port in ports
            if (found := span(port.port)) is not None
            for number in range(found[0], min(found[1], found[0] + most) + 1)
        }
    )
    ranges: list[Range] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges


def searched_whole(targets: Sequence[Target]) -> frozenset[str]:
    """Keys of the pods of which every port is tried: one of each kind; heads and gateways first, then workers."""
    found: set[str] = set()
    by_tenant: dict[str, list[Target]] = {}
    for target in targets:
        by_tenant.setdefault(target.tenant, []).append(target)
    for members in by_tenant.values():
        first: dict[tuple[str, str], Target] = {}
        for target in members:
            first.setdefault((target.workload, target.node), target)
        leading = sorted(first.values(), key=lambda target: target.node.startswith("workers"))
        found |= {target.key for target in leading[:SEARCHED]}
    return frozenset(found)
