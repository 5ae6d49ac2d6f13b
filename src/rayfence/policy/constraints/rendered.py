"""The rendered platform as criteria read it: objects by kind, machines, the cluster with the server's defaults.

Covers: finding an object's fields, and the places where Google's API gives nodes their settings. Leaves out: what is
demanded of them. Nothing here looks at the settings that the renderers were given: what a renderer forgot is missing.
Source: GKE API v1 (`Cluster`, `NodePool`), Notebooks API v2 (`Instance`), Compute API v1.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest

Body = Mapping[str, object]

CLUSTER: Final = "google_container_cluster"
NODE_POOL: Final = "google_container_node_pool"
WORKBENCH: Final = "google_workbench_instance"
INSTANCE: Final = "google_compute_instance"

_EMPTY: Final[Body] = {}
_HOSTS: Final = ("https://www.googleapis.com/compute/v1/", "https://compute.googleapis.com/compute/v1/")


class Origin(StrEnum):
    """Who makes a virtual machine."""

    POOL = "node pool"
    AUTOMATIC = "nodes that GKE makes itself"
    NOTEBOOK = "notebook"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True)
class Item:
    """One rendered Google Cloud object. `address`: kind and name, as people read it (`Subnetwork nodes`)."""

    address: str
    block: str
    kind: str
    name: str
    body: Body
    attributes: Body

    def field(self, path: str) -> str:
        """The full name of one of its fields."""
        return f"{self.address}: {path}"


@dataclass(frozen=True, slots=True)
class Machine:
    """Virtual machines of one shape. `setup`: their configuration, found at `root` of the object's body."""

    address: str
    origin: Origin
    root: str
    setup: Body
    body: Body

    def field(self, path: str) -> str:
        """The full name of a field of the configuration."""
        return f"{self.address}: {self.root}.{path}" if self.root else f"{self.address}: {path}"

    def metadata(self, key: str) -> str | None:
        """A metadata value in lower case; None where it is not set."""
        value = _mapping(self.setup.get("metadata")).get(key)
        return None if value is None else str(value).strip().lower()


@dataclass(frozen=True, slots=True)
class Rendered:
    """Everything that would exist. `cluster` is None where no cluster is made."""

    resolution: ClusterResolution
    items: tuple[Item, ...]
    manifests: tuple[Manifest, ...]
    by_block: Mapping[str, tuple[Item, ...]]
    by_kind: Mapping[str, tuple[Manifest, ...]]
    cluster: Item | None
    machines: tuple[Machine, ...]

    def of(self, *blocks: str) -> tuple[Item, ...]:
        """Objects of these Terraform types, in rendered order within each."""
        return tuple(item for block in blocks for item in self.by_block.get(block, ()))

    def kubernetes(self, *kinds: str) -> tuple[Manifest, ...]:
        """Kubernetes objects of these kinds."""
        return tuple(manifest for kind in kinds for manifest in self.by_kind.get(kind, ()))

    @property
    def autopilot(self) -> bool:
        """Whether Google manages the nodes."""
        return self.cluster is not None and at(self.cluster.body, "autopilot.enabled") is True

    @property
    def project(self) -> str:
        """The platform's project id; empty without one."""
        return self.resolution.gke.project if self.resolution.gke else ""

    @property
    def nodes(self) -> tuple[Machine, ...]:
        """The cluster's machines: pools, and what describes nodes that GKE makes itself."""
        return tuple(machine for machine in self.machines if machine.origin in {Origin.POOL, Origin.AUTOMATIC})


def read(resolution: ClusterResolution, cloud: CloudDesired, manifests: Sequence[Manifest]) -> Rendered:
    """The rendered objects, indexed once."""
    items = tuple(_item(resource) for resource in cloud.resources)
    by_block: dict[str, list[Item]] = {}
    for item in items:
        by_block.setdefault(item.block, []).append(item)
    by_kind: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        by_kind.setdefault(str(manifest.object.get("kind", "")), []).append(manifest)
    clusters = by_block.get(CLUSTER, [])
    return Rendered(
        resolution=resolution,
        items=items,
        manifests=tuple(manifests),
        by_block={block: tuple(found) for block, found in by_block.items()},
        by_kind={kind: tuple(found) for kind, found in by_kind.items()},
        cluster=clusters[0] if clusters else None,
        machines=tuple(_machines(items)),
    )


