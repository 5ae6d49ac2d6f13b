"""Namespaces with Pod Security, quota and limits.

The restricted standard is enforced, audited and warned of, in the API server's newest version: an upgrade may refuse
what it did not refuse before, and never the other way round. Source: v1 Namespace, ResourceQuota, LimitRange.
"""

from typing import Final

from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import PLATFORM, RETAIN, ROLE, TENANT, gateway_namespace
from rayfence.render.kubernetes.shape import Json, annotated, resource

#: What a container gets that names nothing: enough for a shell, so that a quota on CPU can hold.
_CONTAINER: Final = {"cpu": "500m", "memory": "512Mi"}


def pod_security_labels() -> dict[str, str]:
    """Labels of a namespace whose pods are held to the restricted Pod Security Standard."""
    modes = ("enforce", "audit", "warn")
    return {
        label: value
        for mode in modes
        for label, value in (
            (f"pod-security.kubernetes.io/{mode}", "restricted"),
            (f"pod-security.kubernetes.io/{mode}-version", "latest"),
        )
    }


def namespace(name: str, platform: str, role: str, labels: dict[str, str] | None = None) -> Json:
    """A namespace of ours; `role` is what guards select it by."""
    return resource(
        "v1", "Namespace", name, labels={**(labels or {}), PLATFORM: platform, ROLE: role, **pod_security_labels()}
    )


def tenant_namespaces(platform: str, tenant: ClusterTenant) -> tuple[Json, ...]:
    """The tenant's namespace and that of its gateway. Labels of the spec can't replace ours."""
    own = {TENANT: tenant.name}
    mark = {RETAIN: "true"} if tenant.retain else {}
    return (
        annotated(namespace(tenant.name, platform, "tenant", {**tenant.extra_labels, **own}), mark),
        annotated(namespace(gateway_namespace(tenant.name), platform, "gateway", own), mark),
    )


def quota(tenant: ClusterTenant) -> Json:
    """Bounds of the tenant's namespace. Always there: load balancers and node ports would go around the gateway."""
    bounds = tenant.quota
    hard = {"services.loadbalancers": "0", "services.nodeports": "0"}
    if bounds.cpus is not None:
        hard |= {"requests.cpu": str(bounds.cpus), "limits.cpu": str(bounds.cpus)}
    if bounds.memory_gib is not None:
        hard |= {"requests.memory": f"{bounds.memory_gib}Gi", "limits.memory": f"{bounds.memory_gib}Gi"}
    if bounds.gpus is not None:
        hard["requests.nvidia.com/gpu"] = str(bounds.gpus)
    if bounds.pods is not None:
        hard["pods"] = str(bounds.pods)
    return resource("v1", "ResourceQuota", "tenant", tenant.name, spec={"hard": dict(sorted(hard.items()))})


def limits(name: str) -> Json:
    """Defaults of containers that name no resources; KubeRay's init containers are such."""
    spec = {"limits": [{"type": "Container", "default": dict(_CONTAINER), "defaultRequest": dict(_CONTAINER)}]}
    return resource("v1", "LimitRange", "defaults", name, spec=spec)
