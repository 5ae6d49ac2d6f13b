"""What an organisation's policies demand of one project: the value between `organization` and `policy`.

Constraint names stand without `constraints/` (`compute.requireShieldedVm`, `custom.gkeRequireCos`). What could not be
decided (a condition on unknown tags, an unknown prefix) is said in `undecided`, and is never taken for permission.
"""

from collections.abc import Mapping
from dataclasses import field

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class ListValues:
    """Values of a list constraint after inheritance and merge; entries keep their prefix (`in:`, `under:`, `is:`).

    Deny wins over allow. Neither `allow_all` nor an allowed value: nothing is allowed, unless only `denied` is given,
    which allows the rest.
    """

    allow_all: bool = False
    deny_all: bool = False
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EffectivePolicy:
    """One constraint's policy at the project. `values` for list constraints, `enforced` for all others.

    `source`: who set it and where it was read, e.g. `org-policies/locations.json:3 (folders/2)`. `parameters` of
    managed constraints. `undecided`: why it can't be decided; then nothing else in here counts.
    """

    constraint: str
    source: str
    enforced: bool | None = None
    values: ListValues | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)
    undecided: str = ""


@dataclass(frozen=True, slots=True)
class CustomConstraint:
    """An organisation's own rule in CEL.

    `kinds` as in `container.googleapis.com/Cluster`. `denies`: what matches is refused; else what does not match is.
    """

    name: str
    kinds: tuple[str, ...]
    methods: tuple[str, ...]
    condition: str
    denies: bool
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class FirewallRule:
    """A rule inherited from hierarchical firewall policies, or set in the VPC. Lower `priority` comes first.

    `ranges`: CIDRs of the other side (sources of ingress, destinations of egress). `ports` such as `tcp:443`,
    `tcp:8000-9000`, `udp`; empty: all protocols. `action`: allow, deny, goto_next. `targets`: service accounts or
    secure tags it is limited to; empty: every instance. `source` says policy and rule. `undecided`: what else it looks
    at (countries, names, tags of the other side), so that whom it meets can't be told: it may deny, and never permits.
    """

    order: tuple[int, ...]  # position in the chain of policies, then priority
    egress: bool
    action: str
    ranges: tuple[str, ...]
    ports: tuple[str, ...]
    targets: tuple[str, ...]
    source: str
    undecided: str = ""


@dataclass(frozen=True, slots=True)
class OrgFacts:
    """Everything known of the organisation. Empty when the spec names no organisation: then only defaults hold.

    `policies` holds constraints that a policy or Google's default sets; `dry_run` what would hold if dry runs were
    enforced. `ancestry`: `projects/<id>` to its folders and organisation, nearest first, as far as known.
    `problems`: what was read and not understood (unknown constraints, unreadable files), each with its place.
    `dry_custom`: the organisation's own constraints that a dry run tries.
    """

    policies: Mapping[str, EffectivePolicy] = field(default_factory=dict)
    dry_run: Mapping[str, EffectivePolicy] = field(default_factory=dict)
    custom: tuple[CustomConstraint, ...] = ()
    firewall: tuple[FirewallRule, ...] = ()
    ancestry: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    dry_custom: tuple[CustomConstraint, ...] = ()
