"""What a cluster could leave on a machine: processes, mounts, namespaces, devices, control groups, kernel settings."""

import contextlib
from dataclasses import dataclass, fields
from pathlib import Path

from tests.cluster.harness.cgroups import hierarchies
from tests.cluster.inside.enclosure import MACHINE_SETTINGS

#: Folders with fixed names in which container tools keep state outside of what they are told.
_STATE = ("/run/containerd", "/run/netns", "/var/lib/cni", "/var/lib/kubelet", "/var/log/pods", "/var/log/containers")


@dataclass(frozen=True, slots=True)
class MachineState:
    """Comparable between two moments. Processes: those of other process namespaces than ours, which none is before."""

    processes: frozenset[str]
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


def machine_state() -> MachineState:
    """The machine as it is now."""
    return MachineState(
        processes=frozenset(_enclosed_processes()),
        mounts=frozenset(Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()),
        devices=frozenset(path.name for path in Path("/sys/class/net").iterdir()),
        control_groups=frozenset(str(path) for top in hierarchies() for path in top.glob("rayfence-*")),
        settings=frozenset(_settings()),
        state=frozenset(str(path) for name in _STATE for path in Path(name).rglob("*")),
    )


def _enclosed_processes() -> list[str]:
    ours = Path("/proc/self/ns/pid").readlink()
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):  # ended meanwhile
            if entry.name.isdigit() and (entry / "ns" / "pid").readlink() != ours:
                command = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append(f"{entry.name} {command[:100]}")
    return found


def _settings() -> list[str]:
    names = (*MACHINE_SETTINGS, "net/ipv4/ip_forward", "net/netfilter/nf_conntrack_max")
    paths = (Path("/proc/sys", name) for name in names)
    return [f"{path} {path.read_text(encoding='ascii').strip()}" for path in paths if path.exists()]
