"""Twin of rayfence.render.kubernetes.exposure.internal."""

from rayfence.model.gke import InternalExposure
from rayfence.render.kubernetes.exposure.internal import internal_service
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.resolutions import VISION, at, existing, on_gke

FORBIDDEN = {6379, 8265, 10001, 8000, 52365, 8080, 44217, 44227}


def test_it_is_internal_and_bounded() -> None:
    (service,) = internal_service(VISION, InternalExposure(("10.0.0.0/8", "192.168.0.0/16"), "ray-nodes"))
    assert at(service, "metadata", "annotations") == {
        "networking.gke.io/internal-load-balancer-subnet": "ray-nodes",
        "networking.gke.io/load-balancer-type": "Internal",
    }
    assert at(service, "spec", "loadBalancerSourceRanges") == ["10.0.0.0/8", "192.168.0.0/16"]
    assert at(service, "spec", "externalTrafficPolicy") == "Local"


def test_global_access_is_given_by_its_field_only() -> None:
    (service,) = internal_service(VISION, InternalExposure(("10.0.0.0/8",), global_access=True))
    assert (
        at(service, "metadata", "annotations", "networking.gke.io/internal-load-balancer-allow-global-access") == "true"
    )


def test_no_ranges_no_load_balancer() -> None:
    assert internal_service(VISION, InternalExposure(())) == ()


def test_no_service_of_any_platform_publishes_a_port_of_rays() -> None:
    for resolution in (existing(), on_gke()):
        for manifest in render(resolution):
            if manifest.object["kind"] == "Service":
                ports = at(manifest.object, "spec", "ports")
                assert isinstance(ports, list)
                assert not FORBIDDEN & {port["port"] for port in ports}
                if at(manifest.object, "spec").get("type") == "LoadBalancer":  # type: ignore[attr-defined]
                    assert manifest.reference.endswith("-gateway/gateway-internal")
