"""Namespaces that hold a whole cluster: processes, mounts and network end with their first process, however it ends.

Whoever kills that one process (its number outside is recorded) has ended every daemon, container and mount: the kernel
sees to it, so nothing has to be found again. What is not namespaced is hidden instead: kubelet writes kernel settings
of the whole machine, and gets files of its own in their place; folders with fixed names are covered by empty ones.
What is left to remove from outside are control groups and the cluster's folder.
Source: pid_namespaces(7), mount_namespaces(7), kubelet's container manager for the settings.
"""

import ctypes
import os
import subprocess
from pathlib import Path
from typing import Final

from tests.cluster.harness.cgroups import hierarchies
from tests.cluster.inside import settings

_CLONE: Final = {"mount": 0x00020000, "process": 0x20000000, "network": 0x40000000, "control groups": 0x02000000}
_MS_BIND: Final = 0x1000
_MS_REC: Final = 0x4000
_MS_PRIVATE: Final = 1 << 18
#: Settings of the whole machine that a kubelet sets at its start, whatever it is told.
MACHINE_SETTINGS: Final = (
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
#: Processors that the node offers, more than the machine has: whole platforms ask for what real nodes have, and use
#: little of it. Only kubelet believes it; containers see the machine's own.
PROCESSORS: Final = 16
_SYSTEM: Final = Path("/sys/devices/system")


def leave_namespaces() -> None:
    """Leave this machine's mounts and network; children will be in a process namespace of their own."""
    flags = _CLONE["mount"] | _CLONE["process"] | _CLONE["network"]
    if _libc().unshare(flags) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def set_up_mounts(folder: Path) -> None:
    """Make this the first process's view: own /proc, own /run with the cluster's folder, nothing written outside."""
    _mount("none", "/", "", _MS_REC | _MS_PRIVATE)
    _mount("proc", "/proc", "proc")
    staging = Path("/run/cluster-staging")
    # /run is covered, so the folder is mounted through a descriptor that was opened before.
    descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    _mount("tmpfs", "/run", "tmpfs")
    Path(settings.HOME).mkdir()
    _mount(f"/proc/self/fd/{descriptor}", str(settings.HOME), "", _MS_BIND)
    os.close(descriptor)
    staging.mkdir()
    _mount("tmpfs", "/var/log", "tmpfs")
    (staging / "upper").mkdir()
    (staging / "work").mkdir()
    # The rest of /var/lib stays visible: interpreters and homes may lie there.
    _mount("overlay", "/var/lib", "overlay", 0, f"lowerdir=/var/lib,upperdir={staging}/upper,workdir={staging}/work")
    for name in MACHINE_SETTINGS:
        _decoy(Path("/proc/sys", name), staging / name.replace("/", "."))
    _offer_processors(staging / "topology")


def set_up_control_groups(name: str) -> None:
    """Make a group of this name the whole of every hierarchy: daemons and containers are in it or below it.

    containerd puts containers at its own place, whatever the kubelet asks for. The daemons get a leaf of their own,
    because version 2 lets no group with processes have children.
    """
    tops = hierarchies()
    for top in tops:
        _join(top / name, top)
    if _libc().unshare(_CLONE["control groups"]) != 0:
        raise OSError(ctypes.get_errno(), "unshare of control groups")
    for top in tops:
        _join(top / name / "daemons", top / name)
        _mount(str(top / name), str(top), "", _MS_BIND)


def _join(group: Path, parent: Path) -> None:
    group.mkdir(exist_ok=True)
    for setting in ("cpuset.cpus", "cpuset.mems"):  # of version 1: empty means none, and none may run
        if (parent / setting).exists():
            (group / setting).write_text((parent / setting).read_text(encoding="ascii"), encoding="ascii")
    (group / "cgroup.procs").write_text("0", encoding="ascii")  # this process


def set_up_network() -> None:
    """Addresses and a default route; the route leads nowhere, but must exist."""
    for arguments in (
        ("link", "set", "lo", "up"),
        ("addr", "add", f"{settings.NODE_ADDRESS}/24", "dev", "lo"),
        ("link", "add", "uplink", "type", "bridge"),
        ("addr", "add", settings.UPLINK_ADDRESS, "dev", "uplink"),
        ("link", "set", "uplink", "up"),
        ("route", "add", "default", "via", settings.GATEWAY_ADDRESS, "dev", "uplink"),
    ):
        subprocess.run(["ip", *arguments], check=True)
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")  # of this namespace


def _offer_processors(staging: Path) -> None:
    """Show kubelet one memory node with `PROCESSORS` processors. Source: cAdvisor's `GetNodesInfo`."""
    node, online = _SYSTEM / "node", _SYSTEM / "cpu" / "online"
    if not node.is_dir() or not online.exists() or (os.cpu_count() or 0) >= PROCESSORS:
        return
    shown = staging / "node" / "node0"
    (shown / "hugepages").mkdir(parents=True)
    for name in ("meminfo", "distance"):
        (shown / name).write_text((node / "node0" / name).read_text(encoding="ascii"), encoding="ascii")
    for number in range(PROCESSORS):
        topology = shown / f"cpu{number}" / "topology"
        topology.mkdir(parents=True)
        (topology / "core_id").write_text(f"{number}\n", encoding="ascii")
        (topology / "physical_package_id").write_text("0\n", encoding="ascii")
    (staging / "online").write_text(f"0-{PROCESSORS - 1}\n", encoding="ascii")
    _mount(str(staging / "node"), str(node), "", _MS_BIND)
    _mount(str(staging / "online"), str(online), "", _MS_BIND)


def _decoy(setting: Path, decoy: Path) -> None:
    if setting.exists():
        decoy.write_text(setting.read_text(encoding="ascii"), encoding="ascii")
        _mount(str(decoy), str(setting), "", _MS_BIND)


def _mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    encoded = (source.encode(), target.encode(), kind.encode() or None, flags, data.encode() or None)
    if _libc().mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(encoded[3]), encoded[4]) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"mount {kind or 'bind'} on {target}: {os.strerror(number)}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
