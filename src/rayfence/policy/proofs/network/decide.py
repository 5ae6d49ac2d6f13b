"""What ordered firewall rules do to one flow at nodes of one account: exact where rules are plain, unknown else.

The flow is cut at every boundary of every rule into atoms (a protocol, a range of ports, a range of addresses) in
which all rules treat every packet alike. Each atom has a set of outcomes: one, or several where a rule may or may not
match (secure tags, countries, names, unreadable ranges). Only an atom whose one outcome is *allow* is open.
Source: Google's "Firewall policies", rule evaluation (first match in a policy; `goto_next` skips the rest of it).
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Network, ip_network
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import FirewallRule
from rayfence.model.proofs import Flow, FlowState

#: Atoms times rules beyond which a flow is left undecided: rules are input, and a plan must end.
MOST_WORK: Final = 400_000
LAST_PORT: Final = 65535
PROTOCOLS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "132": "sctp"}
#: What holds where no rule matches.
IMPLIED: Final = {
    "allow": "the implied rule of every VPC that allows egress",
    "deny": "the implied rule of every VPC that denies ingress",
}
WITH_PORTS: Final = frozenset({"tcp", "udp", "sctp"})


class Match(IntEnum):
    """Whether a rule matches a packet; the smallest of its conditions' answers is the rule's."""

    NO = 0
    MAYBE = 1
    YES = 2


@dataclass(frozen=True, slots=True)
class Interval:
    """Numbers from `first` to `last`, both included."""

    first: int
    last: int

    def meets(self, other: "Interval") -> bool:
        """Whether they share a number."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True)
class Prepared:
    """A rule ready to be asked. `ports`: by protocol; None: all. `open_ranges`, `open_ports`: some can't be read."""

    action: str
    level: tuple[int, ...]
    source: str
    certain: Match
    ranges: tuple[Interval, ...]
    starts: tuple[int, ...]
    open_ranges: bool
    ports: dict[str, tuple[Interval, ...]] | None
    open_ports: bool

    def match(self, protocol: str, address: int, port: int) -> Match:
        """Whether it matches this packet."""
        index = bisect_right(self.starts, address) - 1
        inside = index >= 0 and address <= self.ranges[index].last
        answer = Match.YES if inside else Match.MAYBE if self.open_ranges else Match.NO
        return min(self.certain, answer, self._match_port(protocol, port))

    def _match_port(self, protocol: str, port: int) -> Match:
        if self.ports is None:
            return Match.YES
        if any(part.first <= port <= part.last for part in self.ports.get(protocol, ())):
            return Match.YES
        return Match.MAYBE if self.open_ports else Match.NO

    def meets(self, protocol: str, ports: Interval, addresses: Interval) -> bool:
        """Whether it could match anything in there."""
        near = self.open_ranges or any(part.meets(addresses) for part in self.ranges)
        if not near or self.ports is None or self.open_ports:
            return near
        return any(part.meets(ports) for part in self.ports.get(protocol, ()))


@dataclass(frozen=True, slots=True)
class Decided:
    """State of a flow at one account's nodes, the rules that decided, and a packet as an example."""

    state: FlowState
    rules: tuple[str, ...]
    sample: str
    reason: str = ""


def decide(flow: Flow, account: str, rules: Sequence[FirewallRule], tags: frozenset[str]) -> Decided:
    """What `rules`, in their order, do to `flow` at nodes that run as `account` and carry network `tags`."""
    prepared = [
        item for rule in rules if rule.egress is flow.egress and (item := _prepare(rule, account, tags)).certain
    ]
    known = [_interval(text) for text in flow.ranges]
    boxes = [Interval(0, 2**32 - 1)] if not known or None in known else [part for part in known if part]
    every = flow.every and bool(flow.ranges) and None not in known
    implied = "allow" if flow.egress else "deny"
    seen: dict[frozenset[str], tuple[tuple[str, ...], str]] = {}
    work = 0
    for protocol, ports in _flow_ports(flow.ports):
        for addresses in boxes:
            near = [item for item in prepared if item.meets(protocol, ports, addresses)]
            cuts = [*_cuts(addresses, [part for item in near for part in item.ranges])]
            port_cuts = [*_cuts(ports, [part for item in near for part in (item.ports or {}).get(protocol, ())])]
            work += len(cuts) * len(port_cuts) * (len(near) + 1)
            if work > MOST_WORK:
                return Decided(FlowState.UNKNOWN, (), "", "too many rules cut this flow into pieces to decide it")
            for address in cuts:
                for port in port_cuts:
                    outcomes = _outcomes(near, protocol, address, port, implied)
                    actions = frozenset(action for action, _ in outcomes)
                    if actions not in seen:
                        names = tuple(dict.fromkeys(source for _, source in outcomes))
                        seen[actions] = (names, _sample(protocol, address, port))
    return _summary(seen, every=every)


