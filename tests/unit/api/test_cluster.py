"""Plans of the examples, from file to verdict: the article's eight constraints, conflicts, differences, artefacts."""

import datetime
import json
import shutil
from pathlib import Path

import pytest

from rayfence.api.cluster import (
    ClusterJudged,
    ClusterPlanned,
    compare_with,
    explain_subject,
    judge_cluster,
    plan_cluster,
    rendered,
    save_plan,
)
from rayfence.api.specs import read_cluster
from rayfence.errors import PreflightError
from rayfence.model.cluster_plan import Change
from rayfence.model.outcome import Outcome
from tests.arch.tree import ROOT

EXAMPLES = ROOT / "examples"
ARTICLE = EXAMPLES / "article" / "platform.yaml"
TODAY = datetime.date(2026, 11, 26)
EIGHT = (
    "gcp.resourceLocations",
    "compute.requireShieldedVm",
    "compute.requireOsLogin",
    "compute.restrictNonConfidentialComputing",
    "compute.vmExternalIpAccess",
    "iam.disableWorkloadIdentityClusterCreation",
    "gcp.restrictNonCmekServices",
    "gcp.restrictCmekCryptoKeyProjects",
)


def planned(spec: Path, policies: Path | None = None) -> ClusterPlanned:
    """The plan of a file, on a fixed day."""
    return plan_cluster(read_cluster(spec), spec, policies, TODAY)


def judged(spec: Path, policies: Path | None = None) -> ClusterJudged:
    """The same, not listed."""
    return judge_cluster(read_cluster(spec), spec, policies, TODAY)


def stricter(folder: Path) -> Path:
    """The article's policies without its exception for Workload Identity."""
    shutil.copytree(ARTICLE.parent / "org-policies", folder)
    name = "iam.disableWorkloadIdentityClusterCreation"
    policy = {"name": f"organizations/100000000001/policies/{name}", "spec": {"rules": [{"enforce": True}]}}
    (folder / f"{name}.json").write_text(json.dumps(policy))
    return folder


def test_the_article_satisfies_all_eight_constraints() -> None:
    plan = planned(ARTICLE).plan
    assert plan.conflicts == ()
    found = {item.constraint: item.outcome for item in plan.outcomes}
    assert len(found) == 88
    assert {found[name] for name in EIGHT} <= {Outcome.SATISFIED, Outcome.SATISFIED_BY}
    assert sum(outcome is Outcome.UNKNOWN for outcome in found.values()) <= 10
    assert all(item.reason for item in plan.outcomes)
    assert all(item.reason and item.value for item in plan.decisions)


@pytest.mark.parametrize("example", ["minimal", "autopilot", "shared-vpc", "gpu-tenants", "two-tenants"])
def test_every_example_plans_without_conflict(example: str) -> None:
    plan = planned(EXAMPLES / example / "platform.yaml").plan
    assert plan.conflicts == ()
    assert plan.objects
    assert not [item for item in plan.outcomes if item.outcome is Outcome.VIOLATED]


def test_the_same_input_gives_the_same_bytes() -> None:
    first, second = planned(ARTICLE), planned(ARTICLE)
    assert first.plan == second.plan
    formats = ("terraform", "kubernetes")
    assert rendered(judged(ARTICLE), formats) == rendered(judged(ARTICLE), formats)


def test_a_stricter_organisation_stops_the_plan_and_says_what_to_ask_for(tmp_path: Path) -> None:
    made = planned(ARTICLE, stricter(tmp_path / "org"))
    rules = {rule for conflict in made.plan.conflicts for rule in conflict.rules}
    assert "iam.disableWorkloadIdentityClusterCreation" in rules
    assert all(conflict.problem for conflict in made.plan.conflicts)
    assert any("acme-ray" in conflict.request for conflict in made.plan.conflicts)
    with pytest.raises(PreflightError, match="disableWorkloadIdentityClusterCreation"):
        rendered(judged(ARTICLE, tmp_path / "org"), ("terraform",))


def test_what_is_judged_is_what_is_planned(tmp_path: Path) -> None:
    for policies in (None, stricter(tmp_path / "org")):
        found, made = judged(ARTICLE, policies), planned(ARTICLE, policies)
        assert (found.conflicts, found.outcomes) == (made.plan.conflicts, made.plan.outcomes)
        assert (found.cloud, found.manifests, found.resolution) == (made.cloud, made.manifests, made.resolution)


def test_two_policy_sets_are_compared_as_decisions(tmp_path: Path) -> None:
    made = planned(ARTICLE)
    assert compare_with(made, ARTICLE, ARTICLE.parent / "org-policies", None) == ()
    found = compare_with(made, ARTICLE, stricter(tmp_path / "org"), None)
    assert {(item.subject, item.change) for item in found} >= {("conflict", Change.ADDED)}


def test_two_specs_are_compared(tmp_path: Path) -> None:
    other = tmp_path / "article"
    shutil.copytree(ARTICLE.parent, other)
    spec = other / "platform.yaml"
    spec.write_text(ARTICLE.read_text().replace("maxNodes: 4", "maxNodes: 5"))
    found = compare_with(planned(ARTICLE), ARTICLE, spec, None)
    assert ("decision", "gke.pools.heads.nodes") in {(item.subject, item.name) for item in found}


def test_a_constraint_and_a_setting_are_explained() -> None:
    (constraint,) = explain_subject("gcp.resourceLocations", ARTICLE, None)
    assert constraint.source.startswith("org-policies/")
    (setting,) = explain_subject("gke.location", ARTICLE, None)
    assert setting.value == "us-central1"


def test_a_saved_plan_says_its_digest(tmp_path: Path) -> None:
    made = planned(ARTICLE)
    save_plan(made.plan, tmp_path / "plan.json")
    assert json.loads((tmp_path / "plan.json").read_text())["digest"] == made.plan.digest


def test_artefacts_hold_no_expression_of_a_spec_and_no_secret() -> None:
    made = rendered(judged(ARTICLE), ("terraform", "kubernetes"))
    assert {name.split("/")[0] for name in made} == {"terraform", "kubernetes"}
    assert not [name for name, text in made.items() if "BEGIN PRIVATE KEY" in text or "kind: Secret\n" in text]
