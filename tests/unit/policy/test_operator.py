"""The Kubernetes half: an operator that can ask for a token, gates it has, images and packages from known places."""

from dataclasses import replace

import pytest

from rayfence.model.cluster_platform import ClusterPlatform, Datapath, Images, Operator, OperatorSource
from rayfence.model.decision import Source
from rayfence.model.gke import Encryption, Network, NetworkKind, SupplyChain
from rayfence.model.tenancy import Job, NamedCluster
from rayfence.policy.operator import FLOOR, SPILL_CLASS, parsed, ray_pods
from tests.unit.policy.platforms import (
    GATEWAY,
    KEY,
    OPERATOR,
    PODS,
    VISION,
    case,
    decision,
    existing,
    minimal,
    refused,
    resolved,
    waiver,
)


def operated(platform: ClusterPlatform, **changes: object) -> ClusterPlatform:
    return replace(platform, operator=replace(OPERATOR, **changes))  # type: ignore[arg-type]


def scheduled(platform: ClusterPlatform) -> ClusterPlatform:
    tenant = replace(VISION, jobs=(Job("nightly", PODS, "python train.py", schedule="0 4 * * *"),))
    return replace(platform, tenants=(tenant,))


def spilling(platform: ClusterPlatform) -> ClusterPlatform:
    tenant = replace(VISION, clusters=(NamedCluster("train", replace(PODS, spill_gib=100)),))
    return replace(platform, tenants=(tenant,))


@pytest.mark.parametrize(("text", "numbers"), [("1.7.0", (1, 7, 0)), ("v1.5.1", (1, 5, 1)), ("1.7", None), ("x", None)])
def test_versions(text: str, numbers: tuple[int, ...] | None) -> None:
    assert parsed(text) == numbers


@pytest.mark.parametrize("version", ["1.5.0", "0.4.0", "latest"])
def test_an_operator_without_token_authentication_stops_the_plan(version: str) -> None:
    assert "operator.version" in refused(resolved(operated(minimal(), version=version)))
    assert resolved(operated(minimal(), version=FLOOR)).conflicts == ()


def test_the_operators_image_is_pinned() -> None:
    assert "operator.image" in refused(resolved(operated(minimal(), image="kuberay:1.7.0")))
    assert resolved(operated(minimal(), image=None, source=OperatorSource.EXISTING)).conflicts == ()


def test_the_add_ons_version_is_unknown() -> None:
    addon = operated(minimal(), source=OperatorSource.ADDON, image=None)
    resolution = resolved(addon)
    assert resolution.conflicts == ()
    assert resolution.kubernetes.operator_version == FLOOR
    assert any("add-on" in text for text in resolution.warnings)
    assert "operator.source" in refused(resolved(replace(existing(), operator=addon.operator)))
    assert "operator.source" in refused(resolved(operated(addon, source=OperatorSource.ADDON, gates=("RayCronJob",))))


def test_gates_come_with_releases() -> None:
    gates = ("RayClusterMTLS", "RayClusterNetworkPolicy")
    resolution = resolved(operated(minimal(), gates=gates))
    assert resolution.kubernetes.gates == gates
    assert resolution.conflicts == ()
    assert decision(resolution, "ray.tls").value.startswith("mutual")
    assert "operator.gates" in refused(resolved(operated(minimal(), gates=gates, version="1.6.2")))
    assert "operator.gates" in refused(resolved(operated(minimal(), gates=("RayClusterMagic",))))


def test_a_schedule_needs_its_gate() -> None:
    assert resolved(scheduled(minimal())).kubernetes.gates == ("RayCronJob",)
    assert "tenants" in refused(resolved(scheduled(operated(minimal(), version="1.5.1"))))
    foreign = scheduled(operated(existing(), source=OperatorSource.EXISTING))
    assert "operator.gates" in refused(resolved(foreign))
    assert resolved(operated(foreign, source=OperatorSource.EXISTING, gates=("RayCronJob",))).conflicts == ()


def test_images_come_from_named_places() -> None:
    assert resolved(minimal()).kubernetes.registries == ("us-central1-docker.pkg.dev/acme-ml/ml-images/",)
    bare = replace(minimal(), images=Images((), GATEWAY))
    assert resolved(bare).kubernetes.registries == ("us-central1-docker.pkg.dev/acme-ml/ml-images/",)
    assert "images.registries" in refused(resolved(replace(existing(), images=Images(()))))
    loose = replace(minimal(), images=Images(("registry.acme.com/ray",), GATEWAY))
    assert "images.registries[0]" in refused(resolved(loose))
    assert "images.gateway" in refused(resolved(replace(minimal(), images=Images(("r/x/",), "gateway:latest"))))


def test_packages_come_from_the_mirror_where_there_is_no_way_out() -> None:
    assert (resolved(minimal()).kubernetes.pip_index or "").endswith("/ml-pypi/simple/")
    assert resolved(minimal(network=Network(NetworkKind.OWN, nat=True))).kubernetes.pip_index is None
    assert "images.pipIndex" in refused(resolved(minimal(supply_chain=SupplyChain(repositories=("docker",)))))
    named = replace(minimal(), images=Images(("r/x/",), GATEWAY, "https://pip.acme.com/simple/"))
    assert resolved(named).kubernetes.pip_index == "https://pip.acme.com/simple/"


def test_what_is_said_of_packages_is_what_network_policies_let_through() -> None:
    assert "network policies close" in decision(resolved(existing()), "kubernetes.pip_index").reason
    natted = resolved(minimal(network=Network(NetworkKind.OWN, nat=True)))
    assert "through NAT" in decision(natted, "kubernetes.pip_index").reason


def test_spill_volumes_have_the_platforms_key() -> None:
    bare = replace(minimal(), images=Images(("r/x/",), None, "https://pip.acme.com/simple/"))
    assert resolved(bare).kubernetes.spill_class is None
    assert resolved(existing()).kubernetes.spill_class is None
    keyed = resolved(spilling(minimal(encryption=Encryption(key=KEY)))).kubernetes
    assert (keyed.spill_class, keyed.spill_key) == (SPILL_CLASS, KEY)
    plain = resolved(spilling(minimal())).kubernetes
    assert (plain.spill_class, plain.spill_key) == ("premium-rwo", None)
    assert "target.kubernetes.storageClass" in refused(resolved(spilling(existing())))
    assert resolved(spilling(existing(storage_class="fast"))).kubernetes.spill_class == "fast"
    assert len(ray_pods(case(scheduled(minimal())))) == 2


def test_the_trail_of_a_gateway_lies_on_a_disk_with_the_platforms_key() -> None:
    keyed = resolved(minimal(encryption=Encryption(key=KEY))).kubernetes
    assert (keyed.spill_class, keyed.spill_key) == (SPILL_CLASS, KEY)


def test_a_cluster_that_enforces_nothing_takes_a_waiver() -> None:
    platform = existing(datapath=Datapath.NONE)
    assert "network-policy" in refused(resolved(platform))
    waived = resolved(replace(platform, waivers=(waiver("network-policy"),)))
    assert waived.conflicts == ()
    assert decision(waived, "kubernetes.network_policy").source is Source.WAIVER


def test_what_the_spec_says_of_an_existing_cluster_is_taken() -> None:
    settings = resolved(existing(datapath=Datapath.CALICO, api_server_cidrs=("10.0.0.1/32",))).kubernetes
    assert (settings.datapath, settings.api_server_cidrs, settings.on_gke) == (Datapath.CALICO, ("10.0.0.1/32",), False)
    assert Operator().version == "1.7.0"
