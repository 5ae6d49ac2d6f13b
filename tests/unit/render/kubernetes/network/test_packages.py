"""Twin of rayfence.render.kubernetes.network.packages: pods reach their mirror, and the Internet only with NAT."""

from dataclasses import replace

import pytest

from rayfence.errors import RenderError
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.render.kubernetes.network.packages import packages
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.reachability import Outside, Pod, reaches
from tests.unit.render.kubernetes.resolutions import GKE, VISION, existing, on_gke

WORKER = Pod("vision", {"kubernetes.io/metadata.name": "vision"}, {"ray.io/is-ray-node": "yes"})


def _with(index: str | None, *, nat: bool = False) -> ClusterResolution:
    gke = replace(GKE, network=replace(GKE.network, nat=nat))
    return on_gke(gke=gke, pip_index=index)


def test_a_mirror_of_the_organisation_is_reached_and_nothing_else() -> None:
    """Denied, every `pip install` of a job would hang until it gives up."""
    manifests = render(_with("https://10.50.0.9:8443/simple/"))
    assert reaches(manifests, WORKER, Outside("10.50.0.9"), 8443)
    assert not reaches(manifests, WORKER, Outside("10.50.0.9"), 443)
    assert not reaches(manifests, WORKER, Outside("8.8.8.8"), 443)


def test_a_mirror_by_name_is_as_wide_as_its_notice_says() -> None:
    (made,) = packages(VISION, _with("https://nexus.example.com/simple/"))
    assert "wide: nexus.example.com" in str(made["metadata"])
    manifests = render(existing(pip_index="https://nexus.example.com/simple/"))
    assert reaches(manifests, WORKER, Outside("10.1.2.3"), 443)


def test_a_mirror_at_google_has_its_rule_already() -> None:
    assert packages(VISION, _with("https://us-python.pkg.dev/p/r/simple/")) == ()
    assert packages(VISION, _with(None)) == ()


def test_with_nat_pods_reach_public_addresses_alone() -> None:
    manifests = render(_with(None, nat=True))
    assert reaches(manifests, WORKER, Outside("151.101.0.223"), 443)
    assert not reaches(manifests, WORKER, Outside("151.101.0.223"), 22)
    for inside in ("10.1.2.3", "169.254.169.254", "192.168.1.1", "100.64.0.1"):
        assert not reaches(manifests, WORKER, Outside(inside), 443)


@pytest.mark.parametrize("index", ["https://", "https://h:port/simple/"])
def test_an_index_without_a_host_is_refused(index: str) -> None:
    with pytest.raises(RenderError, match="package index"):
        packages(VISION, _with(index))
