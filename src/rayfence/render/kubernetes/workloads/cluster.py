"""The RayCluster spec inside every Ray object, with the fields that the operator's release has.

Source: KubeRay RayCluster v1 (1.5.1 to 1.7.0).
"""

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant, WorkerPods
from rayfence.render.kubernetes.operator.features import mutual_tls, own_policies
from rayfence.render.kubernetes.shape import Json
from rayfence.render.kubernetes.workloads.containers import SPILL_PATH
from rayfence.render.kubernetes.workloads.listing import Kind, Workload
from rayfence.render.kubernetes.workloads.pods import autoscaler_options, head_template, worker_template
from rayfence.render.kubernetes.workloads.tokens import auth_options


def cluster_spec(workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    """Token, autoscaler, TLS, state store, head and worker groups."""
    spec: Json = {
        "rayVersion": workload.pods.version,
        "authOptions": auth_options(
            workload, resolution.kubernetes, gateway=resolution.platform.images.gateway is not None
        ),
        "enableInTreeAutoscaling": workload.autoscaled,
    }
    if workload.autoscaled:
        spec["autoscalerOptions"] = autoscaler_options(workload.pods.idle_seconds)
    if mutual_tls(resolution.kubernetes):
        spec["tlsOptions"] = {"enabled": True}
    if own_policies(resolution.kubernetes):
        # A second wall of the operator's making; what it closes beyond a mesh, our own policies open.
        spec["networkPolicy"] = {"mode": "DenyAll"}
    if (state := workload.pods.fault_tolerance) is not None:
        secret = {"secretKeyRef": {"name": state.secret, "key": "password"}}
        spec["gcsFaultToleranceOptions"] = {"redisAddress": state.redis, "redisPassword": {"valueFrom": secret}}
    spec["headGroupSpec"] = {
        "serviceType": "ClusterIP",
        "rayStartParams": _head_parameters(workload),
        "template": head_template(workload, tenant, resolution),
    }
    spec["workerGroupSpecs"] = [_group(group, workload, tenant, resolution) for group in workload.pods.workers]
    return spec


def _head_parameters(workload: Workload) -> dict[str, str]:
    """The dashboard of a long-lived cluster is on loopback, behind the sidecar.

    KubeRay speaks to the dashboard of jobs and services itself, by plain HTTP with Ray's token: there it is on the
    pod's address, and network policy lets nobody but the operator in.
    """
    host = "127.0.0.1" if workload.kind is Kind.CLUSTER else "0.0.0.0"  # noqa: S104 - see above
    return {"dashboard-host": host, **_spill_parameters(workload)}


def _spill_parameters(workload: Workload) -> dict[str, str]:
    return {"object-spilling-directory": SPILL_PATH} if workload.pods.spill_gib else {}


def _group(group: WorkerPods, workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    smallest = group.minimum if workload.autoscaled else group.maximum
    return {
        "groupName": group.name,
        "replicas": smallest,
        "minReplicas": smallest,
        "maxReplicas": group.maximum,
        "rayStartParams": _spill_parameters(workload),
        "template": worker_template(group, workload, tenant, resolution),
    }
