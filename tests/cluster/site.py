"""A platform of one test on a real API server, and what others do to it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rayfence.adapters.kubernetes import Server, connect
from rayfence.api.clock import SystemClock
from rayfence.api.cluster import plan_cluster
from rayfence.api.kubernetes import order_of
from rayfence.api.specs import read_cluster
from rayfence.apply.kubernetes import LANES, Order, Surroundings, condemned, destroy
from rayfence.model.api_objects import reference
from rayfence.ports.kubernetes import KubernetesApi
from tests.cluster.harness.cluster import Cluster
from tests.sim.planning import write

DIGEST = "@sha256:" + "0" * 64
#: What others make, or make anew all the time.
RESTLESS = frozenset(
    {"events", "events.events.k8s.io", "endpointslices.discovery.k8s.io", "leases.coordination.k8s.io"}
)


@dataclass
class Site:
    """A platform of one test, and the cluster it goes into."""

    cluster: Cluster
    api: Server
    folder: Path
    name: str

    def spec(self, *tenants: str, quota: int = 20, **more: Any) -> Path:
        """The platform with these tenants, as a file; `more` of its top-level fields."""
        worker = {"name": "w", "cpus": 1, "memoryGib": 1, "minimum": 0, "maximum": 1}
        ray = {"version": "2.60.0", "image": f"localhost/absent{DIGEST}"}
        head = {"cpus": 1, "memoryGib": 1}
        spec: dict[str, Any] = {
            "apiVersion": "rayfence.dev/v1alpha1",
            "kind": "Platform",
            "metadata": {"name": self.name},
            "target": {"kubernetes": {}},
            "images": {"registries": ["localhost/"], "gateway": f"localhost/gateway{DIGEST}"},
            "operator": {"source": "existing", "version": "1.6.0", "namespace": "ray-system"},
            "tenants": [
                {
                    "name": f"{self.name}-{tenant}",
                    "roles": {"submitter": ["group:x@example.com"]},
                    "quota": {"pods": quota},
                    "clusters": [{"name": "train", "ray": ray, "head": head, "workers": [worker]}],
                }
                for tenant in tenants
            ],
        }
        return write(self.folder, {**spec, **more})

    def order(self, *tenants: str, quota: int = 20) -> Order:
        """The platform with these tenants. Nothing is waited for but guards."""
        path = self.spec(*tenants, quota=quota)
        return replace(order_of(plan_cluster(read_cluster(path), path)), wait=False, deadline=120.0)

    def where(self, api: KubernetesApi | None = None, host: str = "the test") -> Surroundings:
        """Surroundings, with a server that may be spoilt."""
        return Surroundings(api or self.api, SystemClock(), lambda _: None, host, lanes=LANES)

    def destroy(self, order: Order) -> None:
        """Take it away."""
        where = self.where()
        destroy(order.platform, condemned(order.platform, order.manifests, where), where, deadline=180.0)

    def kubectl(self, *words: str) -> str:
        """Somebody else's hand."""
        return self.cluster.kubectl(*words).stdout

    def listing(self) -> set[str]:
        """Every object of ours, of every kind that can be listed."""
        kinds = {(kind.group, kind.kind): kind for kind in self.api.kinds().values() if "list" in kind.verbs}
        return {
            reference(value)
            for kind in kinds.values()
            if kind.plural not in RESTLESS
            for value in self.api.list(kind)
            if self.name in reference(value)
        }


@contextmanager
def made_site(cluster: Cluster, folder: Path, test: str) -> Iterator[Site]:
    """A platform's name and place for one test; whatever is left of it is taken away."""
    api = connect(None, SystemClock(), {"KUBECONFIG": str(cluster.kubeconfig)})
    found = Site(cluster, api, folder, f"p{os.getpid()}-{abs(hash(test)) % 10**5}")
    try:
        yield found
    finally:
        found.destroy(found.order("a"))
        api.close()
