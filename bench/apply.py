"""What apply and diff cost on a real API server: fifty tenants, KubeRay stopped, nothing waited for but guards.

    python -m bench.apply [--json] [--tenants 50] [--rounds 3] [--cluster NAME]

Needs what `make test-cluster` needs, and takes the cluster of its own away again; `--cluster` uses one that runs, and
takes out what was applied. Wall time and processor time of the commands as a user types them; on a busy machine the
second says more. Beside them stands `kubectl apply --server-side` of the same rendered files on the objects as they are
then: what a tool costs that neither looks first, waits for guards nor makes Secrets.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.cluster.harness.cluster import Cluster, Content, down, running, up
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


class Run(NamedTuple):
    """One command: wall seconds, its own processor seconds, and what it printed as JSON."""

    seconds: float
    processor: float
    printed: Any


def timed(cluster: Cluster, *words: str) -> Run:
    """Run one command. Raises RuntimeError when it fails."""
    environment = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig)}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "rayfence", *words], env=environment, capture_output=True, text=True, check=False
    )
    seconds, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in ANSWERS:
        raise RuntimeError(f"rayfence {words[0]} ended with {done.returncode}: {done.stderr[-2000:]}")
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(seconds, processor, json.loads(done.stdout or "null"))


def median(runs: list[Run]) -> Run:
    """Each number's median; what the last one printed."""
    walls, processors = [run.seconds for run in runs], [run.processor for run in runs]
    return Run(statistics.median(walls), statistics.median(processors), runs[-1].printed)


def by_kubectl(cluster: Cluster, spec: str, out: Path) -> float:
    """Seconds that kubectl takes for the same files, on objects as they are then."""
    words = [sys.executable, "-m", "rayfence", "render", "-f", spec, "-o", str(out)]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
    began = time.perf_counter()
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "-f", str(out / "kubernetes"))
    return time.perf_counter() - began


def measure(cluster: Cluster, folder: Path, tenants: int, rounds: int) -> dict[str, object]:
    """Apply once, then without a change, then compare; then the same files by kubectl."""
    scale = ("-n", operator.NAMESPACE, "scale", "deployment", operator.NAME)
    cluster.kubectl(*scale, "--replicas=0")
    spec = str(many_tenants(folder / "platform.yaml", tenants))
    apply = ("apply", "-f", spec, "--no-wait", "--quiet", "--json", "--yes")
    try:
        first = timed(cluster, *apply)
        again = [timed(cluster, *apply) for _ in range(rounds)]
        compared = [timed(cluster, "diff", "-f", spec, "--json") for _ in range(rounds)]
        kubectl = by_kubectl(cluster, spec, folder / "out")
    finally:
        timed(cluster, "destroy", "-f", spec, "--yes", "--quiet", "--json")
        cluster.kubectl(*scale, "--replicas=1")
    cases = {"first": first, "unchanged": median(again), "diff": median(compared)}
    writes = sum(len(run.printed["receipt"]["done"]) for run in again)
    kept = writes == 0 and all(cases[case].seconds <= bound for case, bound in BOUNDS.items())
    return {
        "tenants": tenants,
        "objects": len(first.printed["receipt"]["done"]),
        **{f"{case}_seconds": round(run.seconds, 2) for case, run in cases.items()},
        **{f"{case}_processor_seconds": round(run.processor, 2) for case, run in cases.items()},
        "unchanged_writes": writes,
        "kubectl_seconds": round(kubectl, 2),
        "first_ratio_to_kubectl": round(first.seconds / kubectl, 2),
        "unchanged_ratio_to_kubectl": round(cases["unchanged"].seconds / kubectl, 2),
        "kept": kept,
        "repeat": "python -m bench.apply --json",
    }


@contextmanager
def some_cluster(name: str | None) -> Iterator[Cluster]:
    """The one of this name, or one of our own. Raises RuntimeError when none of the name runs."""
    if name is not None:
        found = running(name)
        if found is None:
            raise RuntimeError(f"no cluster {name} runs: python -m tests.cluster up --name {name}")
        yield found
        return
    try:
        yield up(NAME, lambda text: print(text, file=sys.stderr), Content.RAY)
    finally:
        down(NAME)


def main() -> None:
    """Run, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--tenants", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cluster", help="a test cluster that runs")
    options = parser.parse_args()
    with (
        some_cluster(options.cluster) as cluster,
        tempfile.TemporaryDirectory(prefix="rf-bench-apply-") as name,
    ):
        os.environ["XDG_STATE_HOME"] = name  # receipts
        found = measure(cluster, Path(name), options.tenants, options.rounds)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for key, value in found.items():
            print(f"{key:<28} {value}")


if __name__ == "__main__":
    main()
