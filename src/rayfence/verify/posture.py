"""The posture table of a local instance: sightings in, verdicts out. Pure.

Covers what a look from outside shows without writing anything. Leaves out attacks through the gateway
(`verify.attacks`). What could not be looked at is UNKNOWN, never PASS.
"""

from collections.abc import Callable, Iterator

from rayfence.model.frozen import dataclass
from rayfence.model.verdict import Posture, Verdict


@dataclass(frozen=True, slots=True)
class PortSighting:
    """One TCP port as probed from this machine. `http_status` None: no HTTP answer. `tls` in words, or None."""

    name: str
    port: int
    listening: bool
    http_status: int | None = None
    tls: str | None = None  # "refused without certificate", "accepted without certificate", …


@dataclass(frozen=True, slots=True)
class RaySighting:
    """One process of Ray as the kernel describes it.

    `sees_state`: whether its mount namespace shows our state folder.
    """

    name: str
    uid: int
    own_mounts: bool
    own_pids: bool
    capabilities: int
    no_new_privileges: bool


@dataclass(frozen=True, slots=True)
class LeafSighting:
    """One certificate. `hours_left` may be negative; `warn_hours` is its renewal window."""

    name: str
    hours_left: float
    warn_hours: int
    hot: bool


@dataclass(frozen=True, slots=True)
class TrailSighting:
    """The trail, verified just now. `problem` empty: chain and heads agree."""

    records: int
    problem: str
    lost: int


@dataclass(frozen=True, slots=True)
class Sightings:
    """Everything a status looks at. None: it could not be looked at."""

    operator_uid: int
    parts: tuple[tuple[str, str], ...]  # supervised process -> phase
    keeper_watched: bool | None
    listeners: int | None
    exposed: tuple[str, ...]
    ray_ports: tuple[PortSighting, ...]
    anonymous_status: int | None  # GET a Ray route at the gateway without a token
    foreign_host_status: int | None  # the same under a Host that is not ours
    ray: tuple[RaySighting, ...]
    leaves: tuple[LeafSighting, ...]
    loose_files: tuple[str, ...] | None  # secrets that others may read
    trail: TrailSighting | None
    ray_version: str
    ray_floor: str


Row = tuple[Verdict, str]


def posture(seen: Sightings) -> tuple[Posture, ...]:
    """One row per control, in the order of `CONTROLS`."""
    return tuple(Posture(control, title, *judge(seen)) for control, title, judge in CONTROLS)


def _parts(seen: Sightings) -> Row:
    if not seen.parts:
        return Verdict.FAIL, "nothing runs"
    not_ready = [f"{name} {phase}" for name, phase in seen.parts if phase != "ready"]
    if not_ready:
        return Verdict.FAIL, ", ".join(not_ready)
    if not seen.keeper_watched:
        return Verdict.FAIL, "all ready, but keeper and warden do not watch each other"
    return Verdict.PASS, f"{len(seen.parts)} parts ready, keeper and warden watch each other"


def _loopback(seen: Sightings) -> Row:
    if seen.listeners is None:
        return Verdict.UNKNOWN, "the kernel's socket table could not be read"
    if seen.exposed:
        return Verdict.FAIL, f"reachable from elsewhere: {', '.join(seen.exposed)}"
    if seen.listeners == 0:
        return Verdict.UNKNOWN, "no listener found"
    return Verdict.PASS, f"{seen.listeners} listeners in the kernel's table, all on loopback"


def _token(seen: Sightings) -> Row:
    ports = [port for port in seen.ray_ports if port.name in TOKEN_PORTS and port.listening]
    if not ports:
        return Verdict.UNKNOWN, "no HTTP port of Ray answers"
    open_ports = [f"{port.name} {port.port} answered {port.http_status}" for port in ports if port.http_status != 401]
    if open_ports:
        return Verdict.FAIL, "without a token: " + ", ".join(open_ports)
    return Verdict.PASS, "401 without a token: " + _named(ports)


def _mutual_tls(seen: Sightings) -> Row:
    ports = [port for port in seen.ray_ports if port.tls is not None and port.listening]
    if not ports:
        return Verdict.UNKNOWN, "no gRPC port of Ray answers"
    lax = [f"{port.name} {port.port} {port.tls}" for port in ports if port.tls != REFUSED]
    if lax:
        return Verdict.FAIL, ", ".join(lax)
    return Verdict.PASS, f"TLS refused without our certificate: {_named(ports)}"


def _metrics(seen: Sightings) -> Row:
    ports = [port for port in seen.ray_ports if port.name in METRICS_PORTS and port.listening]
    answering = [port for port in ports if port.http_status == 200]
    if answering:
        return Verdict.FAIL, f"Ray serves metrics to every local user: {_named(answering)} (loopback only)"
    return (Verdict.PASS, "no metrics port answers") if ports else (Verdict.NOT_APPLICABLE, "no metrics port is open")


def _serve(seen: Sightings) -> Row:
    ports = [port for port in seen.ray_ports if port.name == "serve" and port.listening]
    if not ports:
        return Verdict.NOT_APPLICABLE, "Ray Serve is not started"
    return Verdict.FAIL, f"Ray Serve has no token: local users reach {_named(ports)} past the gateway (loopback only)"


