"""Questions to the organisation's policies, answered with three values: allowed, refused, unknown.

Covers: whether a boolean binds, whether a list admits a value, twins (legacy and managed) asked together. Leaves out:
what a constraint demands (each criterion says that beside the setting it decides), inheritance and conditions
(`organization`). An undecided policy binds: it is never taken for permission.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import StrEnum
from typing import Final

from rayfence.catalog.value_groups import ValueGroups
from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import EffectivePolicy, OrgFacts
from rayfence.organization.values import Permission, membership, strange_prefix

#: Who set a policy, as it stands in its source.
_ORGANIZATION: Final = re.compile(r"\(organizations/([0-9]+)\)")


class Standing(StrEnum):
    """Where a value stands to a list constraint."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """A standing and, unless allowed, the reason in words; for UNKNOWN the evidence that is missing."""

    standing: Standing
    reason: str = ""

    @property
    def allowed(self) -> bool:
        """Known to be allowed; unknown is not."""
        return self.standing is Standing.ALLOWED


@dataclass(frozen=True, slots=True)
class Rules:
    """The policies of one project. `ancestry`: node to what lies above it, nearest first, all that is known."""

    facts: OrgFacts
    groups: ValueGroups
    ancestry: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def policies(self, *constraints: str) -> Iterator[EffectivePolicy]:
        """The policies that stand for these constraints, in the order asked."""
        for constraint in constraints:
            if constraint in self.facts.policies:
                yield self.facts.policies[constraint]

    def undecided(self, *constraints: str) -> tuple[EffectivePolicy, ...]:
        """Those whose condition or content could not be decided."""
        return tuple(policy for policy in self.policies(*constraints) if policy.undecided)

    def binding(self, *constraints: str) -> tuple[str, ...]:
        """Those that are enforced, hold values, or are undecided: a setting must live with them."""
        return tuple(policy.constraint for policy in self.policies(*constraints) if _binds(policy))

    def enforced(self, *constraints: str) -> tuple[str, ...]:
        """Those that are known to be enforced."""
        return tuple(
            policy.constraint for policy in self.policies(*constraints) if _binds(policy) and not policy.undecided
        )

    def verdict(self, constraint: str, value: str) -> Verdict:
        """Whether the list constraint admits `value`. No policy: allowed."""
        policy = self.facts.policies.get(constraint)
        if policy is None:
            return Verdict(Standing.ALLOWED)
        if policy.undecided:
            return Verdict(Standing.UNKNOWN, f"{policy.source}: {policy.undecided}")
        if policy.values is None:
            return (
                Verdict(Standing.REFUSED, f"{policy.source}: enforced")
                if policy.enforced
                else Verdict(Standing.ALLOWED)
            )
        found = membership(policy.values, value, self.ancestry, self.groups)
        if found.verdict is Permission.YES:
            return Verdict(Standing.ALLOWED)
        if found.verdict is Permission.NO:
            return Verdict(Standing.REFUSED, f"{policy.source}: {value}: {found.why}")
        missing = _evidence(value, policy.values.allowed + policy.values.denied)
        return Verdict(Standing.UNKNOWN, f"{policy.source}: {value}: {found.why} without {missing}")

    def organization(self) -> str | None:
        """Number of the organisation, where any ancestry names it, or it alone set what was read."""
        for chain in self.ancestry.values():
            for node in chain:
                if node.startswith("organizations/"):
                    return node.removeprefix("organizations/")
        named = {number for policy in self.facts.policies.values() for number in _ORGANIZATION.findall(policy.source)}
        return named.pop() if len(named) == 1 else None

    def source(self, constraint: str) -> str:
        """Where the constraint's policy was read; empty: there is none."""
        policy = self.facts.policies.get(constraint)
        return policy.source if policy else ""


def _binds(policy: EffectivePolicy) -> bool:
    if policy.undecided or policy.enforced:
        return True
    values = policy.values
    return values is not None and not (values.allow_all and not values.denied)


def _evidence(value: str, entries: tuple[str, ...]) -> str:
    """What would decide a membership that can't be told."""
    strange = strange_prefix(entries)
    if strange:
        return f"knowing what the prefix `{strange}:` means"
    if value.startswith("projects/") and any(entry.startswith(("under:", "projects/", "is:")) for entry in entries):
        return f"the folders and organisation above {'/'.join(value.split('/')[:2])}"
    return "knowing what these groups hold"
