"""KubeRay's operator as a cluster has it: a Deployment with its own account, by the manifests of its module."""

import json
from pathlib import Path
from typing import Any, Final

import yaml

NAMESPACE: Final = "ray-system"
NAME: Final = "kuberay-operator"


def operator_objects(config: Path, image: str) -> list[dict[str, Any]]:
    """Upstream's own manifests (`config` of the module), with our namespace and image.

    Differences, each because the test cluster has two cores for everything: no processor limit, and no leader election.
    """
    found: list[dict[str, Any]] = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}]
    files = ("rbac/service_account.yaml", "rbac/role.yaml", "rbac/role_binding.yaml", "manager/manager.yaml")
    for name in files:
        for document in yaml.safe_load_all((config / name).read_text(encoding="utf-8")):
            if document:
                found.append(_placed(document))
    container = found[-1]["spec"]["template"]["spec"]["containers"][0]
    container["image"] = image
    container["args"] = [*container.get("args", []), "--enable-leader-election=false"]
    container["resources"] = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}}
    container["livenessProbe"]["initialDelaySeconds"] = 30
    container["readinessProbe"] |= {"initialDelaySeconds": 1, "periodSeconds": 1, "failureThreshold": 60}
    return found


def as_list(objects: list[dict[str, Any]]) -> str:
    """One JSON document that kubectl takes."""
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})


def _placed(document: dict[str, Any]) -> dict[str, Any]:
    if document["kind"] not in ("ClusterRole", "ClusterRoleBinding"):
        document["metadata"]["namespace"] = NAMESPACE
    for subject in document.get("subjects", []):
        if subject["kind"] == "ServiceAccount":
            subject["namespace"] = NAMESPACE
    return document
