"""The KubeRay operator from pinned manifests: image by digest, every gate written out, watching our tenants only.

Its CustomResourceDefinitions (4 MB) are not among the manifests: they are named by release and digest in an annotation
and must be applied first, by server-side apply. Source: KubeRay v1.6.0 `config/manager`, v1.7.0 release.
"""

import json
from collections.abc import Mapping
from typing import Final

from rayfence.errors import RenderError
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.render.kubernetes.names import APP, METRICS_PORT, OPERATOR_ACCOUNT, OPERATOR_APP
from rayfence.render.kubernetes.operator.features import gate_settings
from rayfence.render.kubernetes.shape import (
    Json,
    fixed_resources,
    resource,
    restricted_container,
    restricted_pod,
)

KINDS_ANNOTATION: Final = "rayfence.dev/kinds"
_USER: Final = 65532
#: SHA-256 of each CustomResourceDefinition's file (`ray-operator/config/crd/bases`), by release.
CRD_DIGESTS: Final[Mapping[str, Mapping[str, str]]] = {
    "1.7.0": {
        "ray.io_rayclusters.yaml": "c44704442eef0c6721ad40c1d66782c8bd3fdab9d3344306a5820910a679baa1",
        "ray.io_raycronjobs.yaml": "31c2c753bba01f7e8e89cb8e8c504131b58ee42090ca536d87f5ac27605a568e",
        "ray.io_rayjobs.yaml": "01a5cf3b17c1769fda44af7e82debcd98722f0c27b9ab84d084681c6649121f5",
        "ray.io_rayservices.yaml": "0a8fc325e6e22b9231c1f282b309555e2ecf94227ca20a03df3d1d9a403907ab",
    },
    "1.6.0": {
        "ray.io_rayclusters.yaml": "1d51d8c4ce065b22c2069af0ebd72ae25f4a6968e5c5f93a3106ba6fc35bcc1d",
        "ray.io_raycronjobs.yaml": "6d0ae6c24a2b2a6c0796c6775cd72f3e894831ff3b89379613e93c4d55965cd5",
        "ray.io_rayjobs.yaml": "ecae45d9a5dc1be68f1074ba784c495ef9d439d295253b61e1bd51f7b08522f5",
        "ray.io_rayservices.yaml": "95c639acc20ecc3cfa425d5ad0f8a7c152a336bc16d2e0deec17b62005e67fda",
    },
}


def operator_deployment(resolution: ClusterResolution) -> Json:
    """The Deployment. Raises RenderError without an image by digest."""
    settings, image = resolution.kubernetes, resolution.platform.operator.image
    if image is None or "@sha256:" not in image:
        raise RenderError(
            "the operator's image must be named by digest", hint="set operator.image to REPOSITORY@sha256:…"
        )
    labels = {APP: OPERATOR_APP, "app.kubernetes.io/component": OPERATOR_ACCOUNT}
    kinds = {"release": settings.operator_version, **CRD_DIGESTS.get(settings.operator_version, {})}
    pod: Json = {
        "serviceAccountName": OPERATOR_ACCOUNT,
        "automountServiceAccountToken": True,
        "enableServiceLinks": False,
        "securityContext": restricted_pod(_USER, _USER),
        "terminationGracePeriodSeconds": 10,
        "containers": [_container(image, resolution)],
    }
    spec: Json = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": pod},
    }
    annotations = {KINDS_ANNOTATION: json.dumps(kinds, sort_keys=True)}
    home = settings.operator_namespace
    return resource("apps/v1", "Deployment", OPERATOR_ACCOUNT, home, labels=labels, annotations=annotations, spec=spec)


def operator_arguments(resolution: ClusterResolution) -> list[str]:
    """Its command line. An empty list of namespaces would mean all of them, so its own stands there then."""
    gates = ",".join(f"{gate}={'true' if on else 'false'}" for gate, on in gate_settings(resolution).items())
    watched = [tenant.name for tenant in resolution.platform.tenants] or [resolution.kubernetes.operator_namespace]
    return [
        f"--feature-gates={gates}",
        "--enable-leader-election=true",
        "--enable-metrics=true",
        f"--watch-namespace={','.join(watched)}",
    ]


def _container(image: str, resolution: ClusterResolution) -> Json:
    probe: Json = {"httpGet": {"path": "/metrics", "port": "http"}, "periodSeconds": 5, "failureThreshold": 5}
    return {
        "name": OPERATOR_ACCOUNT,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["/manager"],
        "args": operator_arguments(resolution),
        "ports": [{"name": "http", "containerPort": METRICS_PORT, "protocol": "TCP"}],
        "livenessProbe": {**probe, "initialDelaySeconds": 10},
        "readinessProbe": {**probe, "initialDelaySeconds": 10},
        "resources": fixed_resources("500m", "512Mi"),
        "securityContext": restricted_container(read_only_root=True),
    }
