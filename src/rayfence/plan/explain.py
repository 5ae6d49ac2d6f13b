"""Why a setting is as it is, or how the platform stands to a constraint, and what would change it. Pure."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from rayfence.errors import RayfenceError
from rayfence.model.cluster_plan import ClusterPlan, Explanation
from rayfence.model.cluster_platform import ClusterPlatform, Waiver
from rayfence.model.decision import Decision, Source
from rayfence.model.outcome import ConstraintOutcome, PolicyConflict
from rayfence.plan.fields import settings_of
from rayfence.plan.settings import fields_of
from rayfence.spec.v1alpha1.rules.waivers import CONTROLS


class UnknownSubject(RayfenceError):
    """Nothing of that name is in the plan."""

    exit_status = 2


def explain(
    plan: ClusterPlan, platform: ClusterPlatform, subject: str, remedies: Mapping[str, str]
) -> tuple[Explanation, ...]:
    """Everything in the plan that `subject` names.

    `subject`: a setting's path or the beginning of one, a field of the spec that decides settings, a constraint with or
    without `constraints/`, or a control that can be waived. `remedies`: what satisfies each constraint. Raises
    UnknownSubject with the nearest names.
    """
    name = subject.removeprefix("constraints/").removeprefix("customConstraints/")
    found = (
        *(_decision(item, plan, platform) for item in plan.decisions if _names(item.path, name)),
        *(_constraint(item, plan, remedies) for item in plan.outcomes if item.constraint == name),
        *(_waiver(item) for item in platform.waivers if item.control == name),
    )
    if not found and name in CONTROLS:
        found = (_control(name),)
    for path in () if found else settings_of(name, platform):
        found = tuple(_decision(item, plan, platform) for item in plan.decisions if _names(item.path, path))
        if found:
            break
    if not found:
        known = [*(item.path for item in plan.decisions), *(item.constraint for item in plan.outcomes)]
        near = get_close_matches(name, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "`rayfence plan` lists every setting and constraint"
        raise UnknownSubject(f"{subject!r} is no setting, constraint or waived control of this plan", hint=hint)
    return found


def _names(path: str, subject: str) -> bool:
    return path == subject or path.startswith((f"{subject}.", f"{subject}["))


def _decision(decision: Decision, plan: ClusterPlan, platform: ClusterPlatform) -> Explanation:
    source = f"{decision.source} {', '.join(decision.rules)}".rstrip()
    changes = tuple(_changes(decision, plan, platform))
    return Explanation("decision", decision.path, decision.value, decision.reason, source, changes)


def _changes(decision: Decision, plan: ClusterPlan, platform: ClusterPlatform) -> Iterator[str]:
    listed = " or ".join(_field(field, platform) for field in fields_of(decision.path, platform))
    if decision.source is Source.CONSTRAINT:
        where = {item.constraint: item.source for item in plan.outcomes}
        for rule in decision.rules:
            yield f"another policy of {rule} ({where.get(rule) or 'source unknown'}), or an exception for this project"
        if listed:
            yield f"within these rules: {listed}"
    elif decision.source is Source.WAIVER:
        yield f"the end or withdrawal of the waiver{f', or another value of {listed}' if listed else ''}"
    elif listed:
        yield f"{'another' if decision.source is Source.SPEC else 'a'} value of {listed}"
    else:
        yield "a rule of the organisation that demands another; no field of the spec does"
    if decision.irreversible:
        yield f"not afterwards: {decision.irreversible}"


def _field(field: str, platform: ClusterPlatform) -> str:
    """A field, with its place where the spec has it."""
    place = platform.places.get(field.replace("[", ".").replace("]", ""), "")
    return f"{field} ({place})" if place else field


def _constraint(item: ConstraintOutcome, plan: ClusterPlan, remedies: Mapping[str, str]) -> Explanation:
    changes = [f"the fields it looks at: {', '.join(item.fields)}"] if item.fields else []
    if item.constraint in remedies:
        changes.append(f"satisfied when: {remedies[item.constraint]}")
    changes += [step for conflict in _conflicts_of(item.constraint, plan) for step in conflict.remedies]
    changes += [conflict.request for conflict in _conflicts_of(item.constraint, plan) if conflict.request]
    return Explanation("constraint", item.constraint, str(item.outcome), item.reason, item.source, tuple(changes))


def _conflicts_of(constraint: str, plan: ClusterPlan) -> Iterator[PolicyConflict]:
    return (conflict for conflict in plan.conflicts if constraint in conflict.rules)


def _control(name: str) -> Explanation:
    """A control that this spec does not waive."""
    return Explanation(
        "control",
        name,
        "not waived",
        f"it holds; a waiver of it would permit: {CONTROLS[name].permits}",
        "rayfence",
        ("a waiver with owner, reason and end, where a field of the spec needs it",),
    )


def _waiver(waiver: Waiver) -> Explanation:
    return Explanation(
        "waiver",
        waiver.control,
        f"accepted until {waiver.expires}",
        waiver.reason,
        f"owner {waiver.owner}",
        (f"it ends on {waiver.expires}: the weakening then stops the plan",),
    )
