"""What became of one rule of the organisation, and what stands in the way of a platform."""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class Outcome(StrEnum):
    """How a platform stands to one constraint."""

    SATISFIED_BY = "satisfied by a setting"
    SATISFIED = "satisfied already"
    VIOLATED = "violated"
    NOT_RELEVANT = "not relevant"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ConstraintOutcome:
    """One constraint's outcome. `fields`: the settings that satisfy or violate it, as paths of the spec or resources.

    `reason`: why, in a sentence; for unknown, which evidence is missing. `source`: where the policy was read.
    """

    constraint: str
    outcome: Outcome
    reason: str
    fields: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class PolicyConflict:
    """Rules and settings that can't hold together; the plan stops.

    `rules`: constraints or firewall rules. `fields`: paths of the spec. `remedies`: each would reconcile them.
    `request`: text of the exception to ask for, addressed to the policy's owner; empty where no exception helps.
    """

    rules: tuple[str, ...]
    fields: tuple[str, ...]
    problem: str
    remedies: tuple[str, ...]
    request: str = ""
