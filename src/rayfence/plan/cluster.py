"""From what was resolved and rendered to a plan that people read, and from two plans to what differs. Pure.

Leaves out what exists already: of Google Cloud that is the engine's own diff, of a live Kubernetes the adapter's.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.cluster_plan import Change, ClusterPlan, Difference, PlannedObject
from rayfence.model.cluster_platform import Datapath
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.decision import Decision
from rayfence.model.frozen import fields_of
from rayfence.model.gke import GkeTarget
from rayfence.model.kubernetes import Manifest
from rayfence.model.outcome import ConstraintOutcome, Outcome, PolicyConflict
from rayfence.model.proofs import ActorGrant, FlowResult, Placement
from rayfence.plan.ray_ports import ray_ports

#: Where pods fit, which connections are open, who may do what.
Proofs = tuple[tuple[Placement, ...], tuple[FlowResult, ...], tuple[ActorGrant, ...]]
#: Values of a constraint's outcome in a difference: the outcome, and why.
_MISSING = ("", "")
_CANONICAL = json.JSONEncoder(sort_keys=True, default=str).encode


def make_cluster_plan(
    resolution: ClusterResolution,
    cloud: CloudDesired,
    manifests: Sequence[Manifest],
    outcomes: Sequence[ConstraintOutcome],
    found: Sequence[PolicyConflict],
    warnings: Sequence[str],
    proofs: Proofs = ((), (), ()),
) -> ClusterPlan:
    """Gather one plan. `found`: conflicts besides those of the settings.

    1. List every object with a digest of its content, Google's before Kubernetes', each in the order it is made.
    2. Add a conflict for each violated constraint that no found conflict names: a violation never passes unsaid.
    3. Stamp all of it.
    """
    objects = (*map(_cloud_object, cloud.resources), *map(_manifest_object, manifests))  # 1
    conflicts = every_conflict(resolution, outcomes, found)  # 2
    return ClusterPlan(
        name=resolution.platform.name,
        target=target_words(resolution),
        digest=digest_of([*map(fields_of, objects), *map(fields_of, resolution.decisions)]),  # 3
        objects=objects,
        decisions=resolution.decisions,
        outcomes=tuple(outcomes),
        conflicts=conflicts,
        warnings=tuple(dict.fromkeys((*resolution.warnings, *warnings))),
        placements=proofs[0],
        flows=proofs[1],
        grants=proofs[2],
        ports=ray_ports(manifests, enforced=resolution.kubernetes.datapath is not Datapath.NONE),
    )


def every_conflict(
    resolution: ClusterResolution, outcomes: Sequence[ConstraintOutcome], found: Sequence[PolicyConflict]
) -> tuple[PolicyConflict, ...]:
    """Those of the settings, those found by judging, and one for each violated constraint that none of them names.

    A violation never passes unsaid.
    """
    known = (*resolution.conflicts, *found)
    return (*known, *_violations(outcomes, known, resolution))


def target_words(resolution: ClusterResolution) -> str:
    """The target in a few words, for a title."""
    target = resolution.platform.target
    if isinstance(target, GkeTarget):
        return f"GKE {target.mode} in {target.project}, {target.location}"
    return f"Kubernetes, context {target.context or 'current'}"


def compare(before: ClusterPlan, after: ClusterPlan) -> tuple[Difference, ...]:
    """What differs, settings first, then constraints, conflicts and objects. Empty for a plan and itself."""
    return (
        *_differences("decision", _decisions(before), _decisions(after)),
        *_differences("constraint", _outcomes(before), _outcomes(after)),
        *_differences("conflict", _conflicts(before), _conflicts(after)),
        *_differences("object", _objects(before), _objects(after)),
    )


def digest_of(value: object) -> str:
    """SHA-256 over canonical JSON."""
    return hashlib.sha256(_CANONICAL(value).encode()).hexdigest()


def _cloud_object(resource: CloudResource) -> PlannedObject:
    return PlannedObject(
        resource.group,
        resource.kind,
        resource.name,
        f"{resource.block}.{resource.label}",
        digest_of([resource.body, resource.attributes]),
        resource.irreversible,
        resource.costs,
    )


def _manifest_object(manifest: Manifest) -> PlannedObject:
    kind, _, name = manifest.reference.partition(" ")
    return PlannedObject(manifest.group, kind, name, manifest.reference, digest_of(manifest.object))


def _violations(
    outcomes: Sequence[ConstraintOutcome], known: Sequence[PolicyConflict], resolution: ClusterResolution
) -> Iterator[PolicyConflict]:
    named = {rule for conflict in known for rule in conflict.rules}
    owner = resolution.platform.organization.owner
    for item in outcomes:
        if item.outcome is Outcome.VIOLATED and item.constraint not in named:
            yield PolicyConflict(
                (item.constraint,),
                item.fields,
                item.reason,
                (f"change {', '.join(item.fields)}",) if item.fields else (),
                f"To {owner}: please except {target_words(resolution)} from {item.constraint} ({item.source}), "
                f"because: {item.reason}",
            )


def _differences(
    subject: str, before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> Iterator[Difference]:
    for name in [*before, *(name for name in after if name not in before)]:
        old, new = before.get(name, _MISSING), after.get(name, _MISSING)
        if name not in after:
            yield Difference(subject, name, Change.REMOVED, old[0], "", old[1])
        elif name not in before:
            yield Difference(subject, name, Change.ADDED, "", new[0], new[1])
        elif old[0] != new[0]:
            yield Difference(subject, name, Change.CHANGED, old[0], new[0], new[1])


def _decisions(plan: ClusterPlan) -> Mapping[str, tuple[str, str]]:
    return {item.path: (item.value, _because(item)) for item in plan.decisions}


def _because(decision: Decision) -> str:
    rules = f" ({', '.join(decision.rules)})" if decision.rules else ""
    return f"{decision.source}{rules}: {decision.reason}"


def _outcomes(plan: ClusterPlan) -> Mapping[str, tuple[str, str]]:
    return {item.constraint: (str(item.outcome), item.reason) for item in plan.outcomes}


def _conflicts(plan: ClusterPlan) -> Mapping[str, tuple[str, str]]:
    return {
        f"{' + '.join(item.rules)} [{', '.join(item.fields)}]": (item.problem, "; ".join(item.remedies))
        for item in plan.conflicts
    }


def _objects(plan: ClusterPlan) -> Mapping[str, tuple[str, str]]:
    return {item.address: (item.digest[:12], item.group) for item in plan.objects}
