"""Every constraint's outcome for a rendered platform.

The order is the catalogue's. What is decided before a criterion is asked:
1. No policy and no default of Google's: it holds already.
2. A policy that can't be decided (a condition on unknown tags, an unknown value): unknown, with what is missing.
3. A policy that is not enforced, or admits everything: it holds already.
4. A policy of the wrong kind (a list for a boolean): unknown, for nobody can say what it means.
Then the criterion judges the rendered objects. Legacy and managed twins are judged each by its own criterion.
"""

from collections.abc import Sequence
from typing import Final

from rayfence.catalog.constraints import Constraint
from rayfence.catalog.value_groups import ValueGroups
from rayfence.model.cloud import CloudDesired
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.orgpolicy import EffectivePolicy, ListValues, OrgFacts
from rayfence.model.outcome import ConstraintOutcome, Outcome
from rayfence.policy.constraints.criterion import Case, Criterion, Finding, satisfied, unknown
from rayfence.policy.constraints.rendered import Rendered, read
from rayfence.policy.constraints.table import criteria

GOOGLE_DEFAULT: Final = "Google's default"


def outcomes(
    resolution: ClusterResolution,
    cloud: CloudDesired,
    manifests: Sequence[Manifest],
    facts: OrgFacts,
    catalog: Sequence[Constraint],
    groups: ValueGroups,
) -> tuple[ConstraintOutcome, ...]:
    """One outcome per constraint of `catalog`, in its order, then those that are set and that nobody here knows.

    `groups`: what `in:` stands for in lists. Custom constraints are judged elsewhere.
    """
    ground = _Ground(read(resolution, cloud, manifests), facts, groups)
    listed = tuple(
        _outcome(constraint, facts.policies.get(constraint.id) or _default(constraint), ground)
        for constraint in catalog
    )
    known = {constraint.id for constraint in catalog}
    strangers = (
        ConstraintOutcome(
            name, Outcome.UNKNOWN, "it is not in the catalogue: what it asks is not checked", (), item.source
        )
        for name, item in facts.policies.items()
        if name not in known and not name.startswith("custom.") and item.source != GOOGLE_DEFAULT
    )
    return (*listed, *strangers)


def dry_run_outcomes(
    resolution: ClusterResolution,
    cloud: CloudDesired,
    manifests: Sequence[Manifest],
    facts: OrgFacts,
    catalog: Sequence[Constraint],
    groups: ValueGroups,
) -> tuple[ConstraintOutcome, ...]:
    """What would become of each constraint that has a dry run, if it were enforced; in the catalogue's order."""
    ground = _Ground(read(resolution, cloud, manifests), facts, groups)
    return tuple(
        _outcome(constraint, facts.dry_run[constraint.id], ground)
        for constraint in catalog
        if constraint.id in facts.dry_run
    )


def dry_run_warnings(outcomes: Sequence[ConstraintOutcome]) -> tuple[str, ...]:
    """A sentence for each dry run that would stand in the platform's way, or might."""
    verbs = {Outcome.VIOLATED: "would be violated", Outcome.UNKNOWN: "can't be told to hold"}
    return tuple(
        f"dry run: {found.constraint} {verbs[found.outcome]} if it were enforced: {found.reason} ({found.source})"
        for found in outcomes
        if found.outcome in verbs
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every criterion is asked on."""

    rendered: Rendered
    facts: OrgFacts
    groups: ValueGroups


def _outcome(constraint: Constraint, policy: EffectivePolicy | None, ground: _Ground) -> ConstraintOutcome:
    criterion = criteria().get(constraint.id)
    if criterion is None:
        finding = unknown("rayfence has no criterion for this constraint: it can't be judged")
    elif policy is None:
        finding = satisfied("no policy sets it, and Google's default demands nothing")
    else:
        finding = _judged(constraint, criterion, policy, ground)
    return ConstraintOutcome(
        constraint=constraint.id,
        outcome=finding.outcome,
        reason=finding.reason,
        fields=finding.fields,
        source=policy.source if policy else "",
    )


def _default(constraint: Constraint) -> EffectivePolicy | None:
    """The policy that stands where nobody set one; None: it demands nothing."""
    if not constraint.enforced_by_default:
        return None
    if constraint.kind == "list":
        return EffectivePolicy(constraint.id, GOOGLE_DEFAULT, values=ListValues(deny_all=True))
    return EffectivePolicy(constraint.id, GOOGLE_DEFAULT, enforced=True)


def _judged(constraint: Constraint, criterion: Criterion, policy: EffectivePolicy, ground: _Ground) -> Finding:
    if policy.undecided:
        return unknown(f"the policy can't be decided: {policy.undecided}")
    if constraint.kind == "list":
        values = policy.values
        if values is None:
            return unknown("the policy holds no list: its content is needed")
        if values.allow_all and not values.denied and not values.deny_all:
            return satisfied("the policy admits everything")
    elif policy.enforced is None:
        return unknown("the policy does not say whether it is enforced: its content is needed")
    elif not policy.enforced:
        return satisfied("the policy is not enforced")
    return criterion.judge(Case(policy, ground.rendered, ground.facts, ground.groups))
