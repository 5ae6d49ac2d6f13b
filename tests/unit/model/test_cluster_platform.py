"""Waivers of a platform."""

from rayfence.model.cluster_platform import ClusterPlatform, Images, KubernetesTarget, Waiver


def test_a_waiver_is_found_by_its_control() -> None:
    waiver = Waiver("node-image", "drivers need Ubuntu", "ml-platform@example.com", "2027-03-01")
    platform = ClusterPlatform("ml", KubernetesTarget(), (), Images(("registry.example/",)), waivers=(waiver,))
    assert platform.waiver("node-image") is waiver
    assert platform.waiver("zonal-cluster") is None


def test_a_place_is_that_of_the_nearest_part_that_stands_in_the_spec() -> None:
    places = {"": "p:1:1", "tenants": "p:3:1", "tenants.0.name": "p:4:3"}
    platform = ClusterPlatform("ml", KubernetesTarget(), (), Images(("registry.example/",)), places=places)
    assert platform.place("tenants[0].name") == platform.place("tenants.0.name") == "p:4:3"
    assert platform.place("tenants.1.name") == "p:3:1"
    assert platform.place("operator") == "p:1:1"
    assert ClusterPlatform("ml", KubernetesTarget(), (), Images(())).place("operator") == ""
