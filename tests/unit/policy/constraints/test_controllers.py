"""What load-balancer controllers make of manifests."""

from typing import Any

from rayfence.model.kubernetes import Manifest
from rayfence.policy.constraints.controllers import ANY, CERTIFICATE, HTTP, PLAIN, made_by_controllers

BACKEND = "compute.googleapis.com/BackendService"
GATEWAY = {"kind": "Gateway", "spec": {"listeners": [{"protocol": "HTTPS"}]}}
ROUTE = {"kind": "HTTPRoute", "spec": {}}
POLICY = {"kind": "GCPBackendPolicy", "spec": {"default": {"iap": {"enabled": True}, "logging": {"enabled": True}}}}
BALANCER = {"kind": "Service", "spec": {"type": "LoadBalancer"}}
INGRESS = {"kind": "Ingress", "metadata": {"annotations": {"kubernetes.io/ingress.allow-http": "false"}}}
CONFIG = {"kind": "BackendConfig", "spec": {"iap": {"enabled": True}, "logging": {"enable": True}}}


def manifests(*objects: dict[str, Any]) -> tuple[Manifest, ...]:
    """Manifests of objects."""
    return tuple(Manifest(item, "x", 0) for item in objects)


def test_without_a_way_in_no_part_of_a_load_balancer_is_made() -> None:
    made = made_by_controllers(manifests({"kind": "Service", "spec": {"type": "ClusterIP"}}))
    assert made.never == {*ANY, *HTTP, PLAIN, CERTIFICATE} and not made.samples


def test_an_internal_service_makes_backends_but_nothing_of_http() -> None:
    made = made_by_controllers(manifests(BALANCER))
    assert made.never == {*HTTP, PLAIN, CERTIFICATE} and not made.samples


def test_backends_of_a_gateway_look_as_their_policies_say() -> None:
    made = made_by_controllers(manifests(GATEWAY, ROUTE, POLICY))
    assert made.never == {PLAIN, CERTIFICATE}
    assert made.samples[BACKEND]["logConfig"] == {"enable": True, "sampleRate": 1.0}
    silent = {"kind": "GCPBackendPolicy", "spec": {"default": {}}}
    sample = made_by_controllers(manifests(GATEWAY, ROUTE, silent)).samples[BACKEND]
    assert sample["logConfig"] == {"enable": False, "sampleRate": 1.0} and sample["iap"] == {"enabled": False}
    assert made_by_controllers(manifests(INGRESS, CONFIG)).samples[BACKEND]["iap"] == {"enabled": True}


def test_a_backend_that_no_policy_decides_on_is_not_modelled() -> None:
    assert not made_by_controllers(manifests(GATEWAY, ROUTE, ROUTE, POLICY)).samples
    assert not made_by_controllers(manifests(GATEWAY, ROUTE, POLICY, BALANCER)).samples


def test_plain_http_and_certificates_are_made_where_manifests_ask_for_them() -> None:
    plain = {"kind": "Gateway", "spec": {"listeners": [{"protocol": "HTTPS"}, {"protocol": "HTTP"}]}}
    assert PLAIN not in made_by_controllers(manifests(plain)).never
    assert PLAIN not in made_by_controllers(manifests({"kind": "Gateway", "spec": {}})).never
    assert PLAIN not in made_by_controllers(manifests({"kind": "Ingress", "metadata": {}})).never
    assert PLAIN in made_by_controllers(manifests(INGRESS)).never
    assert CERTIFICATE not in made_by_controllers(manifests({"kind": "ManagedCertificate"})).never
