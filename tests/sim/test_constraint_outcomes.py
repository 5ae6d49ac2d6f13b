"""From the examples' files to outcomes: policies read, settings decided, objects rendered, every constraint judged."""

import datetime
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from rayfence.catalog.actors import load_actors
from rayfence.catalog.constraints import load_constraints, load_known_constraints
from rayfence.catalog.machines import load_machines
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.gke import GkeTarget
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.model.outcome import ConstraintOutcome, Outcome
from rayfence.organization.effective import effective
from rayfence.organization.read import read
from rayfence.policy.cluster import resolve_cluster
from rayfence.policy.constraints import outcomes
from rayfence.render.gcp.render import render as render_cloud
from rayfence.render.kubernetes.render import render as render_kubernetes
from rayfence.spec.load import load

EXAMPLES: Final = Path(__file__).parents[2] / "examples"
HOLDS: Final = {Outcome.SATISFIED, Outcome.SATISFIED_BY}


def judged(example: str, *added: EffectivePolicy) -> dict[str, ConstraintOutcome]:
    """Every outcome of an example, with policies added to those of its organisation."""
    file = EXAMPLES / example / "platform.yaml"
    platform = load(file.read_text(encoding="utf-8"), file.name)
    assert isinstance(platform, ClusterPlatform) and isinstance(platform.target, GkeTarget)
    organization = platform.organization
    folder = file.parent / organization.policies if organization.policies else None
    files = sorted(folder.rglob("*.json")) if folder else []
    facts = effective(
        read([(path.name, path.read_bytes()) for path in files]),
        platform.target.project,
        organization.ancestors,
        organization.tags,
        load_known_constraints(),
    )
    facts = replace(facts, policies={**facts.policies, **{policy.constraint: policy for policy in added}})
    groups = load_value_groups()
    resolution = resolve_cluster(
        platform, facts, datetime.date(2026, 11, 26), groups, load_machines(), load_ray_versions(), load_actors()
    )
    cloud, manifests = render_cloud(resolution), render_kubernetes(resolution)
    found = outcomes(resolution, cloud, manifests, facts, load_constraints(), groups)
    return {outcome.constraint: outcome for outcome in found}


def _names(found: dict[str, ConstraintOutcome], wanted: Outcome) -> Sequence[str]:
    return [name for name, outcome in found.items() if outcome.outcome is wanted]


def test_the_articles_eight_are_satisfied_and_little_is_unknown() -> None:
    found = judged("article")
    eight = [constraint.id for constraint in load_constraints() if constraint.article]
    assert len(eight) == 8 and len(found) == 88
    assert {name: found[name] for name in eight if found[name].outcome not in HOLDS} == {}
    assert all(found[name].source and found[name].source != "Google's default" for name in eight)
    assert _names(found, Outcome.VIOLATED) == []
    unknown = _names(found, Outcome.UNKNOWN)
    assert len(unknown) <= 10 and all(found[name].reason for name in unknown)


@pytest.mark.parametrize("example", ["autopilot", "shared-vpc", "gpu-tenants"])
def test_examples_violate_nothing(example: str) -> None:
    found = judged(example)
    assert _names(found, Outcome.VIOLATED) == [] and _names(found, Outcome.UNKNOWN) == []


def test_without_its_exception_the_articles_seventh_policy_stands_against_workload_identity() -> None:
    name = "iam.disableWorkloadIdentityClusterCreation"
    found = judged("article", EffectivePolicy(name, "here", enforced=True))
    assert found[name].outcome is Outcome.VIOLATED and found[name].fields


@pytest.mark.parametrize(
    "constraint", [row.id for row in load_constraints() if row.id.startswith("container.managed.")]
)
def test_managed_rules_on_the_cluster_hold_on_the_articles_platform(constraint: str) -> None:
    found = judged("article", EffectivePolicy(constraint, "here", enforced=True))[constraint]
    assert found.outcome in HOLDS, found
