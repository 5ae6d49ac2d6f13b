"""Counts, labels, and pools that pods name."""

import pytest

from rayfence.spec.v1alpha1.rules import pods
from rayfence.spec.view import View
from tests.sim.platforms import changed, gke, kubernetes, mistakes

WORKERS = "tenants.0.clusters.0.workers.0"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([(f"{WORKERS}.minimum", 9)], f"{WORKERS}.minimum: 9 is above maximum (8)"),
        ([(f"{WORKERS}.minimum", 9), (f"{WORKERS}.maximum", ...)], f"{WORKERS}.minimum: 9 is above maximum (4, the"),
        ([("tenants.0.clusters.0.autoscaling", False)], f"{WORKERS}.minimum: without autoscaling a group has one size"),
        ([(f"{WORKERS}.pool", "head")], f"{WORKERS}.pool: target.gke.pools has no pool 'head', did you mean 'heads'?"),
        ([(f"{WORKERS}.pool", "heads"), (f"{WORKERS}.gpus", 1)], f"{WORKERS}.pool: pool 'heads' has no GPU"),
        (
            [("tenants.0.clusters.0.workers.1.gpus", 4)],
            "tenants.0.clusters.0.workers.1.pool: a node of pool 'gpus' has 2",
        ),
        (
            [("tenants.0.labels", {"pod-security.kubernetes.io/enforce": "privileged"})],
            "tenants.0.labels.pod-security.",
        ),
        ([("tenants.0.labels", {"ray.io/cluster": "other"})], "tenants.0.labels.ray.io/cluster: labels of ray.io mean"),
    ],
)
def test_told(changes: list[tuple[str, object]], said: str) -> None:
    assert mistakes(changed(gke(), *changes))[0].startswith(said)


def test_a_pool_of_another_tenant_is_not_to_be_used() -> None:
    other = {"name": "speech", "clusters": [{"head": {"pool": "gpus"}}]}
    data = changed(gke(), ("tenants.1", other))
    (problem,) = pods.pools(View(data))
    assert problem.sentence == "pool 'gpus' belongs to tenant 'vision'"


def test_no_pools_elsewhere() -> None:
    head = "tenants.0.clusters.0.head.pool"
    assert (
        mistakes(changed(kubernetes(), (head, "a")))[0] == f"{head}: target kubernetes has no node pools; leave it out"
    )
    autopilot = changed(gke(), ("target.gke.mode", "autopilot"), ("target.gke.pools", ...))
    assert f"{head}: Autopilot has no node pools; leave it out" in mistakes(autopilot)


def test_labels_of_one_s_own_domain_are_fine() -> None:
    view = View({"tenants": [{"labels": {"example.com/team": "a", "notkubernetes.io/x": "b"}}]})
    assert list(pods.labels(view)) == []
