"""Objects that tests of the cluster ask it for: the smallest that are lawful under the restricted level."""

import json
from typing import Any, Final

#: What the restricted level of the Pod Security Standards asks of a pod, and of each container.
RESTRICTED_POD: Final = {
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "fsGroup": 1000,
    "seccompProfile": {"type": "RuntimeDefault"},
}
RESTRICTED_CONTAINER: Final = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def to_json(*objects: dict[str, Any]) -> str:
    """One document that kubectl takes from standard input."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})


def namespace_object(name: str, level: str) -> dict[str, Any]:
    """A namespace under a level of the Pod Security Standards."""
    labels = {"pod-security.kubernetes.io/enforce": level}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def pod_object(
    namespace: str, name: str, image: str, command: list[str], policy: str = "IfNotPresent"
) -> dict[str, Any]:
    """A pod that runs one command to its end."""
    container = {
        "name": "main",
        "image": image,
        "imagePullPolicy": policy,
        "command": command,
        "securityContext": RESTRICTED_CONTAINER,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"restartPolicy": "Never", "securityContext": RESTRICTED_POD, "containers": [container]},
    }


def ray_cluster_object(namespace: str, name: str, image: str, version: str, workers: int) -> dict[str, Any]:
    """A RayCluster with token authentication: a head and `workers` small workers."""
    container = {
        "name": "ray",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "HOME", "value": "/tmp"}, {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"}],
        "securityContext": RESTRICTED_CONTAINER,
        "resources": {"limits": {"memory": "3Gi"}, "requests": {"cpu": "100m", "memory": "512Mi"}},
    }
    template = {"spec": {"securityContext": RESTRICTED_POD, "containers": [container]}}
    group = {
        "groupName": "small",
        "replicas": workers,
        "minReplicas": workers,
        "maxReplicas": workers,
        "rayStartParams": {"num-cpus": "1"},
        "template": template,
    }
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "rayVersion": version,
            "authOptions": {"mode": "token"},
            "headGroupSpec": {"rayStartParams": {"num-cpus": "1"}, "template": template},
            "workerGroupSpecs": [group] if workers else [],
        },
    }
