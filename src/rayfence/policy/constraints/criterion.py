"""What a criterion is, and how one comes to its finding.

A criterion judges the rendered platform under one binding policy. It looks at as many fields as it needs and gives each
a `Mark`: it holds, it breaks the rule, or it can't be told. One broken field violates; what can't be told is never
taken for holding.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rayfence.catalog.value_groups import ValueGroups
from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import EffectivePolicy, OrgFacts
from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.rendered import Rendered

#: Different problems named in one reason; the fields name all.
_NAMED: Final = 4


@dataclass(frozen=True, slots=True)
class Finding:
    """An outcome with its reason and the fields it rests on."""

    outcome: Outcome
    reason: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """One field under the rule. `problem`: how it breaks it. `missing`: what would tell. Neither: it holds."""

    field: str
    problem: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One binding policy, and the platform it binds."""

    policy: EffectivePolicy
    rendered: Rendered
    facts: OrgFacts
    groups: ValueGroups


Judge = Callable[[Case], Finding]


@dataclass(frozen=True, slots=True)
class Criterion:
    """How one constraint is judged.

    `demands`: what it wants of a platform, when enforced, in a sentence. `remedy`: the setting or exception that would
    satisfy it. `fields`: paths of the API objects it looks at. `never`: why no spec can satisfy it, or none violate it;
    empty where both can be reached.
    """

    constraint: str
    demands: str
    remedy: str
    fields: tuple[str, ...]
    judge: Judge
    never: str = ""


def satisfied(reason: str) -> Finding:
    """It holds, and no field of ours is needed for it."""
    return Finding(Outcome.SATISFIED, reason)


def irrelevant(reason: str) -> Finding:
    """Nothing in the platform is of the kind it governs."""
    return Finding(Outcome.NOT_RELEVANT, reason)


def unknown(missing: str, *fields: str) -> Finding:
    """It can't be told; `missing` names the evidence."""
    return Finding(Outcome.UNKNOWN, missing, fields)


def violated(problem: str, *fields: str) -> Finding:
    """It is broken by these fields."""
    return Finding(Outcome.VIOLATED, problem, fields)


def weigh(marks: Iterable[Mark], good: str, nothing: Finding) -> Finding:
    """The finding of all fields together; `good` is the reason if all hold, `nothing` the finding without any."""
    found = tuple(marks)
    broken = [mark for mark in found if mark.problem]
    untold = [mark for mark in found if mark.missing]
    if broken:
        return Finding(Outcome.VIOLATED, _said([mark.problem for mark in broken]), _fields(broken))
    if untold:
        return Finding(Outcome.UNKNOWN, _said([mark.missing for mark in untold]), _fields(untold))
    if found:
        return Finding(Outcome.SATISFIED_BY, good, _fields(found))
    return nothing


def _said(reasons: Sequence[str]) -> str:
    different = list(dict.fromkeys(reasons))
    more = f"; and {len(different) - _NAMED} more" if len(different) > _NAMED else ""
    return "; ".join(different[:_NAMED]) + more


def _fields(marks: Sequence[Mark]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(mark.field for mark in marks))
