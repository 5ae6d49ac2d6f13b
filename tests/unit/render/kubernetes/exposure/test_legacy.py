"""Twin of rayfence.render.kubernetes.exposure.legacy."""

from dataclasses import replace

from rayfence.render.kubernetes.exposure.legacy import ingress_address_name, legacy_ingress
from tests.unit.render.kubernetes.resolutions import GKE, VISION, at, on_gke
from tests.unit.render.kubernetes.schemas import check

assert GKE.iap is not None
IAP = replace(GKE.iap, legacy_ingress=True)
SETTINGS = replace(GKE, iap=IAP)


def test_the_articles_objects_without_plain_http() -> None:
    resolution = on_gke(gke=SETTINGS)
    service, backend, certificate, frontend, ingress = legacy_ingress(VISION, resolution, SETTINGS, IAP)
    for value in (service, backend, certificate, frontend, ingress):
        check(value, "1.7.0")
    annotations = at(ingress, "metadata", "annotations")
    assert annotations["kubernetes.io/ingress.allow-http"] == "false"  # type: ignore[index]
    assert at(backend, "spec", "iap") == {"enabled": True}
    assert "oauth" not in str(backend).lower()
    hosts = [rule["host"] for rule in at(ingress, "spec", "rules")]  # type: ignore[attr-defined]
    assert hosts == at(certificate, "spec", "domains")
    assert at(frontend, "spec", "sslPolicy") == "ray-tls"
    assert at(service, "spec", "ports", 0, "port") == 443


def test_one_tenant_has_the_platforms_address_several_have_their_own() -> None:
    assert ingress_address_name(VISION, on_gke(VISION), SETTINGS) == "ray-dashboard"
    assert ingress_address_name(VISION, on_gke(), SETTINGS) == "ray-dashboard-vision"


def test_without_a_tls_policy_none_is_named() -> None:
    bare = replace(SETTINGS, ssl_policy=False)
    assert "sslPolicy" not in str(legacy_ingress(VISION, on_gke(gke=bare), bare, IAP))
