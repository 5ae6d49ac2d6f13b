"""What a cluster's controllers do, a step each time somebody waits: statuses, pods, events, ends.

KubeRay here makes the head's pod of a RayCluster, a Secret with its token, and says when it is ready; a spec that it
refuses gets an event only. What is in `stuck` never gets ready, and says why by pods and events.
"""

from typing import Any

from rayfence.model.api_objects import reference
from tests.sim.kubernetes.cluster import SimCluster


class SimControllers:
    """Run beside a SimCluster; `refused` and `stuck`: reference to the text of the reason."""

    def __init__(self, cluster: SimCluster) -> None:
        self.cluster = cluster
        self.refused: dict[str, str] = {}
        self.stuck: dict[str, str] = {}
        cluster.clock.beside.append(self.step)

    def step(self) -> None:
        """One round of every controller."""
        self.cluster.collect()
        for value in list(self.cluster.objects.values()):
            if "deletionTimestamp" in value["metadata"]:
                continue
            act = getattr(self, f"_{value['kind'].lower()}", None)
            if act is not None:
                act(value)

    def _namespace(self, value: dict[str, Any]) -> None:
        name = value["metadata"]["name"]
        for kind, own in (("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")):
            if ("v1", kind, name, own) not in self.cluster.objects:
                metadata = {"name": own, "namespace": name}
                self.cluster.put({"apiVersion": "v1", "kind": kind, "metadata": metadata}, "kube-controller-manager")

    def _validatingadmissionpolicy(self, value: dict[str, Any]) -> None:
        self._status(value, {"observedGeneration": value["metadata"]["generation"], "typeChecking": {}})

    def _resourcequota(self, value: dict[str, Any]) -> None:
        hard = value["spec"].get("hard", {})
        self._status(value, {"hard": dict(hard), "used": dict.fromkeys(hard, "0")})

    def _localqueue(self, value: dict[str, Any]) -> None:
        self._status(value, {"conditions": [_true("Active", value)]})

    def _service(self, value: dict[str, Any]) -> None:
        value["spec"].setdefault("clusterIP", "10.96.0.9")

    def _deployment(self, value: dict[str, Any]) -> None:
        count, generation = value["spec"].get("replicas", 1), value["metadata"]["generation"]
        ready = 0 if self._is_stuck(value, value["spec"]["selector"]["matchLabels"]) else count
        status: dict[str, Any] = {
            "observedGeneration": generation,
            "replicas": count,
            "updatedReplicas": count,
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        status["conditions"] = [{**_true("Available", value), "status": "True" if ready == count else "False"}]
        self._status(value, {key: item for key, item in status.items() if item != 0})

    def _statefulset(self, value: dict[str, Any]) -> None:
        self._deployment(value)

    def _raycluster(self, value: dict[str, Any]) -> None:
        name, home = value["metadata"]["name"], value["metadata"]["namespace"]
        if (why := self.refused.get(reference(value))) is not None:
            self._warn(value, "InvalidRayClusterSpec", why)
            return
        labels = {"ray.io/cluster": name, "ray.io/node-type": "head"}
        if ("v1", "Pod", home, f"{name}-head") not in self.cluster.objects:
            pod = value["spec"]["headGroupSpec"]["template"]
            self.cluster.put(_owned(value, "Pod", f"{name}-head", labels=labels, spec=pod["spec"]), "kuberay-operator")
            self.cluster.put(_owned(value, "Secret", name), "kuberay-operator")
        groups = value["spec"].get("workerGroupSpecs", [])
        workers = sum(group.get("replicas", 0) for group in groups)
        if self._is_stuck(value, labels):
            told = {"observedGeneration": value["metadata"]["generation"], "desiredWorkerReplicas": workers}
            self._status(value, told)
            return
        status = {
            "observedGeneration": value["metadata"]["generation"],
            "state": "ready",
            "desiredWorkerReplicas": workers,
            "readyWorkerReplicas": workers,
            "availableWorkerReplicas": workers,
            "conditions": [_true("HeadPodReady", value), _true("RayClusterProvisioned", value)],
        }
        self.cluster.find(f"Pod {home}/{name}-head")["status"] = {
            "phase": "Running",
            "conditions": [_true("Ready", value)],
        }
        self._status(value, status)

    def _rayjob(self, value: dict[str, Any]) -> None:
        self._status(value, {"jobDeploymentStatus": "Running", "jobStatus": "RUNNING", "rayClusterName": "j-x"})

    def _rayservice(self, value: dict[str, Any]) -> None:
        status = {"observedGeneration": value["metadata"]["generation"], "serviceStatus": "Running"}
        self._status(value, {**status, "conditions": [_true("Ready", value)]})

    def _is_stuck(self, value: dict[str, Any], labels: dict[str, str]) -> bool:
        why = self.stuck.get(reference(value))
        if why is None:
            return False
        name, home = value["metadata"]["name"], value["metadata"]["namespace"]
        if ("v1", "Pod", home, f"{name}-head") not in self.cluster.objects:
            self.cluster.put(_owned(value, "Pod", f"{name}-head", labels=labels))
        pod = self.cluster.find(f"Pod {home}/{name}-head")
        state = {"waiting": {"reason": "ImagePullBackOff", "message": why}}
        pod["status"] = {"phase": "Pending", "containerStatuses": [{"name": "ray", "state": state, "ready": False}]}
        return True

    def _status(self, value: dict[str, Any], status: dict[str, Any]) -> None:
        if value.get("status") != status:
            value["status"] = status

    def _warn(self, value: dict[str, Any], reason: str, message: str) -> None:
        metadata, name = value["metadata"], f"{value['metadata']['name']}.{reason.lower()}"
        if ("v1", "Event", metadata["namespace"], name) in self.cluster.objects:
            return
        about = {"kind": value["kind"], "name": metadata["name"], "namespace": metadata["namespace"]}
        now = self.cluster.clock.text()
        self.cluster.put(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": metadata["namespace"]},
                "involvedObject": {**about, "uid": metadata["uid"], "apiVersion": value["apiVersion"]},
                "type": "Warning",
                "reason": reason,
                "message": message,
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            },
            "kuberay-operator",
        )


def _true(name: str, value: dict[str, Any]) -> dict[str, Any]:
    return {"type": name, "status": "True", "observedGeneration": value["metadata"]["generation"]}


def _owned(owner: dict[str, Any], kind: str, name: str, **fields: Any) -> dict[str, Any]:
    metadata = owner["metadata"]
    reference_ = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": metadata["name"],
        "uid": metadata["uid"],
        "controller": True,
    }
    made = {"name": name, "namespace": metadata["namespace"], "ownerReferences": [reference_]}
    if labels := fields.pop("labels", None):
        made["labels"] = dict(labels)
    return {"apiVersion": "v1", "kind": kind, "metadata": made, **fields}
