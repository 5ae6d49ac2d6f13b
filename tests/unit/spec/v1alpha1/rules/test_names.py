"""Names that collide, and namespaces that are somebody else's."""

import pytest

from rayfence.spec.v1alpha1.rules import names
from rayfence.spec.view import View
from tests.sim.platforms import changed, gke, mistakes


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("tenants.1", {"name": "vision"}, "tenants.1.name: 'vision' is the name of another tenant"),
        ("target.gke.pools.1.name", "heads", "target.gke.pools.1.name: 'heads' is the name of another pool"),
        ("tenants.0.jobs.0.name", "train", "tenants.0.jobs.0.name: 'train' is the name of another cluster, job or"),
        ("tenants.0.clusters.0.workers.1.name", "small", "tenants.0.clusters.0.workers.1.name: 'small' is the name of"),
        (
            "tenants.1",
            {"name": "vision-gateway"},
            "tenants.1.name: 'vision-gateway' is the namespace of tenant vision's",
        ),
        ("tenants.1", {"name": "kube-system"}, "tenants.1.name: 'kube-system' is a namespace of the cluster's own"),
        ("tenants.1", {"name": "default"}, "tenants.1.name: 'default' is a namespace of the cluster's own"),
        ("tenants.1", {"name": "ray-system"}, "tenants.1.name: 'ray-system' is the operator's namespace"),
        ("operator.namespace", "vision-gateway", "tenants.0.name: 'vision-gateway' is the operator's namespace"),
    ],
)
def test_told(path: str, value: object, said: str) -> None:
    assert mistakes(changed(gke(), (path, value)))[0].startswith(said)


@pytest.mark.parametrize("part", ["rayfence", "probe", "probe-friend"])
def test_names_of_rayfences_own_namespaces_are_taken(part: str) -> None:
    document = View({"metadata": {"name": "ml"}, "tenants": [{"name": f"ml-{part}"}, {"name": part}]})
    (problem,) = names.tenants(document)
    assert problem.path == ("tenants", 0, "name") and "rayfence's own" in problem.sentence


def test_defaults_count_as_names() -> None:
    tenant = {"name": "a", "clusters": [{}, {"name": "ray"}], "jobs": [{"workers": [{}, {"name": "workers"}]}]}
    found = [problem.path for problem in names.unique(View({"tenants": [tenant]}))]
    assert found == [("tenants", 0, "clusters", 1, "name"), ("tenants", 0, "jobs", 0, "workers", 1, "name")]


def test_a_control_is_waived_once() -> None:
    waivers = [{"control": "alerts"}, {"control": "alerts"}]
    (problem,) = names.unique(View({"waivers": waivers}))
    assert (problem.path, problem.sentence) == (("waivers", 1, "control"), "'alerts' is waived above already")
