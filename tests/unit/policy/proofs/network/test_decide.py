"""Differential: the interval evaluator against one that tries every packet in every world of undecided matches."""

from dataclasses import replace
from ipaddress import ip_address, ip_network
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.model.orgpolicy import FirewallRule
from rayfence.model.proofs import Flow, FlowState
from rayfence.policy.proofs.network.decide import Match, decide

ACCOUNT = "nodes@p.iam.gserviceaccount.com"
TAGS = frozenset({"ml-nodes"})
NETS = ["0.0.0.0/0", "10.0.0.0/29", "10.0.0.0/30", "10.0.0.4/30", "10.0.0.3/32", "10.1.0.0/16", "::/0", "fqdn:x"]
PORTS = ["tcp:1", "tcp:2-4", "tcp:4-9", "tcp", "udp", "6", "all", "tcp:x"]
TARGETS: list[tuple[str, ...]] = [
    (), (ACCOUNT,), ("other@p.iam.gserviceaccount.com",), ("tagValues/1",), ("ml-nodes",), ("web",), ("gke-ml-1-node",)
]  # fmt: skip


def rule(
    level: int, priority: int, action: str, ranges: tuple[str, ...], ports: tuple[str, ...] = (), **more: object
) -> FirewallRule:
    targets = more.get("targets", ())
    assert isinstance(targets, tuple)
    undecided = str(more.get("undecided", ""))
    source = f"{level}/{priority}/{action}"
    return FirewallRule((level, 0, priority, 0), True, action, ranges, ports, targets, source, undecided)


RULES = st.builds(
    lambda level, priority, action, ranges, ports, targets, undecided: rule(
        level, priority, action, tuple(ranges), tuple(ports), targets=targets, undecided=undecided
    ),
    st.integers(0, 2),
    st.integers(1, 9),
    st.sampled_from(["allow", "deny", "goto_next"]),
    st.lists(st.sampled_from(NETS), max_size=2),
    st.lists(st.sampled_from(PORTS), max_size=2),
    st.sampled_from(TARGETS),
    st.sampled_from(["", "", "", "countries"]),
)


def flow(*, egress: bool = True, every: bool = True) -> Flow:
    return Flow("f", egress, "p", ("10.0.0.0/29",), ("tcp:1-5",), "w", (ACCOUNT,), "us", every=every)


def brute_match(item: FirewallRule, address: str, port: int) -> Match:
    """The same question, answered packet by packet from the definition."""
    answers = []
    if not item.targets or ACCOUNT in item.targets or TAGS & set(item.targets):
        answers.append(Match.YES)
    else:
        answers.append(Match.MAYBE if {"tagValues/1", "gke-ml-1-node"} & set(item.targets) else Match.NO)
    readable = [text for text in item.ranges if text != "fqdn:x"]
    if any(ip_address(address) in ip_network(text) for text in readable if ":" not in text):
        answers.append(Match.YES)
    else:
        answers.append(Match.MAYBE if "fqdn:x" in item.ranges or not item.ranges else Match.NO)
    by_port = {"tcp:1": {1}, "tcp:2-4": {2, 3, 4}, "tcp:4-9": set(range(4, 10)), "udp": set(), "tcp:x": set()}
    every = {port}
    if not item.ports or "all" in item.ports or any(port in by_port.get(text, every) for text in item.ports):
        answers.append(Match.YES)
    else:
        answers.append(Match.MAYBE if "tcp:x" in item.ports else Match.NO)
    if item.undecided or not item.ranges:
        answers.append(Match.MAYBE)
    return min(answers)


def end(matched: list[tuple[FirewallRule, bool]], implied: str) -> str:
    skipped = -1
    for item, holds in matched:
        if not holds or item.order[0] == skipped:
            continue
        if item.action != "goto_next":
            return item.action
        skipped = item.order[0]
    return implied


def brute(rules: list[FirewallRule], asked: Flow) -> FlowState:
    seen = []
    for number, port in product(range(8), range(1, 6)):
        matches = [(item, brute_match(item, f"10.0.0.{number}", port)) for item in rules]
        maybe = [index for index, (_, match) in enumerate(matches) if match is Match.MAYBE]
        ends = set()
        for world in product([False, True], repeat=len(maybe)):
            chosen = dict(zip(maybe, world, strict=True))
            matched = [(item, chosen.get(i, match is Match.YES)) for i, (item, match) in enumerate(matches)]
            ends.add(end(matched, "allow" if asked.egress else "deny"))
        seen.append(ends)
    if {"deny"} in seen and (asked.every or all(ends == {"deny"} for ends in seen)):
        return FlowState.CLOSED
    return FlowState.OPEN if all(ends == {"allow"} for ends in seen) else FlowState.UNKNOWN


