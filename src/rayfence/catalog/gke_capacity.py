"""Loads `data/gke_capacity.yaml`: what GKE reserves of a node, what our pods carry besides Ray, Autopilot's bounds."""

from collections.abc import Mapping
from functools import cache

from rayfence.catalog.documents import as_items, as_mapping, as_text, check_keys, parse_document, read_data
from rayfence.catalog.numbers import as_count, as_number
from rayfence.errors import CatalogError
from rayfence.model.frozen import dataclass
from rayfence.model.proofs import Room

#: On which nodes a system pod runs.
OCCASIONS = frozenset({"always", "calico", "dataplane_v2", "gpu", "workload_identity"})


@dataclass(frozen=True, slots=True)
class Slice:
    """A share of the part of a machine up to `upto` cores or GiB; None: of all above the slice before."""

    upto: float | None
    percent: float


@dataclass(frozen=True, slots=True)
class Reservations:
    """What a node keeps from pods. Memory in MiB, CPU in thousandths."""

    cpu: tuple[Slice, ...]
    shared_core_milli: int
    memory: tuple[Slice, ...]
    memory_below_1_gib_mib: int
    eviction_mib: int
    kernel_percent: float
    bounce_percent: float
    bounce_max_mib: int


@dataclass(frozen=True, slots=True)
class SystemPod:
    """A pod of GKE on every node for which `when` holds."""

    name: str
    when: str
    request: Room


@dataclass(frozen=True, slots=True)
class PlatformPod:
    """A pod of the platform itself: `replicas` for the whole cluster, or for each tenant."""

    name: str
    per_tenant: bool
    request: Room
    replicas: int


@dataclass(frozen=True, slots=True)
class Ratio:
    """Autopilot's bounds of a pod without GPU; `low` to `high` GiB of memory per CPU."""

    most: Room
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GkeCapacity:
    """Everything of the file. `accelerators`: by GPU kind and count. `networks`: counts by name."""

    dated: str
    reservations: Reservations
    daemonsets: tuple[SystemPod, ...]
    sidecars: Mapping[str, Room]
    platform_pods: tuple[PlatformPod, ...]
    networks: Mapping[str, int]
    general_purpose: Ratio
    accelerators: Mapping[str, Mapping[int, Room]]


NETWORK_KEYS = frozenset(
    {"max_pods_per_node", "pod_prefix", "autopilot_pod_prefix", "reserved_addresses", "control_plane_addresses"}
    | {"services_per_ray_cluster", "services_per_tenant", "services_of_system"}
)


@cache
def load_gke_capacity() -> GkeCapacity:
    """The shipped figures. Raises CatalogError."""
    return parse_gke_capacity(read_data("gke_capacity.yaml"), "gke_capacity.yaml")


def parse_gke_capacity(text: str, name: str) -> GkeCapacity:
    """Parse a document of capacity figures. Raises CatalogError."""
    document = parse_document(text, name)
    keys = {"dated", "reservations", "daemonsets", "sidecars", "platform_pods", "networks", "autopilot"}
    check_keys(document, keys, (), name)
    networks = as_mapping(document["networks"], name)
    check_keys(networks, NETWORK_KEYS, (), f"{name}: networks")
    sidecars = as_mapping(document["sidecars"], name)
    check_keys(sidecars, {"autoscaler", "mtls"}, (), f"{name}: sidecars")
    autopilot = as_mapping(document["autopilot"], name)
    check_keys(autopilot, {"general_purpose", "accelerators"}, (), f"{name}: autopilot")
    accelerators = as_mapping(autopilot["accelerators"], name)
    return GkeCapacity(
        dated=as_text(document["dated"], name),
        reservations=_reservations(document["reservations"], f"{name}: reservations"),
        daemonsets=tuple(_system_pod(item, name) for item in as_items(document["daemonsets"], name)),
        sidecars={key: _room(value, f"{name}: sidecars.{key}") for key, value in sidecars.items()},
        platform_pods=tuple(_platform_pod(item, name) for item in as_items(document["platform_pods"], name)),
        networks={key: as_count(value, f"{name}: networks.{key}") for key, value in networks.items()},
        general_purpose=_ratio(autopilot["general_purpose"], f"{name}: autopilot.general_purpose"),
        accelerators={kind: _counts(value, f"{name}: accelerators.{kind}") for kind, value in accelerators.items()},
    )


