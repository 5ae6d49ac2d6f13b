"""Twin of rayfence.render.kubernetes.admission.rayobjects: ours pass, every weakened one is refused by its rule."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from rayfence.model.kubernetes import Manifest
from rayfence.render.kubernetes.admission.rayobjects import ray_guards
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.admission_review import Request, refusals
from tests.unit.render.kubernetes.resolutions import DIGEST, existing, found, on_gke

_PLURALS = {
    "RayCluster": "rayclusters",
    "RayJob": "rayjobs",
    "RayService": "rayservices",
    "RayCronJob": "raycronjobs",
}
_LABELS = {"rayfence.dev/platform": "ml", "rayfence.dev/role": "tenant"}


@cache
def _manifests() -> tuple[Manifest, ...]:
    return render(existing())


def _review(value: dict[str, Any], labels: dict[str, str] | None = None) -> list[str]:
    request = Request(_PLURALS[value["kind"]], value, "vision", _LABELS if labels is None else labels)
    return refusals(_manifests(), request)


def _copy(reference: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(json.dumps(found(_manifests(), reference)))
    return value


def _cluster_of(value: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = value["spec"]
    spec = spec.get("jobTemplate", spec)
    cluster: dict[str, Any] = spec.get("rayClusterSpec") or spec.get("rayClusterConfig") or spec
    return cluster


OBJECTS = ("RayCluster vision/train", "RayJob vision/sweep", "RayCronJob vision/nightly", "RayService vision/answers")


def test_every_kind_of_ray_object_has_a_guard() -> None:
    assert [guard.name for guard in ray_guards(existing())] == ["rayclusters", "rayjobs", "rayservices", "raycronjobs"]


@pytest.mark.parametrize("manifests", [render(existing()), render(on_gke())], ids=["existing", "gke"])
def test_what_we_render_is_admitted(manifests: tuple[Manifest, ...]) -> None:
    looked_at = 0
    for manifest in manifests:
        value: Any = manifest.object
        if value["kind"] in _PLURALS:
            request = Request(_PLURALS[value["kind"]], value, value["metadata"]["namespace"], _LABELS)
            assert refusals(manifests, request) == []
            looked_at += 1
    assert looked_at == 5


def _head(cluster: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = cluster["headGroupSpec"]["template"]["spec"]
    return spec


def _worker(cluster: dict[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = cluster["workerGroupSpecs"][0]["template"]["spec"]
    return spec


def _set(place: dict[str, Any], **fields: Any) -> None:
    place.update(fields)


_OTHER_IMAGE = f"evil.example/ray@{DIGEST}"
WEAKENED: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "no authOptions": (lambda c: c.pop("authOptions"), "authOptions.mode"),
    "empty authOptions": (lambda c: _set(c, authOptions={}), "authOptions.mode"),
    "secret without mode": (lambda c: _set(c, authOptions={"secretName": "x"}), "authOptions.mode"),
    "disabled": (lambda c: _set(c, authOptions={"mode": "disabled"}), "authOptions.mode"),
    "delegated": (lambda c: _set(c["authOptions"], enableK8sTokenAuth=True), "authOptions.mode"),
    "no version": (lambda c: c.pop("rayVersion"), "rayVersion"),
    "old version": (lambda c: _set(c, rayVersion="2.51.9"), "rayVersion"),
    "nightly": (lambda c: _set(c, rayVersion="3.0.0.dev0"), "rayVersion"),
    "version with a tail": (lambda c: _set(c, rayVersion="2.60.0\nx"), "rayVersion"),
    "ingress": (lambda c: _set(c["headGroupSpec"], enableIngress=True), "exposed"),
    "load balancer": (lambda c: _set(c["headGroupSpec"], serviceType="LoadBalancer"), "exposed"),
    "tag": (lambda c: _set(_worker(c)["containers"][0], image="europe-docker.pkg.dev/acme-ml/ray/ray:1"), "digest"),
    "foreign registry": (lambda c: _set(_head(c)["containers"][0], image=_OTHER_IMAGE), "registry"),
    "no image": (lambda c: _head(c)["containers"][0].pop("image"), "registry"),
    "init container": (lambda c: _set(_head(c), initContainers=[{"name": "i", "image": _OTHER_IMAGE}]), "registry"),
    "second container": (lambda c: _worker(c)["containers"].append({"name": "i", "image": "x:1"}), "registry"),
    "autoscaler image": (lambda c: _set(c["autoscalerOptions"], image=_OTHER_IMAGE), "autoscaler's image"),
    "auth env": (
        lambda c: _head(c)["containers"][0]["env"].append({"name": "RAY_AUTH_MODE", "value": "disabled"}),
        "RAY_AUTH_",
    ),
    "token env": (lambda c: _worker(c)["containers"][0]["env"].append({"name": "RAY_AUTH_TOKEN"}), "RAY_AUTH_"),
    "tls env": (lambda c: _worker(c)["containers"][0]["env"].append({"name": "RAY_USE_TLS", "value": "0"}), "RAY_TLS_"),
    "tls file": (lambda c: _head(c)["containers"][0]["env"].append({"name": "RAY_TLS_CA_CERT"}), "RAY_TLS_"),
    "envFrom": (
        lambda c: _set(_head(c)["containers"][0], envFrom=[{"configMapRef": {"name": "x"}}]),
        "envFrom",
    ),
    "autoscaler env": (lambda c: _set(c["autoscalerOptions"], env=[{"name": "RAY_AUTH_MODE"}]), "RAY_AUTH_"),
    "host network": (lambda c: _set(_head(c), hostNetwork=True), "host namespaces"),
    "host pid": (lambda c: _set(_worker(c), hostPID=True), "host namespaces"),
    "host path": (lambda c: _worker(c)["volumes"].append({"name": "h", "hostPath": {"path": "/"}}), "host paths"),
    "privileged": (lambda c: _set(_worker(c)["containers"][0], securityContext={"privileged": True}), "privileged"),
    "capability": (
        lambda c: _set(_head(c)["containers"][0], securityContext={"capabilities": {"add": ["SYS_PTRACE"]}}),
        "capabilities",
    ),
    "host port": (
        lambda c: _set(_head(c)["containers"][0], ports=[{"containerPort": 1, "hostPort": 8265}]),
        "host ports",
    ),
    "privileged autoscaler": (
        lambda c: _set(c["autoscalerOptions"], securityContext={"privileged": True}),
        "autoscaler may not",
    ),
    "foreign label": (
        lambda c: _set(c["headGroupSpec"]["template"]["metadata"]["labels"], **{"ray.io/cluster": "asr"}),
        "ray.io/cluster",
    ),
    "foreign account": (lambda c: _set(_head(c), serviceAccountName="kuberay-operator"), "service accounts"),
    "no account": (lambda c: _worker(c).pop("serviceAccountName"), "service accounts"),
    "worker as autoscaler": (lambda c: _set(_worker(c), serviceAccountName="ray-autoscaler"), "service accounts"),
    "token mounted": (lambda c: _set(_head(c), automountServiceAccountToken=True), "automount"),
    "token projected": (
        lambda c: _worker(c)["volumes"].append(
            {"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}
        ),
        "autoscaler",
    ),
}


@pytest.mark.parametrize("reference", OBJECTS)
@pytest.mark.parametrize("name", WEAKENED)
def test_a_weakened_object_is_refused(reference: str, name: str) -> None:
    weaken, message = WEAKENED[name]
    value = _copy(reference)
    assert _review(value) == []
    weaken(_cluster_of(value))
    messages = _review(value)
    assert [said for said in messages if message in said], messages
    assert not [said for said in messages if "could not be evaluated" in said]


def test_a_job_on_an_existing_cluster_is_looked_at_too() -> None:
    value = _copy("RayJob vision/sweep")
    del value["spec"]["rayClusterSpec"]
    value["spec"]["clusterSelector"] = {"ray.io/cluster": "train"}
    assert _review(value) == []
    value["spec"]["submitterPodTemplate"] = {"spec": {"containers": [{"name": "s", "image": _OTHER_IMAGE}]}}
    assert any("registry" in said for said in _review(value))


def test_namespaces_of_others_are_left_alone() -> None:
    value = _copy("RayCluster vision/train")
    value["spec"]["authOptions"] = {}
    assert _review(value, {"rayfence.dev/platform": "other", "rayfence.dev/role": "tenant"}) == []
    assert _review(value, {}) == []
