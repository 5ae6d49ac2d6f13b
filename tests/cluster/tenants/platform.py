"""The platform of examples/two-tenants in a test cluster: the spec, what a cluster must have before, its life.

Other than in the example, and why:
* images are those of the test cluster, sizes fit a machine of two cores;
* members are service accounts: nobody signs people in here;
* KubeRay is 1.6.0, of which a program can be had, so without the gates of 1.7.0; its namespace is another, because the
  test cluster's own operator has the usual one (and rests meanwhile);
* no datapath enforces network policies, which takes a waiver;
* a worker that is idle goes after seconds.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rayfence.adapters.kubernetes import connect
from rayfence.api.clock import SystemClock
from rayfence.model.api_objects import reference
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.places import ROOT
from tests.cluster.images.gateway import gateway_image
from tests.cluster.images.stock import OPERATOR, ray_version
from tests.cluster.objects import operator
from tests.cluster.objects.wanted import to_json
from tests.cluster.tenants.clients import Door, Person
from tests.sim.planning import based_on, write

#: Of the spec's `storageClass`: nobody provisions here, so volumes are there before.
STORAGE_CLASS: Final = "fast-encrypted"
_VOLUMES: Final = 12
#: Where the tenants' people are, and who.
PEOPLE: Final = {
    "vision": ("vision-people", ("audit", "ada", "ben", "lead")),
    "speech": ("speech-people", ("sam", "frontend")),
}
#: What others make, or make anew all the time.
_RESTLESS: Final = frozenset(
    {"events", "events.events.k8s.io", "endpointslices.discovery.k8s.io", "leases.coordination.k8s.io"}
)
IDLE_SECONDS: Final = 15
#: Nothing enforces network policies here.
WAIVER: Final = {
    "control": "network-policy",
    "reason": "a test cluster without a datapath",
    "owner": "tests@example.com",
    "expires": "2099-01-01",
}


def spec(cluster: Cluster, gateway: str) -> dict[str, Any]:
    """The example's spec for this cluster; see the module."""
    ray = cluster.images[f"localhost/ray:{ray_version()}"]
    image = cluster.images[OPERATOR]
    small, vision = {"cpus": 1, "memoryGib": 2}, "tenants.0.clusters.0"
    return based_on(
        "two-tenants",
        ("target.kubernetes", {"datapath": "none", "storageClass": STORAGE_CLASS}),
        ("images", {"registries": ["localhost/"], "gateway": gateway}),
        ("operator", {"source": "manifests", "version": "1.6.0", "namespace": "kuberay", "image": image}),
        ("waivers", [WAIVER]),
        ("tenants.0.roles.viewer", members("vision", "audit")),
        ("tenants.0.roles.submitter", members("vision", "ada", "ben")),
        ("tenants.0.roles.operator", members("vision", "lead")),
        ("tenants.0.roles.rayClient", members("vision", "lead")),
        (f"{vision}.ray.image", ray),
        (f"{vision}.head", {"cpus": 2, "memoryGib": 2}),
        (f"{vision}.workers.0", {"name": "small", **small, "minimum": 1, "maximum": 2}),
        (f"{vision}.spillGib", 1),
        (f"{vision}.idleSeconds", IDLE_SECONDS),
        ("tenants.1.roles.submitter", members("speech", "sam")),
        ("tenants.1.roles.serveCall", members("speech", "frontend")),
        ("tenants.1.jobs.0.ray.image", ray),
        ("tenants.1.jobs.0.workers.0", {"name": "cpu", **small, "minimum": 0, "maximum": 1}),
        ("tenants.1.services.0.ray.image", ray),
        ("tenants.1.services.0.head", {"cpus": 2, "memoryGib": 2}),
        ("tenants.1.services.0.workers", [{"name": "workers", **small, "minimum": 0, "maximum": 1}]),
    )


def members(tenant: str, *accounts: str) -> list[str]:
    """As roles name them."""
    return [f"serviceAccount:{PEOPLE[tenant][0]}/{account}" for account in accounts]


