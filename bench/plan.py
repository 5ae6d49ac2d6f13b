"""What a plan of a cluster costs: the article's, the same with 22 custom constraints, and a hundred tenants rendered,
each with its gateway.

    python -m bench.plan [--json] [--rounds 5]

Wall time of a process that does nothing else, the interpreter's start included, its code compiled beforehand as after
any first run; memory is that process's peak. Beside each time stands its ratio to `rayfence --help`, which a slow
machine slows as well.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rayfence.catalog.constraints import load_example_constraints

ROOT = Path(__file__).resolve().parents[1]
ARTICLE = ROOT / "examples" / "article"
#: Above the article's project.
ORGANIZATION = "organizations/100000000001"
#: `plan` ends with 4 where rules are violated: the published ones demand a sandbox, which the article has not.
ANSWERED = (0, 4)
#: Seconds, and MiB: bounds that the project promises.
BOUNDS = {"article": 0.5, "custom_constraints": 1.5, "hundred_tenants": 2.0, "hundred_tenants_mib": 200.0}
TENANTS, CLUSTERS = 100, 3


def rayfence(*words: str) -> tuple[float, float]:
    """(seconds, peak MiB) of one run of the command. Raises RuntimeError when it fails."""
    began = time.perf_counter()
    argv = [sys.executable, "-m", "rayfence", *words]
    null = os.open(os.devnull, os.O_WRONLY)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = os.posix_spawn(sys.executable, argv, environment, file_actions=[(os.POSIX_SPAWN_DUP2, null, 1)])
    os.close(null)
    _, status, usage = os.wait4(child, 0)
    if os.waitstatus_to_exitcode(status) not in ANSWERED:
        raise RuntimeError(f"rayfence {' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024


def medians(rounds: int, words: Sequence[str]) -> tuple[float, float]:
    """Median seconds and highest peak MiB of `rounds` runs."""
    rayfence(*words)
    runs = [rayfence(*words) for _ in range(rounds)]
    return statistics.median(run[0] for run in runs), max(run[1] for run in runs)


def with_custom_constraints(folder: Path) -> Path:
    """The article's policies, and the published examples of custom constraints on GKE, enforced at its organisation."""
    shutil.copytree(ARTICLE / "org-policies", folder)
    rows = [row for row in load_example_constraints() if row.kinds[0].startswith("container.googleapis.com/")]
    definitions = [
        {
            "name": f"{ORGANIZATION}/customConstraints/{row.name}",
            "resourceTypes": list(row.kinds),
            "methodTypes": list(row.methods),
            "condition": row.condition,
            "actionType": "DENY" if row.denies else "ALLOW",
            "displayName": row.title,
        }
        for row in rows
    ]
    rule = {"rules": [{"enforce": True}]}
    policies = [{"name": f"{ORGANIZATION}/policies/{row.name}", "spec": rule} for row in rows]
    (folder / "custom.json").write_text(json.dumps([*definitions, *policies]), encoding="utf-8")
    return folder


def many_tenants(path: Path) -> Path:
    """A spec for an existing cluster with a hundred tenants of three Ray clusters and a gateway each."""
    image = f"registry.example/ray/ray@sha256:{'0' * 64}"
    pods = {
        "ray": {"version": "2.60.0", "image": image},
        "head": {"cpus": 2, "memoryGib": 8},
        "workers": [{"name": "cpu", "cpus": 2, "memoryGib": 8, "minimum": 0, "maximum": 4}],
    }
    tenants = [
        {
            "name": f"t{number:03}",
            "roles": {"submitter": [f"group:t{number:03}@example.com"]},
            "clusters": [{"name": f"c{cluster}", **pods} for cluster in range(CLUSTERS)],
        }
        for number in range(TENANTS)
    ]
    spec = {
        "apiVersion": "rayfence.dev/v1alpha1",
        "kind": "Platform",
        "metadata": {"name": "many"},
        "target": {"kubernetes": {}},
        "operator": {"source": "existing"},
        "images": {
            "registries": ["registry.example/ray/"],
            "gateway": f"registry.example/ray/gateway@sha256:{'1' * 64}",
        },
        "tenants": tenants,
    }
    path.write_text(json.dumps(spec), encoding="utf-8")
    return path


def measure(rounds: int) -> dict[str, object]:
    """Run every case `rounds` times."""
    with tempfile.TemporaryDirectory(prefix="rf-bench-plan-") as name:
        folder = Path(name)
        spec = str(ARTICLE / "platform.yaml")
        custom = str(with_custom_constraints(folder / "org-policies"))
        many = str(many_tenants(folder / "many.yaml"))
        start, _ = medians(rounds, ["--help"])
        article, article_mib = medians(rounds, ["plan", "-f", spec, "--json"])
        ruled, ruled_mib = medians(rounds, ["plan", "-f", spec, "--policies", custom, "--json"])
        tenants, tenants_mib = medians(rounds, ["render", "-f", many, "-o", str(folder / "out")])
    seconds = {"article": article, "custom_constraints": ruled - article, "hundred_tenants": tenants}
    found = {**seconds, "hundred_tenants_mib": tenants_mib}
    return {
        **{f"{case}_seconds": round(value, 3) for case, value in seconds.items()},
        **{f"{case}_ratio_to_help": round(value / start, 2) for case, value in seconds.items()},
        "article_mib": round(article_mib, 1),
        "custom_constraints_mib": round(ruled_mib, 1),
        "hundred_tenants_mib": round(tenants_mib, 1),
        "kept": all(found[key] <= bound for key, bound in BOUNDS.items()),
        "repeat": "python -m bench.plan --json",
    }


def main() -> int:
    """Print the result; exit 1 when a promised bound is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    result = measure(arguments.rounds)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        for key, value in result.items():
            print(f"{key:<36} {value}")
    return 0 if result["kept"] else 1


if __name__ == "__main__":
    raise SystemExit(main())
