"""Twin of rayfence.render.kubernetes.admission.routes."""

from dataclasses import replace

import pytest

from rayfence.render.kubernetes.admission.routes import routes_guard
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.admission_review import Request, refusals
from tests.unit.render.kubernetes.resolutions import GKE, existing, found, on_gke

LABELS = {"rayfence.dev/platform": "ml", "rayfence.dev/role": "gateway", "rayfence.dev/tenant": "vision"}


def test_the_rendered_route_is_admitted_in_its_own_namespace_only() -> None:
    manifests = render(on_gke())
    route = found(manifests, "HTTPRoute vision-gateway/gateway")
    assert refusals(manifests, Request("httproutes", route, "vision-gateway", LABELS)) == []
    foreign = {**LABELS, "rayfence.dev/tenant": "speech"}
    assert refusals(manifests, Request("httproutes", route, "speech-gateway", foreign))


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"hostnames": []},
        {"hostnames": ["*.ray.acme.com"]},
        {"hostnames": ["vision.ray.acme.com", "speech.ray.acme.com"]},
    ],
)
def test_other_hosts_and_no_host_are_refused(spec: dict[str, object]) -> None:
    value = {"metadata": {"name": "r"}, "spec": spec}
    assert refusals(render(on_gke()), Request("httproutes", value, "vision-gateway", LABELS))


def test_no_guard_without_a_shared_load_balancer() -> None:
    assert GKE.iap is not None
    assert routes_guard(existing()) == ()
    assert routes_guard(on_gke(gke=replace(GKE, iap=replace(GKE.iap, legacy_ingress=True)))) == ()
