"""A tenant's gateway put into a cluster from a spec, without Ray: guards, accounts, Secrets, two pods on volumes."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rayfence.adapters.kubernetes import Server, connect
from rayfence.api.clock import SystemClock
from rayfence.api.cluster import plan_cluster
from rayfence.api.kubernetes import order_of
from rayfence.api.specs import read_cluster
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.places import ClusterError
from tests.cluster.objects.wanted import to_json
from tests.sim.planning import write

#: Guards of the whole cluster, or Ray's own: not what is tested with these.
LEFT_OUT = {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "RayCluster", "LimitRange"}
DIGEST = "@sha256:" + "0" * 64


@dataclass(slots=True)
class Standing:
    """What stands: its cluster, spec and names."""

    cluster: Cluster
    server: Server
    spec: Path
    platform: str
    tenant: str

    @property
    def home(self) -> str:
        """The gateway's namespace."""
        return f"{self.tenant}-gateway"


def spec_of(folder: Path, platform: str, tenant: str, image: str, roles: dict[str, list[str]]) -> Path:
    """A platform of one tenant with one cluster, as a file."""
    ray = {"version": "2.60.0", "image": f"localhost/absent{DIGEST}"}
    worker = {"name": "w", "cpus": 1, "memoryGib": 1, "minimum": 0, "maximum": 1}
    train = {"name": "train", "ray": ray, "head": {"cpus": 1, "memoryGib": 1}, "workers": [worker]}
    spec: dict[str, Any] = {
        "apiVersion": "rayfence.dev/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": platform},
        "target": {"kubernetes": {}},
        "images": {"registries": ["localhost/"], "gateway": image},
        "operator": {"source": "existing", "version": "1.6.0", "namespace": "ray-system"},
        "tenants": [{"name": tenant, "roles": roles, "clusters": [train]}],
    }
    return write(folder, spec)


@contextmanager
def standing(cluster: Cluster, spec: Path) -> Iterator[Standing]:
    """Applied and ready, and taken away at the end. Raises: ClusterError with what the pods say."""
    platform = read_cluster(spec)
    planned = plan_cluster(platform, spec)
    tenant = platform.tenants[0].name
    home = f"{tenant}-gateway"
    manifests = [dict(one.object) for one in planned.manifests if one.object["kind"] not in LEFT_OUT]
    with ExitStack() as stack:
        roles = [_name(one) for one in manifests if one["kind"] == "ClusterRole"]
        bindings = [_name(one) for one in manifests if one["kind"] == "ClusterRoleBinding"]
        for kind, names in (("namespace", [tenant, home]), ("clusterrolebinding", bindings), ("clusterrole", roles)):
            stack.callback(cluster.kubectl, "delete", kind, *names, "--ignore-not-found", "--timeout=180s", check=False)
        ours = [one for one in manifests if tenant in str(one["metadata"]) or one["kind"] == "ClusterRole"]
        early = [one for one in ours if one["kind"] not in ("StatefulSet", "ConfigMap", "Service")]
        for one in early:
            cluster.kubectl("apply", "--server-side", "--field-manager=rayfence", "-f", "-", stdin=to_json(one))
        stack.callback(_forget, cluster, volumes(cluster, home))
        server = connect(None, SystemClock(), {"KUBECONFIG": str(cluster.kubeconfig)})
        stack.callback(server.close)
        order_of(planned).secrets.make(server, server, server.kinds(), lambda _name, _note: None)
        for one in (one for one in ours if one not in early):
            cluster.kubectl("apply", "--server-side", "--field-manager=rayfence", "-f", "-", stdin=to_json(small(one)))
        _await(cluster, home)
        yield Standing(cluster, server, spec, platform.name, tenant)


def small(value: Any) -> Any:
    """The object with what it asks for cut to what two cores have."""
    if isinstance(value, dict):
        return {
            key: {"requests": {"cpu": "20m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}}
            if key == "resources" and "limits" in item
            else small(item)
            for key, item in value.items()
        }
    return [small(item) for item in value] if isinstance(value, list) else value


def volumes(cluster: Cluster, home: str) -> tuple[str, ...]:
    """Two volumes of the node for the replicas' claims: nobody provisions any here."""
    node = cluster.kubectl("get", "nodes", "-o", "jsonpath={.items[0].metadata.name}").stdout
    names = []
    for number in range(2):
        name, folder = f"{home}-{number}", f"/var/lib/{home}-{number}"
        inside = ["nsenter", f"--target={cluster.first_process}", "--mount", "mkdir", "-p", folder]
        subprocess.run(inside, check=True)
        affinity = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
        value = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": name},
            "spec": {
                "capacity": {"storage": "10Gi"},
                "accessModes": ["ReadWriteOnce"],
                "local": {"path": folder},
                "claimRef": {"namespace": home, "name": f"trail-gateway-{number}"},
                "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [affinity]}]}},
            },
        }
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(value))
        names.append(name)
    return tuple(names)


def _forget(cluster: Cluster, names: tuple[str, ...]) -> None:
    cluster.kubectl("delete", "persistentvolume", *names, "--wait=false", check=False)


def _await(cluster: Cluster, home: str) -> None:
    ready = cluster.kubectl("-n", home, "rollout", "status", "statefulset/gateway", "--timeout=240s", check=False)
    if ready.returncode:
        pods = cluster.kubectl("-n", home, "describe", "pods", check=False).stdout[-6000:]
        logs = cluster.kubectl("-n", home, "logs", "gateway-0", "-c", "service", check=False).stdout[-3000:]
        raise ClusterError(f"{ready.stderr}\n{pods}\n{logs}")


def _name(value: dict[str, Any]) -> str:
    return str(value["metadata"]["name"])
