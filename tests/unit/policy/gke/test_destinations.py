"""Hosts outside that the spec names."""

from dataclasses import replace

import pytest

from rayfence.model.gke_settings import Destination
from rayfence.model.tenancy import ClusterTenant, FaultTolerance, NamedCluster, PodShape, RayPods, Roles
from rayfence.policy.gke.destinations import at_google, destinations, host_and_port, in_cluster
from tests.unit.policy.platforms import case, minimal


def _tenant(redis: str) -> ClusterTenant:
    pods = RayPods("2.60.0", "image", PodShape(2, 8), (), fault_tolerance=FaultTolerance(redis, "redis"))
    return ClusterTenant("vision", Roles(), clusters=(NamedCluster("a", pods), NamedCluster("b", pods)))


def test_redis_and_a_mirror_of_others_are_outside() -> None:
    platform = replace(minimal(), tenants=(_tenant("10.50.0.3:6380"), _tenant("redis.data.svc")))
    images = replace(platform.images, pip_index="https://nexus.example.com:8443/simple/")
    found = destinations(case(replace(platform, images=images)))
    assert found == (Destination("redis", "10.50.0.3", 6380), Destination("packages", "nexus.example.com", 8443))


def test_a_mirror_at_google_needs_no_rule_of_its_own() -> None:
    images = replace(minimal().images, pip_index="https://us-python.pkg.dev/p/r/simple/")
    assert destinations(case(replace(minimal(), images=images))) == ()
    assert at_google("us-python.pkg.dev") and not at_google("pkg.dev.example.com")


@pytest.mark.parametrize(
    ("host", "inside"),
    [
        ("redis", True),
        ("redis.data", False),
        ("redis.data.svc", True),
        ("redis.data.svc.cluster.local", True),
        ("redis.example.com", False),
        ("10.0.0.1", False),
    ],
)
def test_services_of_the_cluster_are_inside(host: str, inside: bool) -> None:
    assert in_cluster(host) == inside


def test_addresses_are_read_in_every_form() -> None:
    assert host_and_port("redis://user@h:1/0", 6379) == ("h", 1)
    assert host_and_port("h", 6379) == ("h", 6379)
    assert host_and_port("h:99999999", 6379) == ("h", 6379)
