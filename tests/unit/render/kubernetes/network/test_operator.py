"""Twin of rayfence.render.kubernetes.network.operator."""

from rayfence.render.kubernetes.network.operator import operator_policies
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.reachability import Outside, Pod, reaches
from tests.unit.render.kubernetes.resolutions import existing

OPERATOR = Pod(
    "ray-system", {"kubernetes.io/metadata.name": "ray-system"}, {"app.kubernetes.io/name": "kuberay"}, "10.4.0.8"
)


def test_the_operator_reaches_the_api_server_and_heads_of_its_tenants() -> None:
    manifests = render(existing())
    assert reaches(manifests, OPERATOR, Outside("10.9.0.2"), 443)
    head = {"ray.io/node-type": "head", "rayfence.dev/workload": "job-sweep", "ray.io/is-ray-node": "yes"}
    place = {"rayfence.dev/platform": "ml", "rayfence.dev/role": "tenant", "kubernetes.io/metadata.name": "vision"}
    assert reaches(manifests, OPERATOR, Pod("vision", place, head), 8265)
    assert not reaches(manifests, OPERATOR, Pod("vision", place, head), 6379)
    stranger = Pod("other", {"kubernetes.io/metadata.name": "other"}, head)
    assert not reaches(manifests, OPERATOR, stranger, 8265)
    assert not reaches(manifests, OPERATOR, Outside("8.8.8.8"), 443)
    assert not reaches(manifests, stranger, OPERATOR, 8080)


def test_the_default_deny_comes_first() -> None:
    assert operator_policies(existing())[0]["metadata"]["name"] == "default-deny"  # type: ignore[index]