def _summary(seen: dict[frozenset[str], tuple[tuple[str, ...], str]], *, every: bool) -> Decided:
    closed, opened = frozenset({"deny"}), frozenset({"allow"})
    if closed in seen and (every or len(seen) == 1):
        return Decided(FlowState.CLOSED, *seen[closed])
    if set(seen) == {opened}:
        return Decided(FlowState.OPEN, *seen[opened])
    unclear = next((item for key, item in seen.items() if key != opened), ((), ""))
    if not every and len(seen) > 1:
        reason = "which of the addresses are needed is not known, and rules treat them differently"
    else:
        reason = "whether a rule matches can't be told from addresses and ports"
    return Decided(FlowState.UNKNOWN, *unclear, reason)


def _outcomes(
    rules: Sequence[Prepared], protocol: str, address: int, port: int, implied: str
) -> tuple[tuple[str, str], ...]:
    """Every (action, rule) that may be the end of this packet, in the order of the rules."""
    found: dict[tuple[str, str], None] = {}
    starts = [0]
    visited: set[int] = set()
    while starts:
        index = starts.pop()
        if index in visited:
            continue
        visited.add(index)
        stopped = False
        while index < len(rules) and not stopped:
            rule = rules[index]
            match = rule.match(protocol, address, port)
            following = index + 1
            if match is not Match.NO:
                stopped = match is Match.YES
                if rule.action == "goto_next":
                    while following < len(rules) and rules[following].level == rule.level:
                        following += 1
                    starts.append(following)
                    following = index + 1
                else:
                    found[(rule.action, rule.source)] = None
            index = following
        if not stopped:
            found[(implied, IMPLIED[implied])] = None
    return tuple(found)


def _prepare(rule: FirewallRule, account: str, tags: frozenset[str]) -> Prepared:
    parsed = [_interval(text) for text in rule.ranges]
    six = [text for text in rule.ranges if _is_six(text)]
    ranges = _merged([part for part in parsed if part is not None])
    certain = _target(rule.targets, account, tags)
    if rule.undecided or (not rule.ranges and certain):
        certain = min(certain, Match.MAYBE)
    ports, open_ports = _rule_ports(rule.ports)
    return Prepared(
        action=rule.action if rule.action in ("allow", "goto_next") else "deny",
        level=rule.order[:2],
        source=rule.source,
        certain=certain,
        ranges=ranges,
        starts=tuple(part.first for part in ranges),
        open_ranges=not rule.ranges or parsed.count(None) > len(six),
        ports=ports,
        open_ports=open_ports,
    )


def _target(targets: Sequence[str], account: str, tags: frozenset[str]) -> Match:
    if not targets or account in targets or tags & set(targets):
        return Match.YES
    # Accounts and plain network tags are known; secure tags and the tags that GKE gives its nodes are not.
    unclear = [item for item in targets if "@" not in item and ("/" in item or item.startswith("gke-"))]
    return Match.MAYBE if unclear else Match.NO


def _rule_ports(texts: Sequence[str]) -> tuple[dict[str, tuple[Interval, ...]] | None, bool]:
    if not texts:
        return None, False
    found: dict[str, tuple[Interval, ...]] = {}
    unclear = False
    for text in texts:
        protocol, colon, ports = text.lower().partition(":")
        protocol = PROTOCOLS.get(protocol, protocol)
        if protocol == "all":
            return None, False
        interval = _port_interval(ports) if colon else Interval(0, LAST_PORT)
        if interval is None:
            unclear = True
        else:
            found[protocol] = (*found.get(protocol, ()), interval)
    return found, unclear


def _flow_ports(texts: Sequence[str]) -> Iterator[tuple[str, Interval]]:
    for text in texts:
        protocol, colon, ports = text.partition(":")
        interval = _port_interval(ports) if colon else None
        whole = Interval(0, LAST_PORT) if protocol in WITH_PORTS else Interval(0, 0)
        yield protocol, interval or whole


def _port_interval(text: str) -> Interval | None:
    first, dash, last = text.partition("-")
    ends = (first, last if dash else first)
    if not all(end.isascii() and end.isdigit() and len(end) < 6 for end in ends):
        return None
    interval = Interval(int(ends[0]), int(ends[1]))
    return interval if interval.first <= interval.last <= LAST_PORT else None


def _interval(text: str) -> Interval | None:
    network = _network(text)
    if network is None or isinstance(network, IPv6Network):
        return None
    return Interval(int(network.network_address), int(network.broadcast_address))


def _is_six(text: str) -> bool:
    return isinstance(_network(text), IPv6Network)


@lru_cache(maxsize=1024)
def _network(text: str) -> IPv4Network | IPv6Network | None:
    """Read once: every flow is held against every rule."""
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None


def _merged(parts: Sequence[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for part in sorted(parts, key=lambda item: (item.first, item.last)):
        if merged and part.first <= merged[-1].last + 1:
            merged[-1] = Interval(merged[-1].first, max(merged[-1].last, part.last))
        else:
            merged.append(part)
    return tuple(merged)


def _cuts(whole: Interval, parts: Sequence[Interval]) -> list[int]:
    """First numbers of the pieces into which `parts` cut `whole`."""
    edges = {edge for part in parts for edge in (part.first, part.last + 1)}
    return [whole.first, *sorted(edge for edge in edges if whole.first < edge <= whole.last)]


def _sample(protocol: str, address: int, port: int) -> str:
    where = str(IPv4Address(address))
    return f"{where} {protocol}:{port}" if protocol in WITH_PORTS else f"{where} {protocol}"