def _gateway(seen: Sightings) -> Row:
    if seen.anonymous_status is None:
        return Verdict.UNKNOWN, "the gateway does not answer"
    if seen.anonymous_status != 401:
        return Verdict.FAIL, f"a request without a token was answered {seen.anonymous_status}"
    return Verdict.PASS, "401 without a token"


def _hosts(seen: Sightings) -> Row:
    if seen.foreign_host_status is None:
        return Verdict.UNKNOWN, "the gateway does not answer"
    if seen.foreign_host_status != 421:
        return Verdict.FAIL, f"a foreign Host was answered {seen.foreign_host_status} (DNS rebinding, CVE-2025-62593)"
    return Verdict.PASS, "421 for a foreign Host"


def _walls(seen: Sightings) -> Row:
    if not seen.ray:
        return Verdict.UNKNOWN, "no process of Ray could be looked at"
    shared = [one.name for one in seen.ray if one.uid == seen.operator_uid and not (one.own_mounts and one.own_pids)]
    if shared:
        return Verdict.FAIL, f"same uid and no namespaces: job code can read the gateway's keys ({', '.join(shared)})"
    strong = [one.name for one in seen.ray if one.capabilities or not one.no_new_privileges]
    if strong:
        return Verdict.FAIL, f"privileges left: {', '.join(strong)}"
    uids = sorted({one.uid for one in seen.ray})
    apart = f"uid {', '.join(map(str, uids))}" if uids != [seen.operator_uid] else "hidden by namespaces"
    return Verdict.PASS, f"{len(seen.ray)} processes of Ray: {apart}, own mounts and pids, no capabilities"


def _leaves(seen: Sightings) -> Row:
    if not seen.leaves:
        return Verdict.UNKNOWN, "no certificate found"
    expired = [leaf.name for leaf in seen.leaves if leaf.hours_left <= 0]
    if expired:
        return Verdict.FAIL, f"expired: {', '.join(expired)}; run `rayfence restart`"
    ageing = [leaf.name for leaf in seen.leaves if leaf.hours_left < leaf.warn_hours and not leaf.hot]
    if ageing:
        return Verdict.FAIL, f"expire soon: {', '.join(ageing)}; run `rayfence restart` (Ray does not reload)"
    first = min(seen.leaves, key=lambda leaf: leaf.hours_left)
    return (
        Verdict.PASS,
        f"{len(seen.leaves)} certificates; the first to expire, {first.name}, has {first.hours_left:.0f} h",
    )


def _files(seen: Sightings) -> Row:
    if seen.loose_files is None:
        return Verdict.UNKNOWN, "the state folder could not be read"
    if seen.loose_files:
        return Verdict.FAIL, f"readable by others: {', '.join(seen.loose_files)}"
    return Verdict.PASS, "keys, tokens and accounts are readable by their owner only"


def _trail(seen: Sightings) -> Row:
    if seen.trail is None:
        return Verdict.UNKNOWN, "the trail could not be read"
    if seen.trail.problem:
        return Verdict.FAIL, seen.trail.problem
    if seen.trail.lost:
        return Verdict.FAIL, f"{seen.trail.lost} decisions of Envoy are missing from the trail"
    return Verdict.PASS, f"{seen.trail.records} records, chain and signed heads agree"


def _version(seen: Sightings) -> Row:
    def order(version: str) -> tuple[int, ...]:
        return tuple(int(part) for part in version.split("."))

    if order(seen.ray_version) < order(seen.ray_floor):
        return Verdict.FAIL, f"Ray {seen.ray_version} is below {seen.ray_floor}: known holes"
    return Verdict.PASS, f"Ray {seen.ray_version}, at or above {seen.ray_floor}"


def _named(ports: list[PortSighting]) -> str:
    return ", ".join(f"{port.name} {port.port}" for port in ports)


REFUSED = "refused without certificate"
TOKEN_PORTS = frozenset({"dashboard", "agent", "runtime-env agent"})
METRICS_PORTS = frozenset({"metrics", "autoscaler metrics", "dashboard metrics"})

#: Stable id, title, judge.
CONTROLS: tuple[tuple[str, str, Callable[[Sightings], Row]], ...] = (
    ("instance.parts", "every part runs and is watched", _parts),
    ("ray.version", "Ray without known holes", _version),
    ("ray.listeners.loopback", "nothing listens to the network", _loopback),
    ("ray.token", "Ray's HTTP ports ask for the token", _token),
    ("ray.mtls", "Ray's gRPC ports ask for a certificate", _mutual_tls),
    ("ray.metrics", "Ray's metrics are not public", _metrics),
    ("ray.serve", "Serve is reached through the gateway only", _serve),
    ("ray.walls", "job code can't reach the gateway's secrets", _walls),
    ("gateway.identity", "the gateway asks who is calling", _gateway),
    ("gateway.hosts", "the gateway answers to its own names only", _hosts),
    ("certificates", "certificates are in date", _leaves),
    ("secrets.files", "secrets are private files", _files),
    ("trail", "the trail is whole", _trail),
)


def failing(rows: tuple[Posture, ...]) -> Iterator[Posture]:
    """Rows that are not fine, worst first."""
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN):
        yield from (row for row in rows if row.verdict is verdict)
