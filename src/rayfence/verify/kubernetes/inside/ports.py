"""Every port of every head, worker and gateway pod, as a neighbour sees it, judged by the plan's port table. Pure.

A port may refuse (401, a TLS or gRPC refusal) or give no connection. What answers anybody is a failure with a name:
Ray's metrics, the health paths of its agents, and whatever else the search finds.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.model.ray_ports import PortGuard, RayPort
from rayfence.render.kubernetes.names import (
    AUTOSCALER_METRICS_PORT,
    DASHBOARD_METRICS_PORT,
    GATEWAY_CLIENT,
    GATEWAY_TLS,
    METRICS_PORT,
    gateway_namespace,
)
from rayfence.verify.kubernetes.inside.network import Ground, is_open, remedy
from rayfence.verify.kubernetes.inside.sightings import Manner, Port, Report
from rayfence.verify.kubernetes.inside.targets import Target, label_of, ports_of, span
from rayfence.verify.kubernetes.rows import Remedy, Showing, Title, Works, listed, not_applicable, row, unknown

GROUP: Final = "ports of Ray's pods"
EXPECTED: Final = "401, a TLS or gRPC refusal, or no connection"
METRICS: Final = (METRICS_PORT, AUTOSCALER_METRICS_PORT, DASHBOARD_METRICS_PORT)
_OWN: Final = frozenset({GATEWAY_TLS, GATEWAY_CLIENT})


@dataclass(frozen=True, slots=True)
class Hit:
    """A port that accepted a connection. `attacker`: the tenant it came from; empty: the neighbour."""

    attacker: str
    target: Target
    port: Port


def told(hits: Iterable[Hit]) -> str:
    """For the table: each port once, with all who reached it."""
    found: dict[str, list[str]] = {}
    for hit in hits:
        origins = found.setdefault(f"{hit.target.name}:{hit.port.number} {hit.port.words}", [])
        origins.append(hit.attacker or "a neighbour")
    return listed(f"{words} (from {', '.join(origins)})" for words, origins in found.items())


def port_rows(ground: Ground, targets: Sequence[Target], table: Sequence[RayPort]) -> Iterator[Evidence]:
    """Rows for each workload and kind of node, however many pods it has."""
    groups: dict[tuple[str, str, str], list[Target]] = {}
    for target in targets:
        if target.workload:
            groups.setdefault((target.tenant, target.workload, target.node), []).append(target)
    for (tenant, workload, node), members in groups.items():
        rows = ports_of(members[0], table)
        if not rows:
            title = Title(_id(tenant, workload, node, "all"), GROUP, f"{workload} {node}", EXPECTED)
            yield unknown(title, "the plan has no such pods: apply it, then verify again")
            continue
        yield from _of_group(ground, tenant, members, rows)


def missing_rows(targets: Iterable[Target], table: Iterable[RayPort]) -> Iterator[Evidence]:
    """What the plan has and no pod is there for: nothing could be attacked, which is no pass.

    Workers come and go with the autoscaler, jobs with their schedule; a head that is not there should be.
    """
    there = {(target.workload, target.node) for target in targets}
    there |= {(workload, node.partition(" ")[0]) for workload, node in there}
    for workload, node in dict.fromkeys((port.workload, port.node) for port in table):
        if (workload, node) not in there:
            tenant = workload.partition(" ")[2].partition("/")[0]
            title = Title(_id(tenant, workload, node, "all"), GROUP, f"{workload} {node}", EXPECTED)
            why = "no pod of it runs now: verify again while one does"
            comes_and_goes = node.startswith("workers") or workload.startswith(("RayJob ", "RayCronJob "))
            yield not_applicable(title, why) if comes_and_goes else unknown(title, why)


def _of_group(ground: Ground, tenant: str, members: Sequence[Target], rows: Sequence[RayPort]) -> Iterator[Evidence]:
    hits = tuple(_hits(ground, members))
    fixed = [(entry, found) for entry in rows if (found := span(entry.port)) is not None]
    chosen = [entry for entry in rows if span(entry.port) is None]
    taken: set[int] = set()
    narrow_first = sorted(fixed, key=lambda pair: pair[1][1] - pair[1][0])
    own: dict[str, list[Hit]] = {}
    for entry, (low, high) in narrow_first:
        mine = [hit for hit in hits if low <= hit.port.number <= high and hit.port.number not in taken]
        own[entry.name] = mine
        taken |= {hit.port.number for hit in mine}
    for entry, _ in fixed:
        yield _row(ground, tenant, members, entry, own[entry.name])
    rest = [hit for hit in hits if hit.port.number not in taken]
    yield _rest(ground, tenant, members, chosen, rest)


def _hits(ground: Ground, members: Iterable[Target]) -> Iterator[Hit]:
    attackers: list[tuple[str, Report]] = [("", ground.neighbour), *ground.tenants.items()]
    for target in members:
        for name, seen in attackers:
            spot = seen.spots.get(target.key)
            for port in spot.open if spot is not None else ():
                yield Hit(name, target, port)


def _row(ground: Ground, tenant: str, members: Sequence[Target], entry: RayPort, hits: Sequence[Hit]) -> Evidence:
    node = entry.node
    title = Title(
        _id(tenant, entry.workload, node, _slug(entry.name)),
        GROUP,
        f"{entry.workload} {node}: {entry.name} {entry.port}",
        "no connection" if entry.guard is PortGuard.LOOPBACK else EXPECTED,
    )
    control = _control(ground, tenant, members, entry, hits)
    return row(
        title, _showing(hits, loopback=entry.guard is PortGuard.LOOPBACK), control, _remedy(ground, tenant, entry, hits)
    )


def _rest(
    ground: Ground, tenant: str, members: Sequence[Target], chosen: Sequence[RayPort], hits: Sequence[Hit]
) -> Evidence:
    first = members[0]
    names = ", ".join(entry.name for entry in chosen)
    title = Title(
        _id(tenant, first.workload, first.node, "others"),
        GROUP,
        f"{first.workload} {first.node}: every other port{f' ({names})' if names else ''}",
        EXPECTED,
    )
    control = _control(ground, tenant, members, None, hits)
    return row(title, _showing(hits, loopback=False), control, remedy(ground, tenant, "default-deny"))


def _showing(hits: Sequence[Hit], *, loopback: bool) -> Showing:
    if not hits:
        return Showing(False, "no connection")
    if loopback:
        return Showing(True, told(hits))
    answering = [hit for hit in hits if hit.port.manner in (Manner.OPEN, Manner.PARTLY)]
    if answering:
        return Showing(True, told(answering))
    unclear = [hit for hit in hits if hit.port.manner is Manner.UNCLEAR]
    if unclear:
        return Showing(None, told(unclear))
    return Showing(False, listed(dict.fromkeys(hit.port.words for hit in hits), 3))


def _control(
    ground: Ground, tenant: str, members: Sequence[Target], entry: RayPort | None, hits: Sequence[Hit]
) -> Works:
    """That the attackers can attack, and that there is something to be attacked."""
    attackers = [ground.control(name) for name in ("", *(name for name in ground.tenants if name != tenant))]
    broken = next((one for one in attackers if not one.yes), None)
    if broken is not None:
        return broken
    idle = [target for target in members if not target.ready]
    if idle and not hits:
        return Works(yes=False, words=f"{idle[0].name} is not ready: {idle[0].why}")
    untried = [target.key for target in members if target.key not in ground.neighbour.spots]
    if untried:
        return Works(yes=False, words=f"not tried: {listed(untried)}")
    words = f"{attackers[0].words}; {len(members)} pods ready"
    if entry is None or hits:
        return Works(yes=True, words=words)
    if entry.guard is PortGuard.SIDECAR and not ground.enforced:
        return Works(yes=False, words="nobody listens there, and nothing keeps neighbours away: is the sidecar there?")
    number = span(entry.port)
    if number is not None and number[0] in METRICS and ground.enforced:
        return _scraped(ground, members, number[0], words)
    return Works(yes=True, words=words)


def _scraped(ground: Ground, members: Sequence[Target], port: int, words: str) -> Works:
    """Where policies hold, a scraper must get through: else nothing may be listening at all."""
    got = [target for target in members if _has(ground.friend, target.key, port)]
    if got:
        return Works(yes=True, words=f"{words}; a scraper's namespace is answered")
    if port == METRICS_PORT:
        return Works(yes=False, words="a scraper's namespace is not answered either")
    return Works(yes=True, words=f"{words}; nobody listens there, a scraper sees nothing either")


def _has(seen: Report, key: str, port: int) -> bool:
    spot = seen.spots.get(key)
    return spot is not None and any(one.number == port for one in spot.open)


def _remedy(ground: Ground, tenant: str, entry: RayPort, hits: Sequence[Hit]) -> Remedy:
    if entry.guard is PortGuard.LOOPBACK:
        return Remedy(entry.workload, "headGroupSpec.rayStartParams.dashboard-host")
    if entry.guard is PortGuard.SIDECAR:
        return Remedy(f"ConfigMap {tenant}/sidecar-{label_of(entry.workload)}", "require_client_certificate")
    number = span(entry.port)
    asks = (
        number is not None
        and number[0] not in METRICS
        and "no token" not in entry.answers
        and "nothing" not in entry.answers
    )
    if asks and any(hit.port.manner is Manner.OPEN for hit in hits):
        field = "tlsOptions.enabled" if entry.guard is PortGuard.MTLS else "authOptions.mode"
        return Remedy(entry.workload, field)
    return remedy(ground, tenant, "default-deny")


def gateway_port_rows(ground: Ground, targets: Iterable[Target]) -> Iterator[Evidence]:
    """A gateway's pods have two ports, both for clients; anything else is a door that nobody planned."""
    by_tenant: dict[str, list[Target]] = {}
    for target in targets:
        if not target.workload:
            by_tenant.setdefault(target.tenant, []).append(target)
    for tenant, members in by_tenant.items():
        home = gateway_namespace(tenant)
        title = Title(
            f"ports.{tenant}.gateway",
            "the gateway's ports",
            f"{home}: no port but its own two",
            "no other port is open",
        )
        others = [hit for hit in _hits(ground, members) if hit.port.number not in _OWN]
        shown = Showing(bool(others), told(others) or "no other port is open")
        control = ground.control("")
        tried = [target for target in members if target.key in ground.neighbour.spots]
        if control.yes and len(tried) < len(members):
            control = Works(yes=False, words=f"{len(members) - len(tried)} of its pods were not tried")
        elif control.yes and not ground.enforced and not any(is_open(ground.neighbour, one.key) for one in members):
            control = Works(yes=False, words="nobody listens on its own ports either")
        yield row(title, shown, control, Remedy(f"StatefulSet {home}/gateway", "spec.template.spec.containers"))


def _id(tenant: str, workload: str, node: str, name: str) -> str:
    return f"ports.{tenant}.{label_of(workload)}.{node.replace(' ', '-')}.{name}"


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")