def at(body: object, path: str) -> object:
    """What stands at a dotted path; None where any step is missing."""
    found = body
    for step in path.split("."):
        if not isinstance(found, dict | Mapping):  # `dict`: answered at once
            return None
        found = found.get(step)
    return found


def text_at(body: object, path: str) -> str:
    """Text at a dotted path; empty where there is none."""
    found = at(body, path)
    return found if isinstance(found, str) else ""


def texts_at(body: object, path: str) -> tuple[str, ...]:
    """Texts of a list at a dotted path; empty where there is none."""
    found = at(body, path)
    return tuple(entry for entry in found if isinstance(entry, str)) if isinstance(found, list | tuple) else ()


def items_at(body: object, path: str) -> tuple[Body, ...]:
    """Objects of a list at a dotted path; a single object counts as a list of one."""
    found = at(body, path)
    if isinstance(found, Mapping):
        return (found,)
    return tuple(entry for entry in found if isinstance(entry, Mapping)) if isinstance(found, list | tuple) else ()


def walk(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every leaf with its path; entries of lists carry their position in brackets."""
    if isinstance(value, Mapping):
        for key, entry in value.items():
            yield from walk(entry, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for number, entry in enumerate(value):
            yield from walk(entry, f"{path}[{number}]")
    else:
        yield path, value


def last(value: str) -> str:
    """The last part of a URL or full name (`regions/r` is `r`)."""
    return value.rsplit("/", 1)[-1]


def compute_path(value: str, project: str, collection: str) -> str:
    """A Compute object's full name, whether written as a URL, a full or a short name.

    `collection`: `global/networks`, `regions/R/subnetworks`. Empty stays empty.
    """
    for host in _HOSTS:
        value = value.removeprefix(host)
    if not value or value.startswith("projects/"):
        return value
    return f"projects/{project}/{collection}/{last(value)}"


def project_of(path: str) -> str:
    """`projects/P` of a full name; empty for others."""
    parts = path.split("/")
    return f"projects/{parts[1]}" if len(parts) > 1 and parts[0] == "projects" else ""


def _item(resource: CloudResource) -> Item:
    kind = last(resource.kind)
    return Item(
        address=f"{kind} {resource.name}",
        block=resource.block,
        kind=resource.kind,
        name=resource.name,
        body=_unwrapped(resource.body),
        attributes=resource.attributes,
    )


def _unwrapped(body: Body) -> Body:
    """The object itself, where a create call names it beside its parent (`{"parent": …, "cluster": {…}}`)."""
    for key in ("cluster", "nodePool"):
        inner = body.get(key)
        if isinstance(inner, Mapping) and "name" not in body:
            return inner
    return body


def _machines(items: Sequence[Item]) -> Iterator[Machine]:
    for item in items:
        if item.block == CLUSTER:
            yield from _cluster_machines(item)
        elif item.block == NODE_POOL:
            yield Machine(item.address, Origin.POOL, "config", _mapping(item.body.get("config")), item.body)
        elif item.block == WORKBENCH:
            yield Machine(item.address, Origin.NOTEBOOK, "gceSetup", _mapping(item.body.get("gceSetup")), item.body)
        elif item.block == INSTANCE:
            yield Machine(item.address, Origin.INSTANCE, "", item.body, item.body)


def _cluster_machines(item: Item) -> Iterator[Machine]:
    """Pools written inside the cluster, its implied default pool, and defaults of nodes that GKE makes itself."""
    pools = items_at(item.body, "nodePools")
    for number, pool in enumerate(pools):
        yield Machine(item.address, Origin.POOL, f"nodePools[{number}].config", _mapping(pool.get("config")), pool)
    autopilot = at(item.body, "autopilot.enabled") is True
    # A cluster with an initial count and no pools gets a default pool, even where Terraform removes it a moment later:
    # its nodes must pass the organisation's rules like any other, or the cluster ends in ERROR.
    if not autopilot and not pools and item.body.get("initialNodeCount"):
        yield Machine(item.address, Origin.POOL, "nodeConfig", _mapping(item.body.get("nodeConfig")), _EMPTY)
    if autopilot or at(item.body, "autoscaling.enableNodeAutoprovisioning") is True:
        root = "autoscaling.autoprovisioningNodePoolDefaults"
        yield Machine(item.address, Origin.AUTOMATIC, root, _mapping(at(item.body, root)), _EMPTY)


def _mapping(value: object) -> Body:
    return value if isinstance(value, Mapping) else _EMPTY
