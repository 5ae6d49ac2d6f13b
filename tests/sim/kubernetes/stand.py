"""A simulated cluster with controllers, and a platform to put into it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from rayfence.apply.kubernetes import Order, Surroundings, condemned, destroy, execute
from rayfence.model.kubernetes import Manifest
from rayfence.model.receipt import ClusterReceipt
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.controllers import SimControllers
from tests.sim.planning import based_on, example, planned


@dataclass
class Stand:
    """What a test holds on to: `told` is the progress, `receipts` every receipt as it grew."""

    cluster: SimCluster = field(default_factory=SimCluster)
    told: list[str] = field(default_factory=list)
    receipts: list[ClusterReceipt] = field(default_factory=list)
    host: str = "ada@laptop, process 1"

    def __post_init__(self) -> None:
        self.controllers = SimControllers(self.cluster)

    def where(self) -> Surroundings:
        """The surroundings of a run."""
        return Surroundings(self.cluster, self.cluster.clock, self.told.append, self.host, self.receipts.append)

    def apply(self, order: Order) -> ClusterReceipt:
        """One apply."""
        return execute(order, self.where())

    def destroy(self, order: Order, *, dry_run: bool = False) -> ClusterReceipt:
        """One destroy of the same platform."""
        where = self.where()
        what = condemned(order.platform, order.manifests, where)
        return destroy(order.platform, what, where, dry_run=dry_run)

    def settle(self) -> None:
        """Let controllers and time do what they do without us."""
        for _ in range(5):
            self.cluster.clock.sleep(2)


@cache
def two_tenants() -> Order:
    """The example with two tenants."""
    return order_of(example("two-tenants").manifests, "research")


def order_of(manifests: tuple[Manifest, ...], platform: str, **more: Any) -> Order:
    """An order for these objects."""
    return Order(platform, "d1", manifests, "1.7.0", **more)


def changed_order(folder: Path, *changes: tuple[str, object]) -> Order:
    """The same platform from a changed spec."""
    return replace(order_of(planned(folder, based_on("two-tenants", *changes)).manifests, "research"), digest="d2")


def desired(order: Order, reference: str) -> Mapping[str, Any]:
    """One desired object. Raises KeyError."""
    for manifest in order.manifests:
        if manifest.reference == reference:
            return manifest.object
    raise KeyError(reference)


@cache
def one_of_each() -> Order:
    """The first object of every kind of one tenant, with its namespaces: small, for runs at every possible moment."""
    found: dict[str, Manifest] = {}
    homes = {"vision", "vision-gateway"}
    for manifest in two_tenants().manifests:
        metadata = manifest.object["metadata"]
        assert isinstance(metadata, dict)
        kind, home = str(manifest.object["kind"]), metadata.get("namespace")
        if kind == "Namespace" and metadata["name"] in homes:
            found[str(metadata["name"])] = manifest
        elif kind != "Namespace" and (home is None or home in homes):
            found.setdefault(kind, manifest)
    return order_of(tuple(found.values()), "research")
