"""Whole files to platforms."""

from rayfence.model.cluster_platform import Datapath, KubernetesTarget
from rayfence.model.gke import Encryption, GkeTarget
from rayfence.spec.v1alpha1.roots import GkePlatform, KubernetesPlatform
from tests.sim.platforms import changed, gke, kubernetes, waived


def test_a_platform_on_gke() -> None:
    data = changed(gke(), waived("alerts"), ("exposure", ...), ("encryption", ...), ("perimeter", ...))
    platform = GkePlatform.model_validate(data).to_platform()
    target = platform.target
    assert isinstance(target, GkeTarget)
    assert (target.project_number, target.make_project) == ("123456789012", "folders/12")
    assert (target.iap, target.internal, target.perimeter, target.encryption) == (None, None, None, Encryption())
    assert platform.organization.tags == ("100/env=prod",)
    assert [waiver.control for waiver in platform.waivers] == ["alerts"]
    assert [pool.name for pool in target.pools] == ["heads", "gpus"]


def test_a_platform_on_a_cluster_that_exists() -> None:
    platform = KubernetesPlatform.model_validate(kubernetes()).to_platform()
    assert platform.target == KubernetesTarget("gke_acme-ml_us-central1_x", Datapath.CILIUM, "fast", ("10.96.0.1/32",))
    assert platform.limits.submits_per_minute == 60
