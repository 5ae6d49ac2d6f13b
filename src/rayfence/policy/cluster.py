"""`resolve_cluster`: a platform on Kubernetes or GKE and its organisation's policies to settings, each explained.

Covers every setting of `model.gke_settings` and `model.cluster_resolution`, and every contradiction between spec and
policies that can be seen before objects are rendered. Leaves out custom constraints (evaluated on rendered objects),
inherited firewall rules and capacity. Pure: the same platform, facts and day give the same resolution.
"""

import datetime

from rayfence.catalog.actors import Actors
from rayfence.catalog.machines import Machines
from rayfence.catalog.ray_versions import RayVersions
from rayfence.catalog.value_groups import ValueGroups
from rayfence.errors import PreflightError
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import GkeTarget
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.orgpolicy import OrgFacts
from rayfence.policy.basis import Case, Rules
from rayfence.policy.basis.waivers import waiver_conflicts, waiver_warnings
from rayfence.policy.google import google
from rayfence.policy.operator import existing_cluster, kubernetes


def resolve_cluster(
    platform: ClusterPlatform,
    facts: OrgFacts,
    today: datetime.date,
    groups: ValueGroups,
    machines: Machines,
    versions: RayVersions,
    actors: Actors,
) -> ClusterResolution:
    """Decide every setting of `platform` under the organisation's `facts`, on `today`.

    1. Gather the rules: policies, ancestry, names of the project.
    2. Decide the Google Cloud half, if there is one.
    3. Decide the Kubernetes half on that ground.
    4. Look at the waivers: ended ones stop the plan.
    Nothing is raised for a contradiction: `conflicts` holds all of them, so that a plan can show all.
    """
    case = Case(platform, rules_of(platform, facts, groups), machines, versions, actors, today)  # 1
    gke: GkeSettings | None = None
    if isinstance(platform.target, GkeTarget):
        gke, ground = google(case)  # 2
    else:
        ground = existing_cluster(case, platform.target)
    kubernetes_half = kubernetes(case, ground)  # 3
    case.conflicts.extend(waiver_conflicts(platform.waivers, today))  # 4
    case.warnings.extend(waiver_warnings(platform.waivers, frozenset(case.used), today))
    case.warnings.extend(_undecided(case))
    case.warnings.extend(_dry_runs(facts))
    return ClusterResolution(
        platform,
        gke,
        kubernetes_half,
        tuple(case.decisions),
        tuple(case.conflicts),
        tuple(dict.fromkeys(case.warnings)),
    )


def refuse_cluster_conflicts(resolution: ClusterResolution) -> None:
    """Raise PreflightError naming every conflict; return when there is none."""
    if not resolution.conflicts:
        return
    lines = [f"{', '.join((*item.rules, *item.fields))}: {item.problem}" for item in resolution.conflicts]
    remedies = [remedy for item in resolution.conflicts for remedy in item.remedies]
    raise PreflightError("\n".join(lines), hint="; ".join(dict.fromkeys(remedies)))


def _undecided(case: Case) -> list[str]:
    """Policies that nobody can decide, unless a conflict or a warning says so already."""
    said = {rule for conflict in case.conflicts for rule in conflict.rules}
    served = {rule for decision in case.decisions for rule in decision.rules}
    found = []
    for name in case.rules.facts.policies:
        for policy in case.rules.undecided(name):
            if name in said or any(text.startswith(f"{name} is undecided") for text in case.warnings):
                continue
            what = "settings hold as if it were enforced" if name in served else "whether it holds is unknown"
            found.append(f"{name} is undecided ({policy.source}: {policy.undecided}); {what}")
    return found


def _dry_runs(facts: OrgFacts) -> list[str]:
    return [
        f"{policy.constraint} runs dry ({policy.source}): it binds nothing yet, and would if it were enforced"
        for policy in facts.dry_run.values()
    ]


def rules_of(platform: ClusterPlatform, facts: OrgFacts, groups: ValueGroups) -> Rules:
    """The organisation's rules, with what the spec itself knows of the project's place and number."""
    ancestry = dict(facts.ancestry)
    target = platform.target
    if isinstance(target, GkeTarget):
        own = f"projects/{target.project}"
        chain = ancestry.get(own) or platform.organization.ancestors
        number = (f"projects/{target.project_number}",) if target.project_number else ()
        ancestry[own] = tuple(dict.fromkeys((*number, *chain)))
    return Rules(facts, groups, ancestry)
