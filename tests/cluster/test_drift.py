"""Drift on a real API server: what is applied has none, each change by hand is found with its author, and is put right.

This keeps `tests/data/live` and the table of the server's defaults honest: a Kubernetes or KubeRay that fills in more
shows here first.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rayfence.model.live import FieldState
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.owned import entries, owned_paths
from rayfence.plan.live.order import key_of
from rayfence.plan.live.ready.pruned import pruned
from rayfence.plan.live.repair import needs_patch, repair_patch
from rayfence.plan.live.rights import plural
from tests.cluster.harness.cluster import Cluster

pytestmark = pytest.mark.cluster

OURS = "rayfence"
RECORDED = Path(__file__).parents[1] / "data" / "live" / "recorded-1.36.json.gz"
OBJECTS = {item["reference"]: item["desired"] for item in json.loads(gzip.decompress(RECORDED.read_bytes()))["objects"]}
HOMES = ("vision", "vision-gateway")
#: Not those of a cluster without namespaces, nor kinds of other people's definitions, which a cluster may lack.
USUAL = [
    reference
    for reference, value in OBJECTS.items()
    if value["metadata"].get("namespace") in HOMES
    and key_of(value).group in {"", "apps", "policy", "networking.k8s.io", "rbac.authorization.k8s.io", "ray.io"}
]
TRAIN = "RayCluster vision/train"
HEAD = "/spec/headGroupSpec/template/spec"


def _moved(reference: str, namespace: str) -> dict[str, Any]:
    """The recorded object in a namespace of the test."""
    value: dict[str, Any] = json.loads(json.dumps(OBJECTS[reference]))
    value["metadata"]["namespace"] = namespace
    return value


class Live:
    """One object on the server, by kubectl."""

    def __init__(self, cluster: Cluster, reference: str, namespace: str) -> None:
        self.cluster, self.desired = cluster, _moved(reference, namespace)
        key = key_of(self.desired)
        resource = f"{plural(key.kind)}.{key.group}" if key.group else plural(key.kind)
        self.place = ("-n", namespace, resource, key.name)

    def apply(self) -> Any:
        """Server-side apply by force; what the server answers."""
        words = ("apply", "--server-side", "--force-conflicts", f"--field-manager={OURS}", "--show-managed-fields")
        return json.loads(self.cluster.kubectl(*words, "-o", "json", "-f", "-", stdin=json.dumps(self.desired)).stdout)

    def get(self) -> Any:
        """The object as it is."""
        return json.loads(self.cluster.kubectl("get", *self.place, "-o", "json", "--show-managed-fields").stdout)

    def patch(self, operations: Any, manager: str = "kubectl-patch") -> None:
        """A JSON patch under somebody's name."""
        words = ("patch", *self.place, "--type", "json", f"--field-manager={manager}", "-p", json.dumps(operations))
        self.cluster.kubectl(*words)

    def drift(self) -> Any:
        """What differs now."""
        return changes(self.desired, self.get(), OURS)


def test_what_was_applied_has_no_drift_and_is_ours(cluster: Cluster, namespace: str) -> None:
    assert len(USUAL) > 10
    for reference in USUAL:
        live = Live(cluster, reference, namespace)
        answered = live.apply()
        assert pruned(live.desired, answered, OURS) == (), reference
        assert changes(live.desired, answered, OURS) == () == live.drift(), reference
        (ours,) = (entry for entry in entries(live.get()) if entry.is_ours(OURS))
        assert list(owned_paths(ours.fields)), reference


def _set(pointer: str, value: object) -> list[dict[str, object]]:
    return [{"op": "add", "path": pointer, "value": value}]


BY_HAND: dict[str, tuple[str, list[dict[str, object]], str, FieldState]] = {
    "an opened policy": (
        "NetworkPolicy vision/default-deny",
        _set("/spec/ingress", [{}]),
        "spec.ingress",
        FieldState.FOREIGN,
    ),
    "one more verb": ("Role vision/viewer", _set("/rules/0/verbs/-", "delete"), "rules[0].verbs", FieldState.CHANGED),
    "a larger quota": (
        "ResourceQuota vision/tenant",
        _set("/spec/hard/pods", "999"),
        "spec.hard.pods",
        FieldState.CHANGED,
    ),
    "a mounted token": (
        "ServiceAccount vision/ray-worker",
        _set("/automountServiceAccountToken", True),
        "automountServiceAccountToken",
        FieldState.CHANGED,
    ),
    "another image": (
        "Deployment vision-gateway/gateway",
        _set("/spec/template/spec/containers/0/image", "evil"),
        "spec.template.spec.containers[name=envoy].image",
        FieldState.CHANGED,
    ),
    "another account": (
        TRAIN,
        _set(f"{HEAD}/serviceAccountName", "default"),
        "spec.headGroupSpec.template.spec.serviceAccountName",
        FieldState.CHANGED,
    ),
    "no token": (
        TRAIN,
        [{"op": "remove", "path": "/spec/authOptions/mode"}],
        "spec.authOptions.mode",
        FieldState.MISSING,
    ),
    "one more variable": (
        TRAIN,
        _set(f"{HEAD}/containers/0/env/-", {"name": "RAY_AUTH_MODE", "value": "disabled"}),
        "spec.headGroupSpec.template.spec.containers[name=ray-head].env[name=RAY_AUTH_MODE]",
        FieldState.FOREIGN,
    ),
}


def test_what_is_done_by_hand_is_found_named_and_put_right(cluster: Cluster, namespace: str) -> None:
    for name, (reference, operations, path, state) in BY_HAND.items():
        live = Live(cluster, reference, namespace)
        live.apply()
        live.patch(operations)
        found = live.drift()
        assert [(change.path, change.state) for change in found] == [(path, state)], name
        assert found[0].security and found[0].belongs, name
        if state is not FieldState.MISSING:
            assert found[0].by.manager == "kubectl-patch", name
        if needs_patch(found):
            live.patch(list(repair_patch(found, live.get()["metadata"]["resourceVersion"])), "rayfence-repair")
        live.apply()
        assert live.drift() == (), name


def test_scaling_by_hand_is_found_and_the_autoscalers_is_not(
    cluster: Cluster, make_namespace: Callable[[str], str]
) -> None:
    namespace = make_namespace("restricted")
    gateway = Live(cluster, "Deployment vision-gateway/gateway", namespace)
    gateway.apply()
    cluster.kubectl("scale", "-n", namespace, "deployment/gateway", "--replicas=5")
    (change,) = gateway.drift()
    assert (change.path, change.have, change.by.subresource) == ("spec.replicas", 5, "scale")
    train = Live(cluster, TRAIN, namespace)
    train.apply()
    train.patch(_set("/spec/workerGroupSpecs/0/replicas", 3), "python-requests")
    assert train.drift() == ()
