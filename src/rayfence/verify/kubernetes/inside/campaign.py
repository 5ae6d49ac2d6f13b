"""The attack from inside, from the first namespace to the last one gone. Touches the world through ports only."""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from rayfence.errors import KubernetesError, cut
from rayfence.model.api_objects import Json, namespace_of
from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.model.ray_ports import RayPort
from rayfence.render.kubernetes.names import gateway_namespace
from rayfence.verify.kubernetes.inside.crew import LIFE, LISTEN, Member, members_of, pod
from rayfence.verify.kubernetes.inside.gateway import Door, audiences_of, gateway_rows, requests_of
from rayfence.verify.kubernetes.inside.network import CLOSED, OPEN, SELF, Ground, network_rows
from rayfence.verify.kubernetes.inside.ports import METRICS, gateway_port_rows, missing_rows, port_rows
from rayfence.verify.kubernetes.inside.sightings import Report, no_report
from rayfence.verify.kubernetes.inside.stage import Stage
from rayfence.verify.kubernetes.inside.targets import (
    EVERY,
    GATEWAY_PORTS,
    Target,
    gateway_targets,
    known_ranges,
    ports_of,
    ray_targets,
    searched_whole,
)
from rayfence.verify.kubernetes.rows import Chosen, Title, unknown

#: In so many tenants a pod attacks the others; each tenant is attacked by at least one of them.
_ATTACKERS: Final = 2
#: A network learns of a new pod a moment after it has begun to run; until then even good policies let it through.
SETTLE: Final = 4
_ALL: Final = Title("network.enforced", "network policies", "attacks from inside", "a probe pod that runs")


@dataclass(frozen=True, slots=True)
class Field:
    """What is attacked from inside. `code`: the program of the probe's pods; `image`: what they run.

    `table`: the plan's ports. `doors`: gateways by tenant. `now`: seconds since the epoch. `run`: makes names.
    `foreign`: namespace to references of network policies there that nobody planned. `search`: whether ports are asked
    about at all: it is what takes long.
    """

    platform: str
    tenants: tuple[str, ...]
    table: tuple[RayPort, ...]
    doors: Mapping[str, Door]
    image: str
    code: str
    run: str
    now: int
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    search: bool = True


def attack_from_inside(where: Field, stage: Stage, pods: Sequence[Json], chosen: Chosen) -> tuple[Evidence, ...]:
    """Evidence for each attack. `pods`: of all tenants and gateways, as they run. The caller removes the probe.

    1. Make the namespaces, and the listeners whose addresses the attackers are told.
    2. Send a neighbour, a friend, and a pod inside of tenants, all at once.
    3. Read what they saw, and judge.
    Raises nothing of the server's: what can't be made is a row that says so.
    """
    targets = targets_of(where, pods) if where.search else ()
    crew = members_of(where.platform, where.run, where.tenants[:_ATTACKERS])
    try:
        stage.open()
        listeners = _listeners(where, stage, crew)  # 1
    except KubernetesError as error:
        return (unknown(_ALL, cut(str(error))),)
    reports = _sent(where, stage, crew, listeners, targets, pods)  # 2
    inside = {member.namespace: reports[member] for member in crew if member.part == "tenant"}
    parts = {member.part: reports[member] for member in crew if member in reports}
    ground = Ground(parts["neighbour"], parts["friend"], inside, where.foreign)
    gateways = tuple(tenant for tenant in where.tenants if tenant in where.doors)
    rows = [*network_rows(ground, where.platform, gateways), *gateway_rows(where.doors, ground.friend, where.now)]  # 3
    if where.search:
        rows += port_rows(ground, targets, where.table)
        rows += missing_rows(targets, where.table)
        rows += gateway_port_rows(ground, targets)
    return tuple(found for found in rows if chosen(found.attack))


def targets_of(where: Field, pods: Sequence[Json]) -> tuple[Target, ...]:
    """Every pod that is attacked."""
    return tuple(
        target
        for tenant in where.tenants
        for target in (*ray_targets(pods, tenant), *gateway_targets(pods, tenant, gateway_namespace(tenant)))
    )


def _listeners(where: Field, stage: Stage, crew: Sequence[Member]) -> dict[str, str]:
    stage.report("starting two listeners, one behind a policy that lets nobody in")
    listeners = {OPEN: crew[0], CLOSED: crew[1]}
    for member in listeners.values():
        wish = {"listen": LISTEN, "seconds": LIFE}
        stage.start(pod(member, where.platform, where.image, where.code, wish, {}))
    return {key: stage.address(member) for key, member in listeners.items()}


def _sent(
    where: Field,
    stage: Stage,
    crew: Sequence[Member],
    listeners: Mapping[str, str],
    targets: Sequence[Target],
    pods: Sequence[Json],
) -> dict[Member, Report]:
    attackers = [member for member in crew if member.part not in ("open", "closed")]
    homes = ", ".join(sorted({member.namespace for member in attackers}))
    stage.report(f"attacking {len(targets)} pods from {len(attackers)} pods: {homes}")
    reports: dict[Member, Report] = {}
    services = _services(pods, where)
    for member in attackers:
        wish = {"mark": stage.mark, **_wish(where, member, listeners, targets, services)}
        carried = audiences_of(where.doors, where.platform) if member.part == "friend" else {}
        try:
            stage.start(pod(member, where.platform, where.image, where.code, wish, carried))
        except KubernetesError as error:
            reports[member] = no_report(f"it could not be made: {error}")
    for member in attackers:
        if member not in reports:
            reports[member] = stage.outcome(member)
            stage.report(f"{member.namespace}/{member.name}: {reports[member].problem or 'has reported'}")
    return reports


def _services(pods: Sequence[Json], where: Field) -> dict[str, dict[str, object]]:
    """Gateways by name, as clients dial them: only those that run."""
    running = {namespace_of(one) for one in pods}
    return {
        f"service/{door.home}": {"host": door.settings.hosts.login, "ports": [[443, 443]]}
        for door in where.doors.values()
        if door.home in running
    }


def _wish(
    where: Field,
    member: Member,
    listeners: Mapping[str, str],
    targets: Sequence[Target],
    services: Mapping[str, dict[str, object]],
) -> dict[str, object]:
    spots: dict[str, dict[str, object]] = {
        key: {"host": address, "ports": [[LISTEN, LISTEN]]} for key, address in listeners.items()
    }
    spots[SELF] = {"host": "self", "ports": []}
    whole = searched_whole(targets)
    for target in targets:
        if member.part == "friend":
            ranges = [(port, port) for port in METRICS] if target.workload else []
        elif member.part == "neighbour" and target.key in whole:
            ranges = [EVERY]
        elif target.tenant != member.namespace and target.workload:
            ranges = known_ranges(ports_of(target, where.table))
        elif member.part == "neighbour":
            ranges = [GATEWAY_PORTS]
        else:
            continue
        spots[target.key] = {"host": target.address, "ports": [list(one) for one in ranges]}
    if member.part != "tenant":
        spots |= services
    requests, greetings, tokens = requests_of(where.doors, where.now) if member.part == "friend" else ({}, {}, {})
    return {"settle": SETTLE, "targets": spots, "requests": requests, "greetings": greetings, "tokens": tokens}