@settings(max_examples=300, deadline=None)
@given(st.lists(RULES, max_size=5), st.booleans(), st.booleans())
def test_the_same_as_trying_every_packet(rules: list[FirewallRule], egress: bool, every: bool) -> None:
    ordered = sorted((replace(item, egress=egress) for item in rules), key=lambda item: (item.order, item.source))
    asked = flow(egress=egress, every=every)
    assert decide(asked, ACCOUNT, ordered, TAGS).state is brute(ordered, asked)


@settings(max_examples=200, deadline=None)
@given(st.lists(RULES, max_size=5), RULES)
def test_a_further_deny_never_opens_a_flow(rules: list[FirewallRule], added: FirewallRule) -> None:
    ordered = sorted(rules, key=lambda item: (item.order, item.source))
    more = sorted([*rules, replace(added, action="deny")], key=lambda item: (item.order, item.source))
    if decide(flow(), ACCOUNT, more, TAGS).state is FlowState.OPEN:
        assert decide(flow(), ACCOUNT, ordered, TAGS).state is FlowState.OPEN


def test_the_deciding_rule_and_a_packet_are_named() -> None:
    rules = [rule(0, 1, "deny", ("10.0.0.4/30",), ("tcp:3-65535",)), rule(0, 2, "allow", ("0.0.0.0/0",))]
    decided = decide(flow(), ACCOUNT, rules, TAGS)
    assert decided.state is FlowState.CLOSED
    assert decided.rules == ("0/1/deny",) and decided.sample == "10.0.0.4 tcp:3"


def test_unknown_ranges_of_the_flow_are_open_only_if_everything_is() -> None:
    unknown = replace(flow(), ranges=())
    assert decide(unknown, ACCOUNT, [], TAGS).state is FlowState.OPEN
    assert decide(unknown, ACCOUNT, [rule(0, 1, "deny", ("10.9.0.0/16",))], TAGS).state is FlowState.UNKNOWN
    assert decide(unknown, ACCOUNT, [rule(0, 1, "deny", ("0.0.0.0/0",))], TAGS).state is FlowState.CLOSED
    assert decide(replace(flow(), ranges=("range of x",)), ACCOUNT, [], TAGS).state is FlowState.OPEN


def test_a_new_action_is_taken_for_a_deny() -> None:
    assert decide(flow(), ACCOUNT, [rule(0, 1, "mystery", ("0.0.0.0/0",))], TAGS).state is FlowState.CLOSED


def test_protocols_without_ports() -> None:
    ping = replace(flow(), ports=("icmp",))
    assert decide(ping, ACCOUNT, [rule(0, 1, "deny", ("10.0.0.0/8",), ("1",))], TAGS).sample == "10.0.0.0 icmp"
    assert decide(ping, ACCOUNT, [rule(0, 1, "deny", ("10.0.0.0/8",), ("tcp",))], TAGS).state is FlowState.OPEN


def test_a_hostile_number_of_rules_ends_undecided() -> None:
    rules = [
        rule(0, number, "deny", (f"10.0.{number % 250}.{number // 250}/32",), (f"tcp:{number}",), undecided="x")
        for number in range(1, 3000)
    ]
    wide = replace(flow(), ranges=("10.0.0.0/8",), ports=("tcp:1-65535",))
    decided = decide(wide, ACCOUNT, rules, TAGS)
    assert decided.state is FlowState.UNKNOWN and "too many rules" in decided.reason


@pytest.mark.parametrize("text", ["tcp:70000", "tcp:5-1", "tcp:\u0661", "tcp:1-2-3", "tcp:"])
def test_odd_ports_of_a_rule_leave_it_unclear(text: str) -> None:
    assert decide(flow(), ACCOUNT, [rule(0, 1, "deny", ("0.0.0.0/0",), (text,))], TAGS).state is FlowState.UNKNOWN
