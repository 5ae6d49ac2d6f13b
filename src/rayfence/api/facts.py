"""`gather`: this machine's facts for one platform, from the adapters; ports of an earlier `up` are kept."""

import getpass
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rayfence.adapters.envoy import install as envoy_install
from rayfence.adapters.net import listeners
from rayfence.adapters.net import ports as net_ports
from rayfence.adapters.processes import accounts, inotify, keeper_control, walls
from rayfence.adapters.ray import install as ray_install
from rayfence.api.instances import Record, all_ports, instance_names, load_record, places_for, taken_ports
from rayfence.errors import PreflightError
from rayfence.model.host import HeadPorts, HostFacts, NodePorts, Places, Ports
from rayfence.model.platform import LocalPlatform
from rayfence.policy.resolve import ENVOY_WATCHERS, node_count
from rayfence.render.local.processes import ENVOY

#: Ports for the worker processes of one node: Ray takes one per worker and driver.
WORKER_PORTS = 100
_SERVE_DEFAULT = 8000
#: What was killed a moment ago still holds its ports.
_PATIENCE_SECONDS = 3.0


def gather(platform: LocalPlatform, state_dir: Path | None) -> HostFacts:
    """Facts for `platform` on this machine. Changes nothing. Raises PreflightError for a port in use by others."""
    record = load_record(platform.name, state_dir)
    places = record.places if record else places_for(platform.name, state_dir)
    expose = walls.exposures()
    ray_uid = record.ray_uid if record else accounts.pick_ray_uid(platform.name)
    seen = walls.available_walls(ray_uid, expose)
    return HostFacts(
        system=sys.platform,
        uid=os.geteuid(),
        user=record.user if record else getpass.getuser(),
        cpus=os.cpu_count() or 1,
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=sys.executable,
        ray_version=ray_install.installed_version(),
        envoy_path=envoy_install.binary_path(),
        envoy_version=envoy_install.installed_version(),
        watchers=None if _envoy_runs(record) else inotify.free_instances(ENVOY_WATCHERS),
        ray_uid=ray_uid if seen.other_uid else None,
        namespaces=seen.namespaces,
        walls_reason=seen.reason,
        expose=expose,
        hide=_hidden(places),
        places=places,
        ports=_ports(platform, record, state_dir),
    )


def _hidden(places: Places) -> tuple[str, ...]:
    # The operator's home too: job code has no business with their ssh keys and cloud credentials. What Ray needs from
    # there (interpreter, packages) is exposed on top.
    home = Path.home()
    own = (str(home),) if home.is_dir() and home != Path(home.anchor) else ()
    return tuple(dict.fromkeys((places.state, places.heads, places.runtime, *own)))


def _ports(platform: LocalPlatform, record: Record | None, state_dir: Path | None) -> Ports:
    """Recorded ports where they still fit, else free ones. Raises PreflightError where others listen at our door.

    The doors' ports are kept whatever happens: people have written them down. Those inside are nobody's business: when
    nothing of the instance runs and others have taken one, all are chosen anew.
    """
    taken = set(taken_ports(instance_names(state_dir), state_dir, platform.name))
    target, count = platform.target, node_count(platform)
    for named, field in ((target.port, "port"), (target.ray_client_port, "rayClientPort")):
        if named is not None and named in taken:
            raise PreflightError(
                f"target.local.gateway.{field}: {named} belongs to another instance", hint="choose another port"
            )
    taken |= {port for port in (target.port, target.ray_client_port) if port is not None}
    kept = record.ports if record else None
    gateway = target.port or (kept.gateway if kept else _take(taken))
    client = target.ray_client_port or (kept.ray_client if kept else _take(taken))
    own = _listening(record)
    for port, field in ((gateway, "port"), (client, "rayClientPort")):
        if port not in own and not _gets_free((port,)):
            raise PreflightError(
                f"port {port} is in use by another program",
                hint=f"end that program, or choose another port with target.local.gateway.{field} in the spec",
            )
    taken |= {gateway, client}
    if kept and not own and not _gets_free(all_ports(kept) - {kept.gateway, kept.ray_client}):
        kept = None
    head = kept.head if kept else _head(taken)
    nodes = list(kept.nodes[:count]) if kept else []
    for node in nodes:
        taken |= {*node.fixed(), *range(node.worker_min, node.worker_max + 1)}
    taken |= set(head.all())
    while len(nodes) < count:
        nodes.append(_node(taken))
    return Ports(gateway, client, head, tuple(nodes))


def _envoy_runs(record: Record | None) -> bool:
    """Whether the instance's own Envoy has its watchers already."""
    if record is None or not Path(record.places.runtime).is_dir():
        return False
    envoy = keeper_control.read_status(record.places.runtime).process(ENVOY)
    return envoy is not None and envoy.pid != 0


def _listening(record: Record | None) -> frozenset[int]:
    """Ports on which the instance's own processes listen now."""
    if record is None or not Path(record.places.runtime).is_dir():
        return frozenset()
    status = keeper_control.read_status(record.places.runtime)
    pids = [item.pid for item in status.processes if item.pid]
    try:
        return frozenset(item.port for item in listeners.listeners(pids))
    except PermissionError:
        return all_ports(record.ports) if pids else frozenset()


def _gets_free(ports: Iterable[int]) -> bool:
    """Whether all of them are free, or become so in a moment."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    busy = list(ports)
    while busy := [port for port in busy if not net_ports.is_free(port)]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def _take(taken: set[int]) -> int:
    port = net_ports.free_ports(1, tuple(taken))[0]
    taken.add(port)
    return port


def _head(taken: set[int]) -> HeadPorts:
    gcs, dashboard, client, autoscaler, metrics = (_take(taken) for _ in range(5))
    # Serve's HTTP port can only be set by the code that starts Serve, and that code says 8000 unless told otherwise.
    if _SERVE_DEFAULT not in taken and net_ports.is_free(_SERVE_DEFAULT):
        serve = _SERVE_DEFAULT
        taken.add(serve)
    else:
        serve = _take(taken)
    return HeadPorts(gcs, dashboard, client, autoscaler, metrics, serve)


def _node(taken: set[int]) -> NodePorts:
    manager, objects, http, grpc, runtime, metrics = (_take(taken) for _ in range(6))
    first = net_ports.free_range(WORKER_PORTS, tuple(taken))
    taken |= set(range(first, first + WORKER_PORTS))
    return NodePorts(manager, objects, http, grpc, runtime, metrics, first, first + WORKER_PORTS - 1)
