"""Twin of rayfence.render.kubernetes.gateway.site."""

from rayfence.render.kubernetes.gateway.site import site_of
from rayfence.render.kubernetes.workloads.listing import workloads
from tests.unit.render.kubernetes.resolutions import VISION, existing, on_gke


def test_a_site_names_every_ray_object_clusters_first() -> None:
    site = site_of(VISION, existing())
    assert [one.label for one in site.objects] == [one.label for one in workloads(VISION)]
    assert site.objects[0].label == "cluster-train"
    assert (site.platform, site.tenant, site.public) == ("ml", "vision", None)
    assert site_of(VISION, on_gke()).public == "ray.acme.com"
