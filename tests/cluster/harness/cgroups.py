"""Control groups of a cluster's containers: they outlive the processes that were in them.

Works on hierarchies of version 1 (one for each controller) and 2 (one for all). Source: cgroups(7).
"""

import os
import time
from pathlib import Path

from tests.cluster.harness.places import ClusterError


def hierarchies() -> tuple[Path, ...]:
    """Where control groups are mounted on this machine."""
    rows = (line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines())
    return tuple(Path(row[1]) for row in rows if row[2] in ("cgroup", "cgroup2"))


def cgroup_folders(name: str) -> tuple[Path, ...]:
    """The group of this name in every hierarchy that has it."""
    return tuple(folder / name for folder in hierarchies() if (folder / name).is_dir())


def remove_cgroup(name: str, patience: float = 10.0) -> None:
    """Remove the group and all below it. Raises: ClusterError when processes are still in one."""
    until = time.monotonic() + patience
    while folders := cgroup_folders(name):
        for top in folders:
            for folder, _, _ in os.walk(top, topdown=False):
                try:
                    os.rmdir(folder)  # noqa: PTH106  the files in it are the kernel's
                except OSError as problem:
                    if time.monotonic() > until:
                        raise ClusterError(f"control group {folder} can't be removed: {problem}") from problem
        time.sleep(0.05)
