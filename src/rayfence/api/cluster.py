"""Plans of platforms on Kubernetes and GKE: read, resolve, render, judge. Nothing is changed anywhere."""

import datetime
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from rayfence.api.organization import organization_of
from rayfence.api.specs import read_cluster, read_text
from rayfence.catalog.actors import load_actors
from rayfence.catalog.constraints import load_constraints
from rayfence.catalog.machines import load_machines
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.value_groups import load_value_groups
from rayfence.errors import PreflightError, RenderError, StateError
from rayfence.model.cloud import CloudDesired
from rayfence.model.cluster_plan import ClusterPlan, Difference, Explanation
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.orgpolicy import OrgFacts
from rayfence.model.outcome import ConstraintOutcome, PolicyConflict
from rayfence.plan.cluster import Proofs, compare, every_conflict, make_cluster_plan
from rayfence.plan.explain import explain
from rayfence.policy.cluster import resolve_cluster, rules_of
from rayfence.policy.constraints import criteria, dry_run_outcomes, dry_run_warnings, outcomes
from rayfence.policy.constraints.conflicts import conflicts_of
from rayfence.policy.constraints.controllers import Made, made_by_controllers
from rayfence.policy.proofs import capacity, check_members, flows, privileges
from rayfence.render.gcp.render import render as render_google
from rayfence.render.gcp.terraform import terraform_files
from rayfence.render.kubernetes.manifests import kubernetes_files
from rayfence.render.kubernetes.render import render as render_kubernetes


@dataclass(frozen=True, slots=True)
class ClusterJudged:
    """A platform, rendered and judged. `found`: the conflicts besides those of the settings."""

    platform: ClusterPlatform
    facts: OrgFacts
    resolution: ClusterResolution
    cloud: CloudDesired
    manifests: tuple[Manifest, ...]
    outcomes: tuple[ConstraintOutcome, ...]
    found: tuple[PolicyConflict, ...]
    warnings: tuple[str, ...]
    proofs: Proofs

    @property
    def conflicts(self) -> tuple[PolicyConflict, ...]:
        """All of them, as the plan tells them; none: the artefacts may be written."""
        return every_conflict(self.resolution, self.outcomes, self.found)


@dataclass(frozen=True, slots=True)
class ClusterPlanned:
    """A plan with all it was made from."""

    platform: ClusterPlatform
    facts: OrgFacts
    resolution: ClusterResolution
    cloud: CloudDesired
    manifests: tuple[Manifest, ...]
    plan: ClusterPlan


def plan_cluster(
    platform: ClusterPlatform, spec: Path, policies: Path | None = None, today: datetime.date | None = None
) -> ClusterPlanned:
    """Plan a decoded platform: judge it, and gather all of it under one digest. Raises as `judge_cluster`.

    Contradictions are not raised: `plan.conflicts` holds all of them.
    """
    judged = judge_cluster(platform, spec, policies, today)
    resolution, cloud, manifests = judged.resolution, judged.cloud, judged.manifests
    plan = make_cluster_plan(
        resolution, cloud, manifests, judged.outcomes, judged.found, judged.warnings, judged.proofs
    )
    return ClusterPlanned(platform, judged.facts, resolution, cloud, manifests, plan)


def judge_cluster(
    platform: ClusterPlatform, spec: Path, policies: Path | None = None, today: datetime.date | None = None
) -> ClusterJudged:
    """Everything but the list of it, which takes long where there are many tenants and `render` does not need.

    1. Read what the organisation demands: from `policies`, else from where the spec says.
    2. Decide every setting under it.
    3. Render the exact objects.
    4. Judge them: constraints, custom constraints, room for every pod, connections.
    Raises OrganizationError (1).
    """
    facts = organization_of(platform, spec.parent, policies)  # 1
    day = today or datetime.date.today()
    resolution = resolve_cluster(  # 2
        platform, facts, day, load_value_groups(), load_machines(), load_ray_versions(), load_actors()
    )
    cloud, manifests = _rendered(resolution)  # 3
    return _judged(resolution, cloud, manifests, facts, day)  # 4


def _rendered(resolution: ClusterResolution) -> tuple[CloudDesired, tuple[Manifest, ...]]:
    """Both halves. What a conflict leaves open can be impossible to render: then the conflicts are the plan."""
    try:
        cloud = render_google(resolution) if resolution.gke else CloudDesired(())
        return cloud, render_kubernetes(resolution)
    except RenderError:
        if not resolution.conflicts:
            raise
        return CloudDesired(()), ()


