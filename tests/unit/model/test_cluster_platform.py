"""Waivers of a platform."""

from rayfence.model.cluster_platform import ClusterPlatform, Images, KubernetesTarget, Waiver


def test_a_waiver_is_found_by_its_control() -> None:
    waiver = Waiver("node-image", "drivers need Ubuntu", "ml-platform@example.com", "2027-03-01")
    platform = ClusterPlatform("ml", KubernetesTarget(), (), Images(("registry.example/",)), waivers=(waiver,))
    assert platform.waiver("node-image") is waiver
    assert platform.waiver("zonal-cluster") is None
