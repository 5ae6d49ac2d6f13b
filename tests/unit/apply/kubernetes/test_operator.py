"""An operator that somebody else runs: too old, a gate closed, definitions older than the spec."""

from typing import Any

import pytest

from rayfence.apply.kubernetes.operator import OperatorSeen, operators, refuse_old_definitions, refuse_unfit
from rayfence.errors import Refused
from rayfence.model.kubernetes import Manifest
from tests.sim.kubernetes.cluster import SimCluster


def _cluster(image: str, *arguments: str, command: tuple[str, ...] = ()) -> SimCluster:
    cluster = SimCluster()
    container = {"name": "o", "image": image, "args": list(arguments), "command": list(command)}
    labels = {"app.kubernetes.io/name": "kuberay-operator"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    spec = {"selector": {"matchLabels": labels}, "template": pod}
    metadata = {"name": "kuberay-operator", "namespace": "default", "labels": labels}
    cluster.put({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec})
    return cluster


def _ray(kind: str = "RayCluster", **spec: Any) -> Manifest:
    value = {"apiVersion": "ray.io/v1", "kind": kind, "metadata": {"name": "train", "namespace": "x"}, "spec": spec}
    return Manifest(value, "", 5)


def test_version_and_gates_are_read_from_the_deployment() -> None:
    cluster = _cluster("registry.example/kuberay/operator:v1.6.2@sha256:00", "--feature-gates=A=true,B=false", "--x")
    found = operators(cluster, cluster.kinds())
    assert found == (OperatorSeen("Deployment default/kuberay-operator", "1.6.2", {"A": True, "B": False}),)
    apart = _cluster("o@sha256:00", command=("/manager", "--feature-gates", "A=true"))
    assert operators(apart, apart.kinds())[0] == OperatorSeen("Deployment default/kuberay-operator", "", {"A": True})


def test_what_can_t_be_seen_is_no_reason() -> None:
    cluster = _cluster("operator:1.0.0")
    cluster.denied.add(("list", "deployments"))
    assert operators(cluster, cluster.kinds()) == () == operators(cluster, {})
    refuse_unfit((), "1.7.0", [_ray(tlsOptions={"enabled": True})])


def test_an_older_operator_is_refused() -> None:
    seen = OperatorSeen("Deployment default/o", "1.5.1", {})
    with pytest.raises(Refused, match=r"is KubeRay 1\.5\.1, and the spec wants 1\.6\.0"):
        refuse_unfit([seen], "1.6.0", [_ray()])
    refuse_unfit([seen], "1.5.0", [_ray()])
    refuse_unfit([OperatorSeen("Deployment default/o", "", {})], "1.6.0", [_ray()])


@pytest.mark.parametrize(
    ("manifest", "gate"),
    [
        (_ray(tlsOptions={"enabled": True}), "RayClusterMTLS"),
        (_ray("RayService", rayClusterConfig={"networkPolicy": {}}), "RayClusterNetworkPolicy"),
        (_ray("RayJob", rayClusterSpec={"tlsOptions": {"enabled": True}}), "RayClusterMTLS"),
        (_ray("RayCronJob"), "RayCronJob"),
    ],
)
def test_a_closed_gate_is_named(manifest: Manifest, gate: str) -> None:
    with pytest.raises(Refused, match=gate) as caught:
        refuse_unfit([OperatorSeen("Deployment default/o", "1.7.0", {gate: False})], "1.7.0", [manifest])
    assert f"--feature-gates={gate}=true" in caught.value.hint
    refuse_unfit([OperatorSeen("Deployment default/o", "1.7.0", {gate: True})], "1.7.0", [manifest])


def _definition(*fields: str) -> dict[str, Any]:
    spec = {"properties": {field: {"type": "object"} for field in fields}}
    version = {"name": "v1", "schema": {"openAPIV3Schema": {"properties": {"spec": spec}}}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "rayclusters.ray.io"},
        "spec": {"versions": [version]},
    }


def test_fields_that_the_definitions_do_not_know_are_named() -> None:
    cluster = SimCluster()
    wanted = [_ray(authOptions={}, tlsOptions={})]
    refuse_old_definitions(cluster, cluster.kinds(), wanted)  # not there to be read: the server will tell
    cluster.put(_definition("authOptions"))
    with pytest.raises(Refused, match=r"RayCluster spec.tlsOptions \(of RayCluster x/train\)"):
        refuse_old_definitions(cluster, cluster.kinds(), wanted)
    cluster.denied.add(("get", "customresourcedefinitions"))
    refuse_old_definitions(cluster, cluster.kinds(), wanted)


def test_definitions_that_know_all_are_fine() -> None:
    cluster = SimCluster()
    cluster.put(_definition("authOptions", "tlsOptions"))
    refuse_old_definitions(cluster, cluster.kinds(), [_ray(authOptions={}, tlsOptions={})])
