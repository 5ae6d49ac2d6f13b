"""What one cluster could leave on a machine: processes, mounts, devices, control groups, kernel settings, state.

Other clusters may live and change meanwhile, so processes are told by the process namespace they are in or below, and
mounts by the cluster's folder. Source: ioctl_ns(2) for a namespace's parent.
"""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from tests.cluster.harness import lifecycle
from tests.cluster.harness.cgroups import cgroup_folders
from tests.cluster.harness.places import Place
from tests.cluster.inside.enclosure import MACHINE_SETTINGS

#: Folders with fixed names in which container tools keep state outside of what they are told.
_STATE: Final = (
    *("/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet"),
    *("/var/log/pods", "/var/log/containers"),
)
_NS_GET_PARENT: Final = 0xB702


@dataclass(frozen=True, slots=True)
class MachineState:
    """Comparable between two moments."""

    mounts: frozenset[str]
    devices: frozenset[str]
    control_groups: frozenset[str]
    settings: frozenset[str]
    state: frozenset[str]

    def since(self, before: "MachineState") -> list[str]:
        """What is here and was not, or is not as it was."""
        return [
            f"{field.name}: {item}"
            for field in fields(self)
            for item in sorted(getattr(self, field.name) - getattr(before, field.name))
        ]


def machine_state(place: Place) -> MachineState:
    """The machine as it is now, as far as this cluster could have changed it."""
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return MachineState(
        mounts=frozenset(line for line in mounts if str(place.folder) in line),
        devices=frozenset(path.name for path in Path("/sys/class/net").iterdir()),
        control_groups=frozenset(map(str, cgroup_folders(place.cgroup))),
        settings=frozenset(_settings()),
        state=frozenset(str(path) for name in _STATE for path in Path(name).rglob("*")),
    )


def namespace_of(place: Place) -> int:
    """Number of the process namespace that holds the whole cluster; it must run."""
    process = lifecycle.first_process(place)
    assert process, "the cluster does not run"
    return os.stat(f"/proc/{process.pid}/ns/pid").st_ino  # noqa: PTH116


def processes_in(namespace: int) -> list[str]:
    """Processes in a process namespace or in one below it: daemons, and what runs in containers."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # ended meanwhile
            if entry.name.isdigit() and namespace in _namespaces(entry / "ns" / "pid"):
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"process {entry.name} {command[:100]}")
    return found


def _namespaces(path: Path) -> Iterator[int]:
    """The namespace and those above it, as far as we may see."""
    descriptor = os.open(path, os.O_RDONLY)
    while True:
        yield os.fstat(descriptor).st_ino
        try:
            parent = fcntl.ioctl(descriptor, _NS_GET_PARENT)
        except PermissionError:  # ours is the highest that we may see
            return
        finally:
            os.close(descriptor)
        descriptor = parent


def _settings() -> list[str]:
    names = (*MACHINE_SETTINGS, "net/ipv4/ip_forward")
    paths = (Path("/proc/sys", name) for name in names)
    return [f"{path} {path.read_text(encoding='ascii').strip()}" for path in paths if path.exists()]
