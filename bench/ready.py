"""From the command to two ready tenants, beside the same Ray clusters from bare manifests, on a real cluster.

    python -m bench.ready [--json] [--rounds 2]

Needs what `make test-cluster` needs, and takes the cluster of its own away again. Bare: the very RayClusters that are
rendered, without what rayfence adds to them, by kubectl, with KubeRay's operator at work in both cases. Rounds take
turns; what is there before a round is gone before the next.
"""

import argparse
import copy
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from rayfence.api.cluster import plan_cluster
from rayfence.api.specs import read_cluster
from tests.cluster.harness.cluster import Cluster, Content, down, up
from tests.cluster.images.gateway import gateway_image
from tests.cluster.images.stock import ray_version
from tests.cluster.objects.operator import NAMESPACE
from tests.cluster.objects.wanted import namespace_object, to_json
from tests.cluster.tenants.platform import STORAGE_CLASS, WAIVER, remove, run_rayfence, surroundings
from tests.sim.planning import write

NAME: Final = "bench-ready"
TENANTS: Final = ("red", "blue")
#: What the project promises.
BOUND: Final = 1.5
_PATIENCE: Final = 900


def spec(cluster: Cluster, gateway: str) -> dict[str, Any]:
    """Two tenants, each with a head and a worker."""
    size = {"cpus": 1, "memoryGib": 2}
    train = {
        "name": "train",
        "ray": {"version": ray_version(), "image": cluster.images[f"localhost/ray:{ray_version()}"]},
        "head": size,
        "workers": [{"name": "w", **size, "minimum": 1, "maximum": 1}],
        "autoscaling": False,
    }
    roles = {"submitter": ["serviceAccount:vision-people/ada"]}
    return {
        "apiVersion": "rayfence.dev/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "bench"},
        "target": {"kubernetes": {"datapath": "none", "storageClass": STORAGE_CLASS}},
        "images": {"registries": ["localhost/"], "gateway": gateway},
        "operator": {"source": "existing", "version": "1.6.0", "namespace": NAMESPACE},
        "waivers": [WAIVER],
        "tenants": [{"name": tenant, "roles": roles, "clusters": [train]} for tenant in TENANTS],
    }


def bare(path: Path) -> list[dict[str, Any]]:
    """The same RayClusters without sidecar, accounts and labels of ours, each in a namespace."""
    rendered: list[Any] = [one.object for one in plan_cluster(read_cluster(path), path).manifests]
    found: list[dict[str, Any]] = []
    for value in (copy.deepcopy(dict(one)) for one in rendered if one["kind"] == "RayCluster"):
        home = f"bare-{value['metadata']['namespace']}"
        value["metadata"] = {"name": value["metadata"]["name"], "namespace": home}
        value["spec"]["authOptions"] = {"mode": "token"}  # its Secret made by KubeRay
        head = value["spec"]["headGroupSpec"]
        head["rayStartParams"] = {}
        for template in (head["template"], *(group["template"] for group in value["spec"]["workerGroupSpecs"])):
            template.pop("metadata")
            pod = template["spec"]
            del pod["serviceAccountName"]
            pod["containers"] = pod["containers"][:1]
            pod["volumes"] = [volume for volume in pod["volumes"] if not volume["name"].startswith("sidecar")]
        found += [namespace_object(home, "restricted"), value]
    return found


def bare_seconds(cluster: Cluster, objects: list[dict[str, Any]]) -> float:
    """From `kubectl apply` to both provisioned; taken away again."""
    homes = [one["metadata"]["name"] for one in objects if one["kind"] == "Namespace"]
    began = time.perf_counter()
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(*objects))
    for home in homes:
        ready = ("wait", "--for=condition=RayClusterProvisioned", "raycluster/train", f"--timeout={_PATIENCE}s")
        cluster.kubectl("-n", home, *ready)
    took = time.perf_counter() - began
    for home in homes:  # Ray before its namespace, else its operator can't tidy up
        cluster.kubectl("-n", home, "delete", "raycluster", "--all", "--timeout=180s")
    cluster.kubectl("delete", "namespace", *homes, "--timeout=180s")
    return took


def fenced_seconds(cluster: Cluster, folder: Path, path: Path) -> float:
    """From `rayfence apply` to its end; destroyed again."""
    around = surroundings(cluster)
    try:
        began = time.perf_counter()
        done = run_rayfence(cluster, folder, "apply", "-f", str(path), "--quiet", seconds=_PATIENCE)
        took = time.perf_counter() - began
        if done.returncode:
            raise RuntimeError(done.stdout[-3000:])
        gone = run_rayfence(cluster, folder, "destroy", "-f", str(path), "--yes", "--quiet", seconds=_PATIENCE)
        if gone.returncode:
            raise RuntimeError(gone.stdout[-3000:])
        return took
    finally:
        remove(cluster, around)


def measure(cluster: Cluster, folder: Path, rounds: int) -> dict[str, object]:
    """Bare and fenced in turns, after one bare start that fills the caches and does not count."""
    path = write(folder, spec(cluster, cluster.import_image(gateway_image(lambda _: None))))
    objects = bare(path)
    bare_seconds(cluster, objects)
    pairs = [(bare_seconds(cluster, objects), fenced_seconds(cluster, folder, path)) for _ in range(rounds)]
    ratio = statistics.median(fenced / plain for plain, fenced in pairs)
    return {
        "bare_seconds": [round(plain, 1) for plain, _ in pairs],
        "rayfence_seconds": [round(fenced, 1) for _, fenced in pairs],
        "ratio": round(ratio, 2),
        "kept": ratio <= BOUND,
        "repeat": "python -m bench.ready --json",
    }


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    cluster = up(NAME, lambda text: print(text, file=sys.stderr), Content.RAY)
    try:
        with tempfile.TemporaryDirectory(prefix="rf-bench-ready-") as name:
            found = measure(cluster, Path(name), options.rounds)
    finally:
        down(NAME)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for key, value in found.items():
            print(f"{key:<28} {value}")


if __name__ == "__main__":
    main()