@dataclass(slots=True)
class Applied:
    """An applied platform. `before`: every object of the cluster before it. `done`: what `apply` said and how it ended.

    With two tenants, PEOPLE go in and out.
    """

    cluster: Cluster
    folder: Path
    path: Path
    name: str
    before: frozenset[str]
    done: "subprocess.CompletedProcess[str]"

    def rayfence(self, verb: str, *words: str, seconds: float = 600) -> "subprocess.CompletedProcess[str]":
        """The command as a person gives it."""
        return run_rayfence(self.cluster, self.folder, verb, "-f", str(self.path), *words, seconds=seconds)

    def door(self, tenant: str) -> Door:
        """A tenant's gateway."""
        return Door(self.cluster, self.name, tenant, self.folder)

    def person(self, account: str, tenant: str | None = None) -> Person:
        """One of PEOPLE at a tenant's gateway; None: at the own one."""
        own, home = next((own, home) for own, (home, names) in PEOPLE.items() if account in names)
        return Person(self.door(tenant or own), home, account)


@contextmanager
def two_tenants(cluster: Cluster, folder: Path) -> Iterator[Applied]:
    """The example, applied once, whatever came of it; taken away at the end if a test has not."""
    with applied(cluster, folder, spec(cluster, cluster.import_image(gateway_image(print)))) as found:
        yield found


@contextmanager
def applied(cluster: Cluster, folder: Path, wanted: dict[str, Any]) -> Iterator[Applied]:
    """A spec applied by the command, among PEOPLE and volumes."""
    path = write(folder, wanted)
    around = surroundings(cluster)
    scale(cluster, 0)
    try:
        before = listing(cluster)
        done = run_rayfence(cluster, folder, "apply", "-f", str(path), "--timeout", "8m", seconds=1200)
        yield Applied(cluster, folder, path, wanted["metadata"]["name"], before, done)
    finally:
        run_rayfence(cluster, folder, "destroy", "-f", str(path), "--yes", "--quiet", seconds=600)
        remove(cluster, around)
        scale(cluster, 1)


def remove(cluster: Cluster, around: dict[str, list[str]]) -> None:
    """Take away what `surroundings` made."""
    for kind, names in around.items():
        cluster.kubectl("delete", kind, *names, "--ignore-not-found", "--timeout=120s", check=False)


def scale(cluster: Cluster, replicas: int) -> None:
    """The test cluster's own operator, where it has one: two would act on the same objects."""
    home = ("-n", operator.NAMESPACE)
    cluster.kubectl(*home, "scale", "deployment", operator.NAME, f"--replicas={replicas}", check=False)
    if replicas == 0:
        cluster.kubectl(*home, "wait", "--for=delete", "pod", "--all", "--timeout=60s", check=False)


def listing(cluster: Cluster) -> frozenset[str]:
    """Every object of every kind that can be listed."""
    server = connect(None, SystemClock(), {"KUBECONFIG": str(cluster.kubeconfig)})
    try:
        kinds = {(kind.group, kind.kind): kind for kind in server.kinds().values() if "list" in kind.verbs}
        return frozenset(
            reference(value) for kind in kinds.values() if kind.plural not in _RESTLESS for value in server.list(kind)
        )
    finally:
        server.close()


def surroundings(cluster: Cluster) -> dict[str, list[str]]:
    """Accounts of people in namespaces that the gateways let in, and volumes."""
    node = cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}").stdout
    made: dict[str, list[str]] = {"namespace": [], "persistentvolume": []}
    for tenant, (namespace, accounts) in PEOPLE.items():
        labels = {f"clients.rayfence.dev/{tenant}": "true"}
        place = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}}
        _put(cluster, place)
        for account in accounts:
            there = {"name": account, "namespace": namespace}
            _put(cluster, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": there})
        made["namespace"].append(namespace)
    folders = [f"/var/lib/volumes/{STORAGE_CLASS}-{number}" for number in range(_VOLUMES)]
    inside = ["nsenter", f"--target={cluster.first_process}", "--mount", "mkdir", "-p", *folders]
    subprocess.run(inside, check=True)
    for folder in folders:
        made["persistentvolume"].append(Path(folder).name)
        _put(cluster, _volume(folder, node))
    return made


def _volume(folder: str, node: str) -> dict[str, object]:
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": Path(folder).name},
        "spec": {
            "capacity": {"storage": "10Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": STORAGE_CLASS,
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": folder},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def _put(cluster: Cluster, value: dict[str, Any]) -> None:
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(value))


def run_rayfence(cluster: Cluster, folder: Path, *words: str, seconds: float) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {
        "KUBECONFIG": str(cluster.kubeconfig),
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHONPATH": str(ROOT / "src"),
    }
    command = [sys.executable, "-m", "rayfence", *words]
    return subprocess.run(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=seconds,
    )
