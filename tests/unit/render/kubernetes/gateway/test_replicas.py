"""Twin of rayfence.render.kubernetes.gateway.replicas."""

from rayfence.render.kubernetes.gateway.replicas import RESTART, gateway_objects, gateway_selector, gateway_services
from rayfence.render.kubernetes.gateway.site import site_of
from tests.unit.render.kubernetes.resolutions import GATEWAY_IMAGE, VISION, at, existing

SITE = site_of(VISION, existing())
REPLICAS, BUDGET = gateway_objects(VISION, existing(), GATEWAY_IMAGE, SITE, "digest")


def test_two_replicas_that_go_one_at_a_time() -> None:
    assert at(REPLICAS, "spec", "replicas") == 2
    assert at(BUDGET, "spec", "maxUnavailable") == 1
    assert at(REPLICAS, "metadata", "namespace") == at(BUDGET, "metadata", "namespace") == "vision-gateway"
    labels = at(REPLICAS, "spec", "template", "metadata", "labels")
    assert labels == gateway_selector(VISION) == at(BUDGET, "spec", "selector", "matchLabels")
    assert at(REPLICAS, "spec", "template", "metadata", "annotations") == {RESTART: "digest"}


def test_each_keeps_a_volume_that_outlives_it() -> None:
    kept = at(REPLICAS, "spec", "persistentVolumeClaimRetentionPolicy")
    assert kept == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    claim = at(REPLICAS, "spec", "volumeClaimTemplates", 0)
    assert at(claim, "metadata", "name") == "trail"
    assert at(claim, "metadata", "labels", "rayfence.dev/tenant") == "vision"
    assert "storageClassName" not in str(claim)
    encrypted, _ = gateway_objects(VISION, existing(spill_class="fast"), GATEWAY_IMAGE, SITE, "digest")
    assert at(encrypted, "spec", "volumeClaimTemplates", 0, "spec", "storageClassName") == "fast"


def test_each_host_has_a_service_with_the_tls_ports_only() -> None:
    services = gateway_services(VISION, SITE)
    names = [at(one, "metadata", "name") for one in services]
    assert names[:3] == ["gateway", "cluster-train", "d-cluster-train"]
    for one in services:
        ports = at(one, "spec", "ports")
        assert isinstance(ports, list)
        assert [at(port, "port") for port in ports] == [443, 8449]
        assert at(one, "spec", "type") == "ClusterIP"
        assert at(one, "spec", "selector") == gateway_selector(VISION)
