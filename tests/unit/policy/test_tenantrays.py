"""The Ray of each tenant is held to the floor and the catalogue."""

from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.model.tenancy import ClusterTenant, Job, NamedCluster, PodShape, RayPods, Roles
from rayfence.policy.tenantrays import tenant_version_conflicts


def test_the_ray_of_each_cluster_and_job_is_held_to_the_floor() -> None:
    def pods(version: str) -> RayPods:
        return RayPods(version, "", PodShape(1, 4), ())

    clusters = (NamedCluster("good", pods("2.60.0")), NamedCluster("old", pods("2.51.0")))
    tenant = ClusterTenant("vision", Roles(), clusters, (Job("new", pods("2.99.0"), "python x.py"),))
    found = {item.fields[0]: item.problem for item in tenant_version_conflicts((tenant,), load_ray_versions())}
    assert list(found) == ["tenants[0].clusters[1].ray.version", "tenants[0].jobs[0].ray.version"]
    assert "CVE-2025-62593" in found["tenants[0].clusters[1].ray.version"]
    assert "not catalogued" in found["tenants[0].jobs[0].ray.version"]
