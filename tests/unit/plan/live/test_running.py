"""Pods and running Rays that are not as specified."""

import copy
from typing import Any

import pytest

from rayfence.model.live import FieldState, ObjectKey, RaySeen
from rayfence.plan.live.running import running_drift
from rayfence.render.kubernetes.render import render
from tests.unit.plan.live.trees import EARLY, LATE, Json, entry
from tests.unit.render.kubernetes.resolutions import existing

MANIFESTS = render(existing())
TRAIN = ObjectKey("ray.io", "RayCluster", "vision", "train")


def _spec(reference: str = "RayCluster vision/train") -> Any:
    (found,) = (manifest.object for manifest in MANIFESTS if manifest.reference == reference)
    return found["spec"]


def _pod(node: str = "head", spec: Any = None) -> Any:
    """A pod as KubeRay makes it of the template: more labels, its own containers, its command, a token."""
    spec = copy.deepcopy(spec or _spec())
    group = spec["headGroupSpec"] if node == "head" else spec["workerGroupSpecs"][0]
    pod = group["template"]
    name = "headgroup" if node == "head" else group["groupName"]
    pod["metadata"]["labels"] |= {"ray.io/cluster": "train", "ray.io/node-type": node, "ray.io/group": name}
    pod["metadata"] |= {"name": f"train-{node}", "namespace": "vision", "uid": "u", "resourceVersion": "3"}
    pod["metadata"]["managedFields"] = [entry("manager", {"f:spec": {}}, EARLY, "Update")]
    ray = pod["spec"]["containers"][0]
    token = {"secretKeyRef": {"name": "train", "key": "auth_token"}}
    ray["env"] += [{"name": "RAY_AUTH_MODE", "value": "token"}, {"name": "RAY_AUTH_TOKEN", "valueFrom": token}]
    flags = " ".join(f" --{key}={value} " for key, value in sorted(group["rayStartParams"].items()))
    ray |= {"command": ["/bin/bash", "-c", "--"], "args": [f"ulimit -n 65536; ray start --{node} {flags} --block"]}
    ray["livenessProbe"] = {"exec": {"command": ["true"]}}
    if node == "head":
        pod["spec"]["containers"].append({"name": "autoscaler", "image": ray["image"]})
    else:
        pod["spec"]["initContainers"] = [{"name": "wait-gcs-ready", "image": ray["image"]}]
    pod["spec"]["tolerations"] = [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}]
    return {"kind": "Pod", "metadata": pod["metadata"], "spec": pod["spec"]}


def _drift(*pods: Json, seen: RaySeen | None = None) -> Any:
    return running_drift(MANIFESTS, pods, {} if seen is None else {TRAIN: seen})


def _only(pod: Json) -> Any:
    (drift,) = _drift(pod)
    (change,) = drift.changes
    assert str(drift.key) == f"Pod vision/{pod['metadata']['name']}" and "delete it" in drift.note
    return change


@pytest.mark.parametrize("node", ["head", "worker"])
def test_pods_as_the_operator_makes_them_have_no_drift(node: str) -> None:
    assert _drift(_pod(node)) == ()


def test_an_image_that_was_patched_in_a_running_pod_is_found() -> None:
    pod = _pod()
    pod["spec"]["containers"][0]["image"] = "evil"
    pod["metadata"]["managedFields"].append(entry("kubectl-edit", {"f:spec": {}}, LATE, "Update"))
    change = _only(pod)
    assert change.path == "spec.containers[name=ray-head].image" and change.security


def test_a_pod_of_an_older_spec_is_found() -> None:
    older = copy.deepcopy(_spec())
    older["workerGroupSpecs"][0]["template"]["spec"]["serviceAccountName"] = "default"
    assert _only(_pod("worker", older)).path == "spec.serviceAccountName"


@pytest.mark.parametrize("mode", ["disabled", None])
def test_a_pod_without_rays_token_is_found(mode: str | None) -> None:
    pod = _pod()
    env = pod["spec"]["containers"][0]["env"]
    (listed,) = (variable for variable in env if variable["name"] == "RAY_AUTH_MODE")
    if mode is None:
        env.remove(listed)
    else:
        listed["value"] = mode
    change = _only(pod)
    assert change.path.startswith("spec.containers[name=ray-head].env[name=RAY_AUTH_MODE]")
    assert change.state is (FieldState.MISSING if mode is None else FieldState.CHANGED)


@pytest.mark.parametrize(("host", "state"), [("0.0.0.0", FieldState.CHANGED), (None, FieldState.MISSING)])  # noqa: S104
def test_a_head_that_listens_elsewhere_is_found(host: str | None, state: FieldState) -> None:
    pod = _pod()
    ray = pod["spec"]["containers"][0]
    flag = "--dashboard-host=127.0.0.1"
    assert flag in ray["args"][0]
    ray["args"] = [ray["args"][0].replace(flag, "" if host is None else f"--dashboard-host={host}")]
    change = _only(pod)
    assert (change.want, change.have, change.state) == ("127.0.0.1", host, state)
    assert change.path == "spec.containers[name=ray-head].args --dashboard-host"


def test_a_container_that_is_neither_ours_nor_the_operators_is_found() -> None:
    pod = _pod()
    pod["spec"]["containers"].append({"name": "evil", "image": "x"})
    theirs: Json = {"f:spec": {"f:containers": {'k:{"name":"evil"}': {".": {}, "f:image": {}, "f:name": {}}}}}
    pod["metadata"]["managedFields"] = [entry("webhook", theirs, LATE, "Update")]
    change = _only(pod)
    assert (change.path, change.state) == ("spec.containers[name=evil]", FieldState.FOREIGN)


def test_pods_that_are_going_or_are_nobodys_do_not_count() -> None:
    going, foreign, lost = _pod(), _pod(), _pod("worker")
    for pod in (going, foreign, lost):
        pod["spec"]["serviceAccountName"] = "x"
    going["metadata"]["deletionTimestamp"] = LATE
    foreign["metadata"]["labels"] = {}
    lost["metadata"]["labels"]["ray.io/group"] = "of another time"
    assert _drift(going, foreign, lost) == ()


def test_what_ray_says_of_itself_is_compared() -> None:
    version = str(_spec()["rayVersion"])
    assert _drift(seen=RaySeen(version, "token")) == ()
    (drift,) = _drift(seen=RaySeen("2.9.0", "disabled"))
    assert drift.key == TRAIN and drift.security
    assert [(change.path, change.want, change.have) for change in drift.changes] == [
        ("running Ray's version", version, "2.9.0"),
        ("running Ray's authentication mode", "token", "disabled"),
    ]
