"""Twin of rayfence.render.kubernetes.gateway.deployment."""

from typing import Any

from rayfence.render.kubernetes.gateway.deployment import (
    SECRETS,
    gateway_objects,
    gateway_selector,
    gateway_service,
)
from tests.unit.render.kubernetes.resolutions import GATEWAY_IMAGE, VISION, at


def _pod() -> Any:
    return at(gateway_objects(VISION, GATEWAY_IMAGE)[0], "spec", "template", "spec")


def test_two_replicas_spread_and_kept() -> None:
    deployment, budget = gateway_objects(VISION, GATEWAY_IMAGE)
    assert at(deployment, "spec", "replicas") == 2
    assert at(budget, "spec", "maxUnavailable") == 1
    assert len(_pod()["topologySpreadConstraints"]) == 2
    assert at(deployment, "metadata", "namespace") == at(budget, "metadata", "namespace") == "vision-gateway"
    labels = at(deployment, "spec", "template", "metadata", "labels")
    assert labels == gateway_selector(VISION) == at(budget, "spec", "selector", "matchLabels")


def test_it_has_an_account_of_its_own_and_no_token() -> None:
    pod = _pod()
    assert pod["serviceAccountName"] == "gateway"
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True


def test_containers_are_pinned_read_only_and_probed() -> None:
    envoy, service = _pod()["containers"]
    for container in (envoy, service):
        assert container["image"] == GATEWAY_IMAGE
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["resources"]["requests"] == container["resources"]["limits"]
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(envoy)


def test_each_process_sees_its_own_secrets_only() -> None:
    envoy, service = ({mount["name"] for mount in container["volumeMounts"]} for container in _pod()["containers"])
    assert "gateway-signing-keys" not in envoy
    assert "gateway-stamp-keys" not in envoy
    assert "gateway-tls" not in service
    volumes = {volume["name"]: volume for volume in _pod()["volumes"]}
    assert (envoy | service) == set(volumes)
    assert {name for name, volume in volumes.items() if "secret" in volume} == set(SECRETS)


def test_the_service_offers_tls_ports_only() -> None:
    spec = at(gateway_service(VISION), "spec")
    assert [at(spec, "ports", index, "port") for index in (0, 1)] == [443, 8449]
    assert at(spec, "type") == "ClusterIP"
    assert at(spec, "selector") == gateway_selector(VISION)
