"""What apply and diff cost on a real API server: fifty tenants, KubeRay stopped, nothing waited for but guards.

    python -m bench.apply [--json] [--tenants 50] [--rounds 3]

Needs what `make test-cluster` needs, and takes the cluster of its own away again. Wall time of the commands as a user
types them. Beside them stands `kubectl apply --server-side` of the same rendered files on a fresh cluster's objects as
they are then: what a tool costs that neither looks first, waits for guards nor makes Secrets.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from tests.cluster.harness.cluster import Cluster, Content, down, up
from tests.cluster.objects import operator

NAME: Final = "bench-apply"
#: Seconds that the project promises.
BOUNDS: Final = {"first": 60.0, "unchanged": 5.0, "diff": 3.0}
DIGEST: Final = f"@sha256:{'0' * 64}"
#: Exit statuses that are answers: done, and `diff` found something.
ANSWERS: Final = (0, 10)


def many_tenants(path: Path, tenants: int) -> Path:
    """A spec with `tenants` tenants, each with a Ray cluster and a gateway. Its images do not exist: no pod starts."""
    pods = {
        "ray": {"version": "2.60.0", "image": f"localhost/absent{DIGEST}"},
        "head": {"cpus": 1, "memoryGib": 1},
        "workers": [{"name": "w", "cpus": 1, "memoryGib": 1, "minimum": 0, "maximum": 1}],
    }
    spec = {
        "apiVersion": "rayfence.dev/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "bench"},
        "target": {"kubernetes": {}},
        "images": {"registries": ["localhost/"], "gateway": f"localhost/gateway{DIGEST}"},
        "operator": {"source": "existing", "version": "1.6.0", "namespace": operator.NAMESPACE},
        "tenants": [
            {
                "name": f"t{number:03}",
                "roles": {"submitter": [f"group:t{number:03}@example.com"]},
                "clusters": [{"name": "train", **pods}],
            }
            for number in range(tenants)
        ],
    }
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path


def timed(cluster: Cluster, *words: str) -> tuple[float, Any]:
    """(seconds, what it printed as JSON) of one command. Raises RuntimeError when it fails."""
    environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "rayfence", *words], env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - began
    if done.returncode not in ANSWERS:
        raise RuntimeError(f"rayfence {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    return seconds, json.loads(done.stdout or "null")


def measure(cluster: Cluster, folder: Path, tenants: int, rounds: int) -> dict[str, object]:
    """Apply once, then without a change, then compare; then the same files by kubectl."""
    stop = ("-n", operator.NAMESPACE, "scale", "deployment", operator.NAME, "--replicas=0")
    cluster.kubectl(*stop)
    spec = str(many_tenants(folder / "platform.yaml", tenants))
    apply = ("apply", "-f", spec, "--no-wait", "--quiet", "--json", "--yes")
    first, made = timed(cluster, *apply)
    again = [timed(cluster, *apply) for _ in range(rounds)]
    compared = [timed(cluster, "diff", "-f", spec, "--json")[0] for _ in range(rounds)]
    out = folder / "out"
    subprocess.run(
        [sys.executable, "-m", "rayfence", "render", "-f", spec, "-o", str(out)], check=True, stdout=subprocess.DEVNULL
    )
    began = time.perf_counter()
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(out / "kubernetes"))
    kubectl = time.perf_counter() - began
    seconds = {
        "first": first,
        "unchanged": statistics.median(run[0] for run in again),
        "diff": statistics.median(compared),
    }
    writes = sum(len(run[1]["receipt"]["done"]) for run in again)
    return {
        "tenants": tenants,
        "objects": len(made["receipt"]["done"]),
        **{f"{case}_seconds": round(value, 2) for case, value in seconds.items()},
        "unchanged_writes": writes,
        "kubectl_seconds": round(kubectl, 2),
        "first_ratio_to_kubectl": round(first / kubectl, 2),
        "unchanged_ratio_to_kubectl": round(seconds["unchanged"] / kubectl, 2),
        "kept": writes == 0 and all(seconds[case] <= bound for case, bound in BOUNDS.items()),
        "repeat": "python -m bench.apply --json",
    }


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    cluster = up(NAME, lambda text: print(text, file=sys.stderr), Content.RAY)
    try:
        with tempfile.TemporaryDirectory(prefix="rf-bench-apply-") as name:
            found = measure(cluster, Path(name), options.tenants, options.rounds)
    finally:
        down(NAME)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for key, value in found.items():
            print(f"{key:<28} {value}")


if __name__ == "__main__":
    main()
