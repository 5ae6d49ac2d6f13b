"""Whether anything enforces network policies, seen from a pod: the positive control of all else here.

A listener behind a policy that lets nobody in is tried beside one without any. Whoever reaches both has shown that this
cluster stores policies and does nothing with them; whoever reaches neither has shown nothing. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from typing import Final

from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.render.kubernetes.names import gateway_namespace, probe_namespace
from rayfence.verify.kubernetes.inside.sightings import Report
from rayfence.verify.kubernetes.rows import Remedy, Showing, Title, Works, row

GROUP: Final = "network policies"
DATAPATH: Final = "target.kubernetes.datapath"
OPEN, CLOSED = "listener/open", "listener/closed"
#: The name under which a probe that can do nothing else shows that it can find a port: its own.
SELF: Final = "listener/self"


@dataclass(frozen=True, slots=True)
class Ground:
    """What the probes' reports say of themselves. `neighbour`, `friend`, and `tenants`: those inside tenants.

    `foreign`: namespace to references of network policies there that nobody planned.
    """

    neighbour: Report
    friend: Report
    tenants: Mapping[str, Report]
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def reached(self) -> bool:
        """Whether the neighbour reaches a listener that nothing closes off."""
        return is_open(self.neighbour, OPEN)

    @property
    def enforced(self) -> bool | None:
        """Whether policies hold: the closed listener is not reached while the open one is. None: can't be told."""
        if not self.reached:
            return None
        return not is_open(self.neighbour, CLOSED)

    def control(self, attacker: str) -> Works:
        """Whether an attacker's silence means something. `attacker`: a tenant; empty: the neighbour."""
        seen = self.tenants[attacker] if attacker else self.neighbour
        name = f"a pod in {attacker}" if attacker else "the neighbour"
        if seen.problem:
            return Works(yes=False, words=f"{name}: {seen.problem}")
        if is_open(seen, OPEN):
            return Works(yes=True, words=f"{name} reaches an open listener")
        if attacker and self.enforced and is_open(seen, SELF):
            return Works(yes=True, words=f"{name} finds its own port, and policies are enforced")
        return Works(yes=False, words=f"{name} does not even reach an open listener")


def network_rows(ground: Ground, platform: str, gateways: Iterable[str]) -> Iterator[Evidence]:
    """Enforcement, what a tenant's pods reach, and who reaches gateways. `gateways`: tenants that have one."""
    home = probe_namespace(platform)
    enforced = Title(
        "network.enforced", GROUP, "network policies are enforced", "a listener behind deny-all: no answer"
    )
    yield row(enforced, _enforcement(ground), ground.control(""), Remedy("the cluster's network plugin", DATAPATH))
    for tenant, seen in ground.tenants.items():
        title = Title(
            f"network.egress.{tenant}",
            GROUP,
            f"pods of {tenant} reach nobody outside",
            "no connection to another namespace",
        )
        reached = is_open(seen, OPEN)
        words = f"a pod in {tenant} {'reaches' if reached else 'does not reach'} a listener in {home}"
        shown = Showing(None, seen.problem) if seen.problem else Showing(reached, words)
        found = is_open(seen, SELF)
        works = Works(
            ground.reached and found,
            f"{ground.control('').words}; it {'finds' if found else 'does not find'} its own port",
        )
        yield row(title, shown, works, remedy(ground, tenant, "default-deny"))
    for tenant in gateways:
        yield _stranger(ground, tenant)


def remedy(ground: Ground, namespace: str, policy: str) -> Remedy:
    """Which policy lets it through: one that nobody planned, else ours, which is changed or gone.

    That nothing enforces them is the spec's to say.
    """
    if ground.enforced and (others := ground.foreign.get(namespace, ())):
        return Remedy(others[0], "spec")
    return Remedy(f"NetworkPolicy {namespace}/{policy}", "" if ground.enforced else DATAPATH)


def is_open(seen: Report, key: str) -> bool:
    """Whether a probe found a target's port open."""
    spot = seen.spots.get(key)
    return spot is not None and bool(spot.open)


def _enforcement(ground: Ground) -> Showing:
    if ground.neighbour.problem:
        return Showing(None, ground.neighbour.problem)
    reached = is_open(ground.neighbour, CLOSED)
    words = "reached anyway: nothing enforces network policies here" if reached else "no answer"
    return Showing(reached, words)


def _stranger(ground: Ground, tenant: str) -> Evidence:
    home = gateway_namespace(tenant)
    title = Title(
        f"network.gateway.{tenant}",
        GROUP,
        f"who is no client of {tenant} reaches no gateway",
        "no connection from elsewhere",
    )
    key = f"service/{home}"
    let_in = is_open(ground.friend, key)
    words = "a client's namespace reaches it" if let_in else "not even a client's namespace reaches it"
    reached = is_open(ground.neighbour, key)
    shown = Showing(reached, f"a pod in another namespace {'reaches' if reached else 'does not reach'} {home}")
    if ground.neighbour.problem:
        shown = Showing(None, ground.neighbour.problem)
    return row(title, shown, Works(let_in, ground.friend.problem or words), remedy(ground, home, "allow-clients"))