def _judged(
    resolution: ClusterResolution,
    cloud: CloudDesired,
    manifests: tuple[Manifest, ...],
    facts: OrgFacts,
    today: datetime.date,
) -> ClusterJudged:
    catalog, groups = load_constraints(), load_value_groups()
    on_google = resolution.gke is not None
    found = outcomes(resolution, cloud, manifests, facts, catalog, groups) if on_google else ()
    beside = made_by_controllers(manifests)
    own, tried = _own_rules(facts, cloud, beside)
    trials = dry_run_outcomes(resolution, cloud, manifests, facts, catalog, groups) if on_google else ()
    room = capacity(resolution, load_machines())
    open_ways = flows(resolution, facts, cloud)
    grants = privileges(resolution, cloud, manifests, load_actors())
    members = check_members(resolution, grants, facts)
    judged = (*found, *own)
    proved = (*room.conflicts, *open_ways.conflicts, *members.conflicts)
    rules = rules_of(resolution.platform, facts, groups)
    broken = conflicts_of(judged, (*resolution.conflicts, *proved), resolution.platform, rules, today)
    return ClusterJudged(
        resolution.platform,
        facts,
        resolution,
        cloud,
        manifests,
        judged,
        (*proved, *broken),
        (*facts.problems, *dry_run_warnings((*trials, *tried)), *room.warnings, *open_ways.warnings, *members.warnings),
        (room.fits, open_ways.flows, grants),
    )


def _own_rules(
    facts: OrgFacts, cloud: CloudDesired, beside: Made
) -> tuple[tuple[ConstraintOutcome, ...], tuple[ConstraintOutcome, ...]]:
    """The organisation's own constraints, and those that only run dry.

    Few organisations have any, and the others do not wait for the code.
    """
    if not any(name.startswith("custom.") for name in (*facts.policies, *facts.dry_run)):
        return (), ()
    from rayfence.organization import custom  # noqa: PLC0415

    found = custom.evaluate(facts.custom, cloud.resources, ruled_out=beside.never, samples=beside.samples)
    tried = custom.evaluate(facts.dry_custom, cloud.resources, ruled_out=beside.never, samples=beside.samples)
    return (*found, *custom.undecided(facts)), tried


def compare_with(planned: ClusterPlanned, spec: Path, other: Path, policies: Path | None) -> tuple[Difference, ...]:
    """What would change if `other` held: another spec, or another set of policies for the same spec.

    Raises SpecError or OrganizationError when it is neither.
    """
    if other.is_file() and _is_spec(other):
        there = plan_cluster(read_cluster(other), other, policies).plan
    else:
        there = plan_cluster(planned.platform, spec, other).plan
    return compare(planned.plan, there)


def explain_subject(subject: str, spec: Path, policies: Path | None) -> tuple[Explanation, ...]:
    """Why one setting or constraint is as it is. Raises UnknownSubject, SpecError, OrganizationError."""
    planned = plan_cluster(read_cluster(spec), spec, policies)
    remedies = {name: f"{criterion.demands} {criterion.remedy}" for name, criterion in criteria().items()}
    return explain(planned.plan, planned.platform, subject, remedies)


def save_plan(plan: ClusterPlan, path: Path) -> None:
    """Write the plan as JSON; it says its own digest. Raises StateError."""
    try:
        path.write_text(json.dumps(asdict(plan), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise StateError(f"{path} can't be written: {error.strerror}", hint="choose another file") from error


def rendered(judged: ClusterJudged, formats: Sequence[str]) -> Mapping[str, str]:
    """Relative path to content of everything a person keeps: `terraform/…` and `kubernetes/…`.

    Raises PreflightError naming every conflict: what can't be had is not written.
    """
    _refuse(judged.conflicts)
    made: dict[str, str] = {}
    if "terraform" in formats:
        made |= {f"terraform/{name}": text for name, text in terraform_files(judged.cloud).items()}
    if "kubernetes" in formats:
        made |= {f"kubernetes/{name}": text for name, text in kubernetes_files(judged.manifests).items()}
    return made


def refuse(plan: ClusterPlan) -> None:
    """Raise PreflightError naming every conflict; return when there is none."""
    _refuse(plan.conflicts)


def _refuse(conflicts: Sequence[PolicyConflict]) -> None:
    if conflicts:
        lines = [f"{', '.join((*item.rules, *item.fields))}: {item.problem}" for item in conflicts]
        raise PreflightError("\n".join(lines), hint="`rayfence plan` shows remedies and the exceptions to ask for")


def _is_spec(path: Path) -> bool:
    return path.suffix in (".yaml", ".yml") and "\nkind: Platform" in "\n" + read_text(path)
