"""Twin of rayfence.render.kubernetes.gateway.hosts."""

from dataclasses import replace

import pytest

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import NamedCluster
from rayfence.render.kubernetes.gateway.hosts import certificate_names, host_services, hosts_of
from rayfence.render.kubernetes.gateway.site import site_of
from tests.unit.render.kubernetes.resolutions import PODS, VISION, existing, on_gke


@pytest.mark.parametrize("resolution", [existing(), on_gke()])
def test_no_name_means_two_things(resolution: ClusterResolution) -> None:
    """A cluster that is named like another one's dashboard has a name of its own all the same."""
    clusters = tuple(NamedCluster(name, PODS) for name in ("a", "d-a", "d-cluster-a", "gateway"))
    site = site_of(replace(VISION, clusters=clusters), resolution)
    hosts = [hosts_of(site, one) for one in site.objects]
    own = [name for one in hosts for name in (*one.api, one.dashboard)]
    assert len(set(own)) == len(own)
    assert len({one.logins for one in hosts}) == 1
    assert not set(own) & set(hosts[0].logins)
    services = host_services(site)
    assert len(set(services)) == len(services)
    assert "gateway" not in services
    assert set(certificate_names(site)) == {*own, *hosts[0].logins}


def test_the_longest_names_still_name_services() -> None:
    long = replace(VISION, clusters=(NamedCluster("c" * 53, PODS),))
    assert all(len(name) <= 63 for name in host_services(site_of(long, existing())))


def test_the_load_balancers_hosts_lead_to_the_main_ray_object() -> None:
    site = site_of(VISION, on_gke())
    main, other = hosts_of(site, site.objects[0]), hosts_of(site, site.objects[1])
    assert "vision.ray.acme.com" in main.api
    assert main.dashboard == "vision-dashboard.ray.acme.com"
    assert main.login == other.login == "vision-login.ray.acme.com"
    assert not any(name.endswith("acme.com") for name in (*other.api, other.dashboard))
    assert "gateway.vision-gateway.svc" in main.logins
