"""Rules of the policies that reach a project, decided: which conditions hold, and what they say together.

Leaves out which policies reach it: `organization.levels`.
"""

from collections.abc import Iterable, Mapping, Sequence

from rayfence.model.orgpolicy import ListValues
from rayfence.organization.conditions import NotACondition, TagBindings, holds
from rayfence.organization.formats.documents import shown
from rayfence.organization.raw import RawPolicy, RawRule


class Undecided(Exception):
    """It can't be told what a policy demands; the text says why."""


def boolean_outcome(policy: RawPolicy, tags: TagBindings) -> tuple[bool, Mapping[str, object]]:
    """Whether it is enforced, and with which parameters.

    Conditional rules that hold come first, the unconditional rule is the fallback (API reference, `PolicySpec.rules`).
    A condition that can't be decided does no harm where every rule that may apply says the same. Raises Undecided.
    """
    fallback = [rule for rule in policy.rules if not rule.condition]
    judged = [(rule, _holds(rule, policy, tags)) for rule in policy.rules if rule.condition]
    certain = [rule for rule, verdict in judged if verdict]
    perhaps = [rule for rule, verdict in judged if verdict is None]
    if not certain and not fallback:
        raise Undecided(f"{policy.place}: no rule applies for certain, and there is none without a condition")
    possible = perhaps + (certain or fallback)
    outcomes = [(rule.enforce, rule.parameters) for rule in possible]
    if any(outcome != outcomes[-1] for outcome in outcomes):
        if perhaps:
            raise Undecided(_unknown_tags(policy, perhaps[0]))
        raise Undecided(f"{policy.place}: rules that apply contradict each other")
    return bool(outcomes[-1][0]), outcomes[-1][1]


def list_outcome(chain: Sequence[RawPolicy], tags: TagBindings) -> ListValues:
    """Values of a list constraint: the rules that apply of all policies in `chain`, together; deny wins.

    Google's pages do not say whether a conditional rule that holds adds to the unconditional ones of its policy, or
    takes their place. Where that makes a difference, nothing is decided. Raises Undecided.
    """
    adding: list[RawRule] = []
    replacing: list[RawRule] = []
    for policy in chain:
        fallback = [rule for rule in policy.rules if not rule.condition]
        certain = []
        for rule in policy.rules:
            verdict = _holds(rule, policy, tags) if rule.condition else False
            if verdict is None:
                raise Undecided(_unknown_tags(policy, rule))
            if verdict:
                certain.append(rule)
        adding += fallback + certain
        replacing += certain or fallback
    if not adding:
        raise Undecided(f"{chain[0].place}: none of its rules applies, and what holds then is not documented")
    merged, other = merge(adding), merge(replacing)
    if meaning(merged) != meaning(other):
        raise Undecided(
            f"{chain[0].place}: a condition holds beside a rule without one, and whether both count or only the first "
            "is not documented; give every rule a condition, or the merged policy (describe --effective)"
        )
    return merged


def merge(rules: Iterable[RawRule]) -> ListValues:
    """All that the rules say together; entries in order of their text."""
    found = list(rules)
    return ListValues(
        allow_all=any(rule.allow_all for rule in found),
        deny_all=any(rule.deny_all for rule in found),
        allowed=tuple(sorted({value for rule in found for value in rule.allowed})),
        denied=tuple(sorted({value for rule in found for value in rule.denied})),
    )


def meaning(values: ListValues) -> ListValues:
    """The same permissions in one spelling: what is beside a denial or permission of everything says nothing."""
    if values.deny_all or not (values.allow_all or values.allowed or values.denied):
        return ListValues(deny_all=True)
    allow_all = values.allow_all or not values.allowed
    return ListValues(allow_all=allow_all, allowed=() if allow_all else values.allowed, denied=values.denied)


def _holds(rule: RawRule, policy: RawPolicy, tags: TagBindings) -> bool | None:
    try:
        return holds(rule.condition, tags)
    except NotACondition as error:
        raise Undecided(f"{policy.place}: condition {shown(rule.condition)!r}: {shown(str(error))}") from error


def _unknown_tags(policy: RawPolicy, rule: RawRule) -> str:
    return (
        f"{policy.place}: depends on {shown(rule.condition)!r}, and the project's tags are not known: name them under "
        "`organization.tags`"
    )
