"""Twin of rayfence.render.kubernetes.exposure.iap."""

from dataclasses import replace

import pytest

from rayfence.errors import RenderError
from rayfence.model.gke import IapScope
from rayfence.render.kubernetes.exposure.iap import (
    distinct_hosts,
    load_balancer_names,
    shared_gateway,
    tenant_hosts,
    tenant_route,
)
from tests.unit.render.kubernetes.resolutions import GKE, SPEECH, VISION, at, existing, on_gke

assert GKE.iap is not None
IAP = GKE.iap


def test_there_is_one_https_listener_and_no_other() -> None:
    gateway, policy = shared_gateway(on_gke(), GKE, IAP)
    listeners = at(gateway, "spec", "listeners")
    assert isinstance(listeners, list)
    assert [(listener["protocol"], listener["port"], listener["hostname"]) for listener in listeners] == [
        ("HTTPS", 443, "*.ray.acme.com")
    ]
    assert at(listeners[0], "allowedRoutes", "namespaces", "selector", "matchLabels") == {
        "rayfence.dev/platform": "ml",
        "rayfence.dev/role": "gateway",
    }
    assert at(gateway, "metadata", "annotations") == {"networking.gke.io/certmap": "ray-dashboard"}
    assert at(policy, "spec", "default") == {"sslPolicy": "ray-tls"}
    assert at(gateway, "spec", "addresses", 0, "value") == load_balancer_names(GKE).address


@pytest.mark.parametrize("scope", [IapScope.REGIONAL, IapScope.INTERNAL])
def test_regional_load_balancers_name_their_certificate(scope: IapScope) -> None:
    iap = replace(IAP, scope=scope)
    settings = replace(GKE, iap=iap, gateway_class=None, ssl_policy=False)
    (gateway,) = shared_gateway(on_gke(gke=settings), settings, iap)
    assert "annotations" not in gateway["metadata"]  # type: ignore[operator]
    tls = at(gateway, "spec", "listeners", 0, "tls")
    assert tls == {"mode": "Terminate", "options": {"networking.gke.io/cert-manager-certs": "ray-dashboard"}}
    assert "rilb" in str(gateway) or "regional" in str(gateway)


def test_iap_is_on_logged_and_without_a_client_of_ours() -> None:
    route, backend, health = tenant_route(VISION, "ml", IAP)
    assert at(backend, "spec", "default", "iap") == {"enabled": True}
    assert at(backend, "spec", "default", "logging", "enabled") is True
    assert "oauth" not in str(backend).lower()
    assert at(route, "spec", "hostnames") == list(tenant_hosts("vision", IAP))
    assert at(health, "spec", "default", "config", "httpsHealthCheck", "requestPath") == "/v1/health"


def test_hosts_are_one_label_below_the_wildcard() -> None:
    for host in tenant_hosts("vision", IAP):
        assert host.removesuffix(".ray.acme.com").count(".") == 0


def test_tenants_whose_hosts_would_meet_are_refused() -> None:
    distinct_hosts(on_gke(), IAP)
    clash = on_gke(VISION, replace(SPEECH, name="vision-login"))
    with pytest.raises(RenderError, match="vision-login"):
        distinct_hosts(clash, IAP)
    distinct_hosts(existing(), IAP)
