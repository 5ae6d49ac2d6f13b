"""A fresh look at an instance for `verify.posture`: kernel tables, ports, certificates, files, trail.

Changes nothing.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from rayfence.adapters import files
from rayfence.adapters.gateway import status_of
from rayfence.adapters.net import handshake, listeners
from rayfence.adapters.processes import confinement
from rayfence.adapters.processes.state_file import KeeperStatus
from rayfence.adapters.ray import install as ray_install
from rayfence.adapters.tls import inspection
from rayfence.api.instances import Record
from rayfence.api.session import local_server
from rayfence.api.trail import trail_sighting
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.errors import StateError
from rayfence.model.resolution import Certificates
from rayfence.render.local.layout import Layout
from rayfence.verify.posture import REFUSED, LeafSighting, PortSighting, RaySighting, Sightings

_ANY_RAY_ROUTE = "/api/version"


def sightings(record: Record, keeper: KeeperStatus) -> Sightings:
    """Look at everything the posture table judges."""
    layout = Layout(record.places)
    roots = [item.pid for item in keeper.processes if item.pid]
    roots += [ident.pid for ident in (keeper.keeper, keeper.warden) if ident is not None]
    seen = _listeners(roots)
    answers = _gateway(record)
    return Sightings(
        operator_uid=os.geteuid(),
        parts=tuple((item.name, item.phase) for item in keeper.processes),
        keeper_watched=keeper.keeper is not None and keeper.warden is not None,
        listeners=None if seen is None else sum(item.protocol != "unix" for item in seen),
        exposed=() if seen is None else tuple(str(item) for item in listeners.exposed(seen)),
        ray_ports=tuple(_ports(record)) if roots else (),
        anonymous_status=answers[0],
        foreign_host_status=answers[1],
        ray=tuple(_ray(keeper)),
        leaves=tuple(_leaves(layout, record)),
        loose_files=_loose(layout),
        trail=trail_sighting(record),
        ray_version=ray_install.installed_version() or "0.0.0",
        ray_floor=load_ray_versions().floor,
    )


def _listeners(roots: list[int]) -> tuple[listeners.Listener, ...] | None:
    if not roots:
        return None
    try:
        return listeners.listeners(roots)
    except PermissionError:
        return None


def exposed_listeners(keeper: KeeperStatus) -> tuple[str, ...]:
    """Listeners of the instance's processes that are not loopback. Raises PermissionError when they can't be read."""
    roots = [item.pid for item in keeper.processes if item.pid]
    return tuple(str(item) for item in listeners.exposed(listeners.listeners(roots)))


def _gateway(record: Record) -> tuple[int | None, int | None]:
    try:
        server = local_server(record)
    except StateError:
        return None, None
    own = status_of(server, "localhost", _ANY_RAY_ROUTE)
    return own, status_of(server, "rebound.attacker.test", _ANY_RAY_ROUTE)


def _ports(record: Record) -> Iterator[PortSighting]:
    head = record.ports.head
    yield _http("dashboard", head.dashboard, _ANY_RAY_ROUTE)
    yield _http("autoscaler metrics", head.autoscaler_metrics, "/metrics")
    yield _http("dashboard metrics", head.dashboard_metrics, "/metrics")
    yield _http("serve", head.serve, "/-/healthz")
    yield _grpc("gcs", head.gcs)
    yield _grpc("ray client", head.client_server)
    for node in record.ports.nodes:
        yield _http("agent", node.agent_http, "/api/job_agent/jobs/x/logs")
        yield _http("runtime-env agent", node.runtime_env_agent, "/get_runtime_envs_info")
        yield _http("metrics", node.metrics, "/metrics")
        yield _grpc("node manager", node.node_manager)
        yield _grpc("object manager", node.object_manager)
        yield _grpc("agent gRPC", node.agent_grpc)


def _http(name: str, port: int, path: str) -> PortSighting:
    answer = handshake.http_get(port, path)
    return PortSighting(name, port, answer is not None, answer.status if answer is not None else None)


def _grpc(name: str, port: int) -> PortSighting:
    outcome = handshake.tls_outcome(port, handshake.Client())
    listening = outcome is not handshake.Outcome.UNREACHABLE
    words = REFUSED if outcome is handshake.Outcome.REFUSED else f"{outcome} without certificate"
    return PortSighting(name, port, listening, None, words)


def _ray(keeper: KeeperStatus) -> Iterator[RaySighting]:
    roots = [item.pid for item in keeper.processes if item.pid and item.name.startswith("ray-")]
    for one in confinement.confinements(roots):
        name = f"{one.command} {one.pid}"
        yield RaySighting(name, one.uid, one.own_mounts, one.own_pids, one.capabilities, one.no_new_privileges)


def _leaves(layout: Layout, record: Record) -> Iterator[LeafSighting]:
    lifetimes = Certificates()
    front, node = lifetimes.front_renew_before_hours, lifetimes.node_renew_before_hours
    paths = [(f"{layout.envoy}/server.crt", front, True), (f"{layout.envoy}/ray-client.crt", node, False)]
    paths += [(str(path), node, False) for path in sorted(Path(record.places.ray).glob("*.crt"))]
    paths += [(layout.front_ca, front, False), (layout.node_ca, node, False)]
    for path, warn, hot in paths:
        try:
            left = inspection.inspect(path).remaining(datetime.now(UTC))
        except StateError:
            continue  # a leaf that is not there shows in the plan; what can't be read is no date
        yield LeafSighting(Path(path).name, left.total_seconds() / 3600, warn, hot)


def _loose(layout: Layout) -> tuple[str, ...] | None:
    state = layout.places.state
    private = (layout.secrets, layout.settings, f"{state}/users.json", layout.certificates, layout.envoy, layout.trail)
    try:
        return files.loose(private, os.geteuid())
    except OSError:
        return None
