"""Which nodes a Ray pod may land on: selectors, tolerations, and the runtime class of sandboxed ones.

A pod bound to a pool selects it by GKE's label. A tenant's pods tolerate the taints of the tenant's own pools, never
those of another tenant's. Nodes of a sandboxed pool refuse every pod but those of class gvisor, whose toleration GKE
adds. Source: GKE node labels; `iam.gke.io/gke-metadata-server-enabled`; GKE Sandbox.
"""

from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke_settings import PoolSettings
from rayfence.model.tenancy import ClusterTenant, PodShape, WorkloadIdentity
from rayfence.render.kubernetes.shape import Json
from rayfence.render.kubernetes.workloads.containers import GPU

#: GKE's runtime class of pods in gVisor.
SANDBOX: Final = "gvisor"


def placement(shape: PodShape, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    """`runtimeClassName`, `nodeSelector` and `tolerations` of a pod spec; fields that would be empty are left out."""
    found: Json = {}
    if any(pool.sandbox for pool in usable_pools(shape, tenant, resolution)):
        found["runtimeClassName"] = SANDBOX
    if selector := _selector(shape, tenant, resolution):
        found["nodeSelector"] = selector
    if tolerations := _tolerations(shape, tenant, resolution):
        found["tolerations"] = tolerations
    return found


def usable_pools(shape: PodShape, tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[PoolSettings, ...]:
    """Pools that this pod may land on: the one it is bound to, else the tenant's own and the shared ones.

    A pod runs in the sandbox or does not, so a sandboxed pool takes only what is bound to it.
    """
    pools = resolution.gke.pools if resolution.gke is not None else ()
    if shape.pool is not None:
        return tuple(pool for pool in pools if pool.name == shape.pool and pool.tenant in {None, tenant.name})
    return tuple(pool for pool in pools if pool.tenant in {None, tenant.name} and not pool.sandbox)


def _selector(shape: PodShape, tenant: ClusterTenant, resolution: ClusterResolution) -> dict[str, str]:
    settings = resolution.kubernetes
    found: dict[str, str] = {}
    if shape.pool is not None:
        found["cloud.google.com/gke-nodepool"] = shape.pool
    as_node = tenant.identity is WorkloadIdentity.NODE
    if settings.metadata_server and not settings.autopilot and not as_node:
        found["iam.gke.io/gke-metadata-server-enabled"] = "true"
    kinds = {pool.gpu.kind for pool in usable_pools(shape, tenant, resolution) if pool.gpu is not None}
    if shape.gpus and len(kinds) == 1:
        found["cloud.google.com/gke-accelerator"] = next(iter(kinds))
    return found


def _tolerations(shape: PodShape, tenant: ClusterTenant, resolution: ClusterResolution) -> list[Json]:
    taints: dict[tuple[str, str, str], None] = {}
    for pool in usable_pools(shape, tenant, resolution):
        if pool.gpu is not None and not shape.gpus:
            continue  # nodes with accelerators are for pods that ask for them
        taints |= dict.fromkeys(taint for taint in pool.taints if taint[0] != GPU)
    found: list[Json] = [
        {"key": key, "operator": "Equal", "value": value, "effect": _effect(effect)} for key, value, effect in taints
    ]
    if shape.gpus:
        found.append({"key": GPU, "operator": "Exists", "effect": "NoSchedule"})
    return found


def _effect(effect: str) -> str:
    """Kubernetes' word for an effect, which GKE's API writes in capitals."""
    return {"NO_SCHEDULE": "NoSchedule", "NO_EXECUTE": "NoExecute", "PREFER_NO_SCHEDULE": "PreferNoSchedule"}.get(
        effect, effect
    )
