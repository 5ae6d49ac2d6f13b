"""Twin of rayfence.render.kubernetes.network.gateway: who gets to a gateway, and where it gets to."""

from dataclasses import replace

from rayfence.model.gke import IapScope
from rayfence.render.kubernetes.network.gateway import GOOGLE_PROXIES, gateway_policies, proxy_ranges
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.reachability import Outside, Pod, reaches
from tests.unit.render.kubernetes.resolutions import GKE, VISION, existing, on_gke

assert GKE.iap is not None
GATEWAY = Pod(
    "vision-gateway",
    {"kubernetes.io/metadata.name": "vision-gateway", "rayfence.dev/role": "gateway"},
    {"app.kubernetes.io/name": "rayfence-gateway", "rayfence.dev/tenant": "vision"},
    "10.4.0.9",
)


def test_clients_come_from_the_specs_ranges_and_googles_proxies() -> None:
    manifests = render(on_gke())
    for address, expected in (("10.1.2.3", True), ("35.191.3.4", True), ("130.211.0.9", True), ("172.16.0.1", False)):
        assert reaches(manifests, Outside(address), GATEWAY, 8443) == expected
    assert reaches(manifests, Outside("10.1.2.3"), GATEWAY, 8449)
    assert not reaches(manifests, Outside("35.191.3.4"), GATEWAY, 8449)
    assert not reaches(manifests, Outside("10.1.2.3"), GATEWAY, 9901)


def test_nobody_outside_without_exposure() -> None:
    for resolution in (existing(), on_gke(gke=replace(GKE, internal=None, iap=None))):
        manifests = render(resolution)
        for address in ("10.1.2.3", "35.191.3.4", "8.8.8.8"):
            assert not reaches(manifests, Outside(address), GATEWAY, 8443)


def test_pods_get_in_from_labelled_namespaces_only() -> None:
    manifests = render(existing())
    for label, expected in (
        ("clients.rayfence.dev/vision", True),
        ("clients.rayfence.dev/speech", False),
        ("a", False),
    ):
        client = Pod("notebooks", {label: "true"}, {})
        assert reaches(manifests, client, GATEWAY, 8443) == expected


def test_a_gateway_gets_to_its_own_heads_and_nowhere_else() -> None:
    manifests = render(on_gke())
    for address in ("10.1.2.3", "142.250.0.1", "169.254.169.254", "199.36.153.5"):
        assert not any(reaches(manifests, GATEWAY, Outside(address), port) for port in (80, 443, 6443))
    head = {"ray.io/node-type": "head", "rayfence.dev/workload": "cluster-asr"}
    speech = Pod("speech", {"kubernetes.io/metadata.name": "speech"}, head)
    assert not any(reaches(manifests, GATEWAY, speech, port) for port in (8443, 8265, 10001))


def test_ranges_of_proxies() -> None:
    assert proxy_ranges(existing()) == ()
    assert proxy_ranges(on_gke()) == GOOGLE_PROXIES
    assert GKE.iap is not None
    internal = replace(GKE, iap=replace(GKE.iap, scope=IapScope.INTERNAL))
    assert proxy_ranges(on_gke(gke=internal)) == (*GOOGLE_PROXIES, "10.10.0.0/23")


def test_the_default_deny_comes_first() -> None:
    assert gateway_policies(VISION, existing())[0]["metadata"]["name"] == "default-deny"  # type: ignore[index]