def _reservations(value: object, where: str) -> Reservations:
    item = as_mapping(value, where)
    counts = {"shared_core_milli", "memory_below_1_gib_mib", "eviction_mib", "bounce_max_mib"}
    check_keys(item, {"cpu", "memory", "kernel_percent", "bounce_percent"} | counts, (), where)
    return Reservations(
        cpu=_slices(item["cpu"], where),
        shared_core_milli=as_count(item["shared_core_milli"], where),
        memory=_slices(item["memory"], where),
        memory_below_1_gib_mib=as_count(item["memory_below_1_gib_mib"], where),
        eviction_mib=as_count(item["eviction_mib"], where),
        kernel_percent=as_number(item["kernel_percent"], where),
        bounce_percent=as_number(item["bounce_percent"], where),
        bounce_max_mib=as_count(item["bounce_max_mib"], where),
    )


def _slices(value: object, where: str) -> tuple[Slice, ...]:
    slices = []
    for entry in as_items(value, where):
        item = as_mapping(entry, where)
        check_keys(item, {"upto", "percent"}, (), where)
        upto = None if item["upto"] is None else as_number(item["upto"], where)
        slices.append(Slice(upto, as_number(item["percent"], where)))
    bounds = [part.upto for part in slices[:-1] if part.upto is not None]
    if not slices or slices[-1].upto is not None or bounds != sorted(set(bounds)) or len(bounds) != len(slices) - 1:
        raise CatalogError("slices must rise, and only the last one is open", where=where)
    return tuple(slices)


def _system_pod(value: object, name: str) -> SystemPod:
    where = f"{name}: daemonsets"
    item = as_mapping(value, where)
    check_keys(item, {"name", "when", "cpu_milli", "memory_mib"}, (), where)
    when = as_text(item["when"], where)
    if when not in OCCASIONS:
        raise CatalogError(f"{when!r} is none of {sorted(OCCASIONS)}", where=where)
    return SystemPod(as_text(item["name"], where), when, _pair(item, where))


def _platform_pod(value: object, name: str) -> PlatformPod:
    where = f"{name}: platform_pods"
    item = as_mapping(value, where)
    check_keys(item, {"name", "each", "cpu_milli", "memory_mib", "replicas"}, (), where)
    each = as_text(item["each"], where)
    if each not in ("cluster", "tenant"):
        raise CatalogError(f"{each!r} is neither cluster nor tenant", where=where)
    replicas = as_count(item["replicas"], where)
    return PlatformPod(as_text(item["name"], where), each == "tenant", _pair(item, where), replicas)


def _ratio(value: object, where: str) -> Ratio:
    item = as_mapping(value, where)
    check_keys(item, {"cpu_milli", "memory_mib", "ratio"}, (), where)
    bounds = [as_number(entry, where) for entry in as_items(item["ratio"], where)]
    if len(bounds) != 2 or not 0 < bounds[0] <= bounds[1]:
        raise CatalogError("a ratio has a lower and an upper bound", where=where)
    return Ratio(_pair(item, where), bounds[0], bounds[1])


def _counts(value: object, where: str) -> Mapping[int, Room]:
    if not isinstance(value, dict):
        raise CatalogError("a mapping by count of GPUs is wanted", where=where)
    rooms = {}
    for count, room in value.items():
        gpus = as_count(count, where)
        rooms[gpus] = _room(room, where) + Room(0, 0, gpus)
    return rooms


def _room(value: object, where: str) -> Room:
    item = as_mapping(value, where)
    check_keys(item, {"cpu_milli", "memory_mib"}, (), where)
    return _pair(item, where)


def _pair(item: Mapping[str, object], where: str) -> Room:
    return Room(as_count(item["cpu_milli"], where), as_count(item["memory_mib"], where))
