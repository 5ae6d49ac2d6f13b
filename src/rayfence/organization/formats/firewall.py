"""Firewall rules that hold in a network, from `gcloud compute networks get-effective-firewalls --format=json`.

Order of evaluation: hierarchical policies from the organisation downwards, then VPC rules, then network policies; or
network policies before VPC rules, where the network says BEFORE_CLASSIC_FIREWALL. Inside one, lower priority first; at
the same priority a deny comes before an allow (VPC rules). Source: Google's page "Firewall policies", rule evaluation.
A rule that matches on more than addresses and ports (names, countries, threat lists, tags of the other side) is kept
with `undecided`: whom it meets can't be told from here. Disabled rules are left out.
"""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.orgpolicy import FirewallRule
from rayfence.organization.formats.documents import shown
from rayfence.organization.formats.policies import NotAPolicy, flag, items, mapping, texts

_POLICIES: Final = ("firewallPolicys", "firewallPolicies", "organizationFirewalls")
_PROTOCOLS: Final[Mapping[str, str]] = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "132": "sctp"}
_ACTIONS: Final = frozenset({"allow", "deny", "goto_next", "apply_security_profile_group"})
#: What a match may have besides addresses and ports.
_PLAIN: Final = frozenset({"srcIpRanges", "destIpRanges", "layer4Configs"})


def is_firewall(data: object) -> bool:
    """Whether this is the answer of `getEffectiveFirewalls`."""
    return isinstance(data, dict) and ("firewalls" in data or any(key in data for key in _POLICIES))


def firewall_rules(data: Mapping[str, object], source: str) -> tuple[FirewallRule, ...]:
    """Rules in evaluation order. Raises NotAPolicy: a rule that is passed over could be the one that denies."""
    policies = [mapping(policy, "a firewall policy") for key in _POLICIES for policy in items(data.get(key), key)]
    network_first = data.get("networkFirewallPolicyEnforcementOrder") == "BEFORE_CLASSIC_FIREWALL"
    rules: list[FirewallRule] = []
    for position, policy in enumerate(policies):
        stage = 0 if _hierarchical(policy) else 1 if network_first else 3
        name = str(policy.get("shortName") or policy.get("displayName") or policy.get("name") or position)
        for number, rule in enumerate(items(policy.get("rules"), "rules")):
            place = f"{source}: policy {shown(name)}"
            rules += _policy_rule(mapping(rule, "a rule"), (stage, position), number, place)
    for number, rule in enumerate(items(data.get("firewalls"), "firewalls")):
        rules += _vpc_rule(mapping(rule, "a rule"), number, source)
    return tuple(sorted(rules, key=lambda rule: (rule.order, rule.source)))


def order_unknown(data: Mapping[str, object]) -> bool:
    """Whether VPC rules meet network policies and the file does not say which come first."""
    policies = [policy for key in _POLICIES for policy in items(data.get(key), key) if isinstance(policy, dict)]
    network = any(not _hierarchical(policy) and policy.get("rules") for policy in policies)
    return network and bool(data.get("firewalls")) and "networkFirewallPolicyEnforcementOrder" not in data


def _hierarchical(policy: Mapping[str, object]) -> bool:
    kind = str(policy.get("type", "HIERARCHY"))
    return kind not in {"NETWORK", "NETWORK_REGIONAL", "SYSTEM_GLOBAL", "SYSTEM_REGIONAL"}


def _policy_rule(rule: Mapping[str, object], stage: tuple[int, int], number: int, place: str) -> list[FirewallRule]:
    if flag(rule.get("disabled"), "disabled"):
        return []
    action, egress = _action(rule.get("action")), _egress(rule.get("direction"))
    priority = _priority(rule.get("priority"))
    match = mapping(rule.get("match", {}), "match")
    unclear = [key for key in sorted(set(match) - _PLAIN) if match[key]]
    targets = [*texts(rule.get("targetServiceAccounts"), "targetServiceAccounts")]
    for tag in items(rule.get("targetSecureTags"), "targetSecureTags"):
        targets.append(shown(str(mapping(tag, "a tag").get("name", ""))))
    if rule.get("targetResources") and action == "allow":
        unclear.append("targetResources")  # it may name another network; for a deny we assume that it names this one
    if action == "apply_security_profile_group":
        unclear.append("a security profile")
    ranges, other = ("destIpRanges", "srcIpRanges") if egress else ("srcIpRanges", "destIpRanges")
    if match.get(other):
        unclear.append(other)
    return [
        FirewallRule(
            order=(*stage, priority, number),
            egress=egress,
            action="allow" if action == "apply_security_profile_group" else action,
            ranges=_ranges(match.get(ranges)),
            ports=_ports(match.get("layer4Configs"), "ipProtocol"),
            targets=tuple(sorted(targets)),
            source=f"{place}, priority {priority}",
            undecided=f"it also looks at {', '.join(shown(key) for key in unclear)}" if unclear else "",
        )
    ]


def _vpc_rule(rule: Mapping[str, object], number: int, source: str) -> Iterator[FirewallRule]:
    if flag(rule.get("disabled"), "disabled"):
        return
    egress, priority = _egress(rule.get("direction", "INGRESS")), _priority(rule.get("priority", 1000))
    sources = [key for key in ("sourceTags", "sourceServiceAccounts") if rule.get(key)]
    ranges = _ranges(rule.get("destinationRanges" if egress else "sourceRanges"))
    for key, action in (("denied", "deny"), ("allowed", "allow")):
        if not rule.get(key):
            continue
        yield FirewallRule(
            order=(2, 0, priority, 0 if action == "deny" else 1, number),
            egress=egress,
            action=action,
            ranges=ranges,
            ports=_ports(rule.get(key), "IPProtocol"),
            targets=tuple(
                sorted(
                    (
                        *texts(rule.get("targetTags"), "targetTags"),
                        *texts(rule.get("targetServiceAccounts"), "targetServiceAccounts"),
                    )
                )
            ),
            source=f"{source}: VPC rule {shown(str(rule.get('name', number)))}, priority {priority}",
            undecided=f"it also looks at {', '.join(sources)}" if sources else "",
        )


def _action(value: object) -> str:
    # `deny(403)` is of Cloud Armor; anything else that is new here could close a flow.
    if not isinstance(value, str) or value.lower() not in _ACTIONS:
        raise NotAPolicy(f"firewall action {shown(str(value))!r} is unknown")
    return value.lower()


def _egress(value: object) -> bool:
    if value not in {"INGRESS", "EGRESS"}:
        raise NotAPolicy(f"direction {shown(str(value))!r} is neither INGRESS nor EGRESS")
    return value == "EGRESS"


def _priority(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise NotAPolicy(f"priority {shown(str(value))!r} is no number of a rule")
    return value


def _ranges(value: object) -> tuple[str, ...]:
    result = []
    for text in texts(value, "ranges"):
        try:
            result.append(str(ipaddress.ip_network(text, strict=False)))
        except ValueError as error:
            raise NotAPolicy(f"{shown(text)!r} is no address range") from error
    return tuple(result)


def _ports(value: object, key: str) -> tuple[str, ...]:
    ports: list[str] = []
    for item in items(value, "protocols"):
        config = mapping(item, "a protocol")
        protocol = str(config.get(key, "")).lower()
        if protocol == "all":
            return ()
        protocol = _PROTOCOLS.get(protocol, protocol)
        if not protocol:
            raise NotAPolicy("a protocol without name")
        listed = texts(config.get("ports"), "ports")
        ports += [f"{protocol}:{port}" for port in listed] or [protocol]
    return tuple(ports)
