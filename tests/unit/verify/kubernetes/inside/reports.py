"""Reports of probes by hand."""

from typing import Any

from rayfence.model.ray_ports import PortGuard, RayPort
from rayfence.verify.kubernetes.inside.network import CLOSED, OPEN, SELF, Ground
from rayfence.verify.kubernetes.inside.sightings import Reply, Report, Spot, port_of
from rayfence.verify.kubernetes.inside.targets import Target

HELLO: dict[str, Any] = {"kind": "http", "paths": {"GET /": 200}}
ASKS: dict[str, Any] = {"kind": "http", "paths": {"GET /logs/": 401}}
METRICS: dict[str, Any] = {"kind": "http", "paths": {"GET /metrics": 200, "GET /logs/": 200}}
GRPC: dict[str, Any] = {"kind": "grpc", "calls": {"A/B": 16}}
TLS: dict[str, Any] = {"kind": "tls", "outcome": "refused"}
SILENT: dict[str, Any] = {"kind": "silent"}

HEAD = Target("vision", "vision", "train-head", "10.0.0.1", "RayCluster vision/train", "head", ready=True)


def spot(*ports: tuple[int, dict[str, Any]], tried: int = 65535) -> Spot:
    """A target with these ports open."""
    return Spot(tried, tuple(port_of(number, said) for number, said in ports))


def report(reaches: tuple[str, ...] = (OPEN, SELF), replies: dict[str, Reply] | None = None, **targets: Spot) -> Report:
    """`reaches`: listeners; `targets`: by the target's name in `vision`; `service_…` are services."""
    spots = {key: spot((8080, HELLO)) for key in reaches}
    spots |= {CLOSED: spot()} if CLOSED not in reaches else {}
    named = {f"vision/{name.replace('_', '-')}": value for name, value in targets.items()}
    return Report({**spots, **named}, replies or {}, {})


def walled(neighbour: Report | None = None, friend: Report | None = None, **tenants: Report) -> Ground:
    """Policies hold: the closed listener is not reached."""
    return Ground(neighbour or report(train_head=spot()), friend or report(), tenants)


def open_ground(neighbour: Report | None = None, **tenants: Report) -> Ground:
    """Nothing enforces policies."""
    return Ground(neighbour or report((OPEN, CLOSED, SELF), train_head=spot()), report(), tenants)


def entry(
    port: str, guard: PortGuard = PortGuard.POLICY, name: str = "", answers: str = "401 without the token"
) -> RayPort:
    """A row of the port table."""
    return RayPort(HEAD.workload, "head", port, name or f"port {port}", guard, (), True, answers, "")
