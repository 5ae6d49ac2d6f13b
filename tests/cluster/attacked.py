"""A platform that is applied to the test cluster to be attacked: one tenant with a Ray head and a gateway, and one that
is only there.

Everything asks for little, so that two cores hold it; nothing else differs from what a spec gives.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from rayfence.adapters.kubernetes import Server, connect
from rayfence.api.clock import SystemClock
from rayfence.api.cluster import ClusterPlanned, plan_cluster
from rayfence.api.kubernetes import order_of
from rayfence.api.specs import read_cluster
from rayfence.api.verify_cluster import ClusterRun
from rayfence.apply.kubernetes import Surroundings, condemned, destroy, execute
from rayfence.model.evidence import Evidence
from rayfence.ports.machine import Reporter
from tests.cluster.harness.cluster import Cluster
from tests.cluster.images.gateway import gateway_image
from tests.cluster.images.stock import ray_version
from tests.cluster.objects.standing import volumes
from tests.sim.planning import write


@dataclass
class Attacked:
    """A platform that runs. `tenant` has Ray; `other` has nothing."""

    cluster: Cluster
    api: Server
    planned: ClusterPlanned
    tenant: str
    other: str

    @property
    def name(self) -> str:
        """The platform's."""
        return self.planned.platform.name

    def verify(self, only: str = "", report: Reporter = print) -> dict[str, Evidence]:
        """Rows by the attack's name; nothing may be left."""
        run = ClusterRun(self.planned, self.api, self.api.kinds(), SystemClock(), report, only, os.urandom(4).hex())
        evidence, left = run.complete()
        assert left == ()
        return {row.attack: row for row in evidence}

    def kubectl(self, *words: str, stdin: str = "") -> str:
        """Somebody's hand."""
        return self.cluster.kubectl(*words, stdin=stdin).stdout

    def apply(self) -> None:
        """Bring everything back to the plan."""
        order = replace(order_of(self.planned), deadline=300.0)
        execute(order, Surroundings(self.api, SystemClock(), print, "the test"))


def spec_of(name: str, image: str, ray: str) -> dict[str, Any]:
    """The platform's spec."""
    train = {
        "name": "train",
        "ray": {"version": ray_version(), "image": ray},
        "head": {"cpus": 1, "memoryGib": 2},
        "workers": [{"name": "w", "cpus": 1, "memoryGib": 1, "minimum": 0, "maximum": 1}],
    }
    member = f"serviceAccount:{name}-a/notebook"
    return {
        "apiVersion": "rayfence.dev/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": name},
        "target": {"kubernetes": {}},
        "images": {"registries": ["localhost/"], "gateway": image},
        "operator": {"source": "existing", "version": "1.6.0", "namespace": "ray-system"},
        "tenants": [
            {"name": f"{name}-a", "roles": {"submitter": [member]}, "clusters": [train]},
            {"name": f"{name}-b", "roles": {"submitter": ["group:b@example.com"]}},
        ],
    }


def small(value: Any) -> Any:
    """The object with what it asks for cut to what two cores have; Ray keeps the memory that it needs."""
    if isinstance(value, dict):
        made = {key: small(item) for key, item in value.items()}
        if isinstance(made.get("resources"), dict) and "limits" in made["resources"]:
            ray = str(made.get("name", "")).startswith("ray-")
            memory = ("512Mi", "3Gi") if ray else ("64Mi", "512Mi")
            made["resources"] = {"requests": {"cpu": "20m", "memory": memory[0]}, "limits": {"memory": memory[1]}}
        if "rayStartParams" in made:
            made["rayStartParams"] = {**made["rayStartParams"], "num-cpus": "1"}
        return made
    return [small(item) for item in value] if isinstance(value, list | tuple) else value


@contextmanager
def attacked(cluster: Cluster, folder: Path) -> Iterator[Attacked]:
    """Apply it, and take it away with all that it left."""
    found = planned_as(cluster, f"v{os.getpid()}", folder)
    disks = volumes(cluster, f"{found.tenant}-gateway")
    where = Surroundings(found.api, SystemClock(), print, "the test")
    try:
        found.apply()
        yield found
    finally:
        manifests = found.planned.manifests
        destroy(found.name, condemned(found.name, manifests, where), where, deadline=300.0)
        cluster.kubectl("delete", "persistentvolume", *disks, "--wait=false", check=False)
        found.api.close()


def planned_as(cluster: Cluster, name: str, folder: Path) -> Attacked:
    """The platform of this name, planned and not applied."""
    image = cluster.import_image(gateway_image(print))
    path = write(folder, spec_of(name, image, cluster.images[f"localhost/ray:{ray_version()}"]))
    planned = plan_cluster(read_cluster(path), path)
    shrunk = tuple(replace(one, object=small(dict(one.object))) for one in planned.manifests)
    api = connect(None, SystemClock(), {"KUBECONFIG": str(cluster.kubeconfig)})
    return Attacked(cluster, api, replace(planned, manifests=shrunk), f"{name}-a", f"{name}-b")
