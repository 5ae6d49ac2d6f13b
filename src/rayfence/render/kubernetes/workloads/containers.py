"""Containers of Ray pods: Ray itself and what its environment says.

Ray's token, its mode and the TLS settings are KubeRay's to add: a container that sets one itself keeps its own value.
"""

from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant, PodShape, WorkloadIdentity
from rayfence.render.kubernetes.names import (
    DASHBOARD_PORT,
    GCS_PORT,
    METRICS_PORT,
    RAY_CLIENT_PORT,
    SERVE_PORT,
)
from rayfence.render.kubernetes.shape import Json, fixed_resources, restricted_container
from rayfence.render.kubernetes.workloads.listing import Kind, Workload

GPU: Final = "nvidia.com/gpu"
SPILL_PATH: Final = "/spill"
SESSION_PATH: Final = "/tmp/ray"  # noqa: S108 - inside a pod of its own
KEY_SECRET: Final = "google-key"  # noqa: S105 - the name of one
KEY_PATH: Final = "/var/run/secrets/rayfence/google"


def head_container(workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    """The Ray container of a head."""
    ports = {"gcs-server": GCS_PORT, "dashboard": DASHBOARD_PORT, "client": RAY_CLIENT_PORT, "metrics": METRICS_PORT}
    if workload.kind is Kind.SERVICE:
        ports["serve"] = SERVE_PORT
    return _ray("ray-head", workload.pods.head, workload, tenant, resolution, ports)


def worker_container(shape: PodShape, workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    """The Ray container of a worker."""
    return _ray("ray-worker", shape, workload, tenant, resolution, {"metrics": METRICS_PORT})


def _ray(
    name: str,
    shape: PodShape,
    workload: Workload,
    tenant: ClusterTenant,
    resolution: ClusterResolution,
    ports: dict[str, int],
) -> Json:
    extended = {GPU: str(shape.gpus)} if shape.gpus else {}
    mounts: list[Json] = [{"name": "session", "mountPath": SESSION_PATH}]
    if workload.pods.spill_gib:
        mounts.append({"name": "spill", "mountPath": SPILL_PATH})
    if tenant.identity is WorkloadIdentity.KEY_FILE:
        mounts.append({"name": KEY_SECRET, "mountPath": KEY_PATH, "readOnly": True})
    return {
        "name": name,
        "image": workload.pods.image,
        "imagePullPolicy": "IfNotPresent",
        "env": _environment(tenant, resolution),
        "ports": [{"name": port, "containerPort": number, "protocol": "TCP"} for port, number in ports.items()],
        "resources": fixed_resources(str(shape.cpus), f"{shape.memory_gib}Gi", **extended),
        # Ray writes below its home and /tmp wherever its image puts them; a read-only root would need to know.
        "securityContext": restricted_container(read_only_root=False),
        "volumeMounts": mounts,
    }


def _environment(tenant: ClusterTenant, resolution: ClusterResolution) -> list[Json]:
    values = {
        "RAY_USAGE_STATS_ENABLED": "0",
        # Stack dumps and memory profiles of other people's jobs; CVE-2023-6019 came in that way.
        "RAY_DASHBOARD_ENABLE_PROFILING": "0",
    }
    if (mirror := resolution.kubernetes.pip_index) is not None:
        values |= {"PIP_INDEX_URL": mirror, "UV_DEFAULT_INDEX": mirror}
    if tenant.identity is WorkloadIdentity.KEY_FILE:
        values["GOOGLE_APPLICATION_CREDENTIALS"] = f"{KEY_PATH}/key.json"
    return [{"name": name, "value": value} for name, value in sorted(values.items())]
