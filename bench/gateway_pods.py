"""What a gateway's pod holds in memory, from the control groups of its containers.

    python -m bench.gateway_pods [--json] [--cluster NAME]

NAME: a test cluster in which gateways run, whoever applied them; as root on the same machine. Where none runs nothing
is measured, and that is said. Counted as the kubelet counts: what the group uses, less files untouched for a while.
"""

import argparse
import json
from pathlib import Path
from typing import Final

from tests.cluster.harness.cgroups import hierarchies
from tests.cluster.harness.places import DEFAULT_NAME

#: Megabytes (10^6 bytes) that the project promises.
BOUND: Final = 150.0
#: What tells a gateway's processes from a head's sidecar: where their files are mounted.
_FILES: Final = "/etc/rayfence/gateway/"


def words_of(pid: int) -> str:
    """A process's command line; empty when it has gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def parent_of(pid: int) -> int:
    """A process's parent: of a container's first one its pod's shim."""
    text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    return int(text.rpartition(")")[2].split()[1])


def working_set(group: Path) -> int:
    """Bytes of one control group, of either version."""
    used = next(group / name for name in ("memory.usage_in_bytes", "memory.current") if (group / name).is_file())
    stat = dict(line.split() for line in (group / "memory.stat").read_text(encoding="utf-8").splitlines())
    idle = stat.get("total_inactive_file", stat.get("inactive_file", "0"))
    return max(0, int(used.read_text(encoding="utf-8")) - int(idle))


def gateway_groups(cluster: str) -> dict[int, list[tuple[str, int]]]:
    """Shim of each gateway pod to (program, bytes) of its containers."""
    found: dict[int, list[tuple[str, int]]] = {}
    for top in hierarchies():
        for group in sorted((top / f"rayfence-{cluster}").glob("**/*")):
            if not (group / "memory.stat").is_file():
                continue
            pids = [int(line) for line in (group / "cgroup.procs").read_text(encoding="utf-8").split()]
            for pid in pids[:1]:
                words = words_of(pid)
                if _FILES in words:
                    found.setdefault(parent_of(pid), []).append((words.split()[0], working_set(group)))
    return found


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--cluster", default=DEFAULT_NAME)
    options = parser.parse_args()
    pods = [sorted(parts) for _, parts in sorted(gateway_groups(options.cluster).items())]
    if not pods:
        print(f"not measured: no gateway runs in cluster {options.cluster}, or its control groups may not be read")
        return
    megabytes = [round(sum(size for _, size in parts) / 1e6, 1) for parts in pods]
    result = {
        "pods": len(pods),
        "largest_mb": max(megabytes),
        "parts_mb": [{program: round(size / 1e6, 1) for program, size in parts} for parts in pods],
        "kept": max(megabytes) <= BOUND,
        "repeat": f"python -m bench.gateway_pods --json --cluster {options.cluster}",
    }
    print(json.dumps(result, indent=1) if options.json else "\n".join(f"{k:<12} {v}" for k, v in result.items()))


if __name__ == "__main__":
    main()
