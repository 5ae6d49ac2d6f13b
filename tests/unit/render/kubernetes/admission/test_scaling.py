"""Twin of rayfence.render.kubernetes.admission.scaling: an autoscaler's token scales, and does nothing else."""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from rayfence.model.kubernetes import Manifest
from rayfence.render.kubernetes.admission.scaling import scaling_guard
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.admission_review import Request, refusals
from tests.unit.render.kubernetes.resolutions import existing, found

AUTOSCALER = "system:serviceaccount:vision:ray-autoscaler"
LABELS = {"rayfence.dev/platform": "ml", "rayfence.dev/role": "tenant"}


@cache
def _manifests() -> tuple[Manifest, ...]:
    return render(existing())


def _review(change: Callable[[dict[str, Any]], object], user: str = AUTOSCALER) -> list[str]:
    old = json.loads(json.dumps(found(_manifests(), "RayCluster vision/train")))
    new = json.loads(json.dumps(old))
    change(new)
    request = Request("rayclusters", new, "vision", LABELS, user=user, operation="UPDATE", old=old)
    return [said for said in refusals(_manifests(), request) if "autoscaler" in said]


def _group(value: dict[str, Any]) -> dict[str, Any]:
    group: dict[str, Any] = value["spec"]["workerGroupSpecs"][0]
    return group


@pytest.mark.parametrize("replicas", [1, 2, 4])
def test_it_may_scale_within_bounds(replicas: int) -> None:
    def scale(value: dict[str, Any]) -> None:
        _group(value)["replicas"] = replicas
        _group(value)["scaleStrategy"] = {"workersToDelete": ["train-small-abcde"]}

    assert _review(scale) == []
    assert scaling_guard().name == "scaling"


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "too many": lambda v: _group(v).update(replicas=5),
    "too few": lambda v: _group(v).update(replicas=0),
    "wider bounds": lambda v: _group(v).update(maxReplicas=100),
    "another image": lambda v: _group(v)["template"]["spec"]["containers"][0].update(image="x"),
    "another account": lambda v: _group(v)["template"]["spec"].update(serviceAccountName="ray-autoscaler"),
    "another command": lambda v: _group(v).update(rayStartParams={"block": "false"}),
    "one more group": lambda v: v["spec"]["workerGroupSpecs"].append(dict(_group(v), groupName="mine")),
    "no group": lambda v: v["spec"].pop("workerGroupSpecs"),
    "the head": lambda v: v["spec"]["headGroupSpec"]["rayStartParams"].update({"dashboard-host": "::"}),
    "no token": lambda v: v["spec"].pop("authOptions"),
    "suspended": lambda v: v["spec"].update(suspend=True),
    "another version": lambda v: v["spec"].update(rayVersion="2.61.0"),
    "an annotation": lambda v: v["metadata"].update(annotations={"ray.io/overwrite-container-cmd": "true"}),
    "a label": lambda v: v["metadata"]["labels"].update({"kueue.x-k8s.io/queue-name": "x"}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_it_may_change_nothing_else(name: str) -> None:
    messages = _review(CHANGES[name])
    assert messages
    assert not [said for said in messages if "could not be evaluated" in said]


def test_others_are_not_held_to_it() -> None:
    for user in ("admin@acme.com", "system:serviceaccount:ray-system:kuberay-operator"):
        assert _review(CHANGES["wider bounds"], user) == []


def test_accounts_of_heads_and_workers_are_held_to_it_too() -> None:
    for name in ("ray-head", "ray-worker"):
        assert _review(CHANGES["wider bounds"], f"system:serviceaccount:vision:{name}")
