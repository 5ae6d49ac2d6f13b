"""Pod templates of heads and workers, restricted and bound to their accounts.

The API token of an autoscaled head lies in a projected volume that only the autoscaler's container mounts: the Ray
container, where job code runs, has none. Users of the images are numbered 1000, as in Ray's own images.
"""

from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant, PodShape, WorkerPods, WorkloadIdentity
from rayfence.render.kubernetes.names import API_CLIENT, TENANT, WORKER_ACCOUNT, WORKLOAD
from rayfence.render.kubernetes.operator.features import mutual_tls
from rayfence.render.kubernetes.shape import Json, fixed_resources, restricted_container, restricted_pod
from rayfence.render.kubernetes.workloads.containers import KEY_SECRET, head_container, worker_container
from rayfence.render.kubernetes.workloads.listing import Workload
from rayfence.render.kubernetes.workloads.placement import placement
from rayfence.render.kubernetes.workloads.sidecar import sidecar_container, sidecar_volumes

RAY_USER: Final = 1000
_API_TOKEN: Final = "autoscaler-token"  # noqa: S105 - the name of a volume


def head_template(workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    """The head's pod: Ray first (KubeRay takes the first container for Ray's), then the sidecar."""
    image = resolution.platform.images.gateway
    containers = [head_container(workload, tenant, resolution)]
    volumes = _volumes(workload, tenant, resolution)
    labels = _labels(workload, tenant)
    if image is not None:
        tls = mutual_tls(resolution.kubernetes)
        containers.append(sidecar_container(workload, image, ray_tls=tls))
        volumes += sidecar_volumes(workload, ray_tls=tls)
    if workload.autoscaled:
        volumes.append(_api_token())
        labels[API_CLIENT] = "true"
    return _template(labels, workload.head_account, containers, volumes, workload.pods.head, tenant, resolution)


def worker_template(
    group: WorkerPods, workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution
) -> Json:
    """A worker's pod."""
    containers = [worker_container(group.shape, workload, tenant, resolution)]
    volumes = _volumes(workload, tenant, resolution)
    labels = _labels(workload, tenant)
    return _template(labels, WORKER_ACCOUNT, containers, volumes, group.shape, tenant, resolution)


def autoscaler_options(idle_seconds: int) -> Json:
    """The autoscaler's container: its own resources, no privileges, and the pod's only API token."""
    return {
        "imagePullPolicy": "IfNotPresent",
        "idleTimeoutSeconds": idle_seconds,
        "upscalingMode": "Default",
        "resources": fixed_resources("500m", "512Mi"),
        "securityContext": restricted_container(read_only_root=False),
        "volumeMounts": [
            {
                "name": _API_TOKEN,
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "readOnly": True,
            }
        ],
    }


def _labels(workload: Workload, tenant: ClusterTenant) -> dict[str, str]:
    return {TENANT: tenant.name, WORKLOAD: workload.label}


def _template(
    labels: dict[str, str],
    account: str,
    containers: list[Json],
    volumes: list[Json],
    shape: PodShape,
    tenant: ClusterTenant,
    resolution: ClusterResolution,
) -> Json:
    return {
        "metadata": {"labels": labels},
        "spec": {
            "serviceAccountName": account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "securityContext": restricted_pod(RAY_USER, RAY_USER),
            "containers": containers,
            "volumes": volumes,
            **placement(shape, tenant, resolution),
        },
    }


def _volumes(workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> list[Json]:
    found: list[Json] = [{"name": "session", "emptyDir": {}}]
    if workload.pods.spill_gib:
        found.append({"name": "spill", **_spill(workload.pods.spill_gib, resolution.kubernetes.spill_class)})
    if tenant.identity is WorkloadIdentity.KEY_FILE:
        key = {"secretName": KEY_SECRET, "defaultMode": 0o440, "items": [{"key": "key.json", "path": "key.json"}]}
        found.append({"name": KEY_SECRET, "secret": key})
    return found


def _spill(size: int, storage_class: str | None) -> Json:
    """A volume that lives as long as its pod: of a class where there is one, else on the node's disk."""
    if storage_class is None:
        return {"emptyDir": {"sizeLimit": f"{size}Gi"}}
    claim: Json = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": storage_class,
        "resources": {"requests": {"storage": f"{size}Gi"}},
    }
    return {"ephemeral": {"volumeClaimTemplate": {"spec": claim}}}


def _api_token() -> Json:
    """What a pod would get by itself, but for the containers that mount it."""
    sources: list[Json] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
        {"downwardAPI": {"items": [{"path": "namespace", "fieldRef": {"fieldPath": "metadata.namespace"}}]}},
    ]
    return {"name": _API_TOKEN, "projected": {"defaultMode": 0o440, "sources": sources}}
