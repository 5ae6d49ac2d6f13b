"""What people may do with `kubectl` in a tenant's namespace: read, and restart what hangs.

Nobody may create Ray objects or pods, run commands in them, or read Secrets: who may create a RayCluster runs pods as
any account of the namespace (KubeRay treats a namespace as one trust domain). Submitting goes through the gateway.
In the gateway's namespace they may reach its pods through the API server where no load balancer leads to them: what
answers there is the gateway, which asks who they are. Groups need GKE's Google Groups for RBAC; without it none is
bound. Source: rbac.authorization.k8s.io/v1.
"""

from collections.abc import Iterable

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import GATEWAY_AUTHORITY, gateway_namespace
from rayfence.render.kubernetes.shape import Json, resource
from rayfence.render.kubernetes.tenant.accounts import role_binding

_RBAC = "rbac.authorization.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"
_READ = ["get", "list", "watch"]
_REACH = "reach"
_RAY = ["rayclusters", "rayjobs", "rayservices", "raycronjobs"]


def people(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Roles `viewer` and `operator` and their bindings; a role nobody holds is left out."""
    operators = subjects(tenant.roles.operator, resolution)
    readers = subjects((*tenant.roles.viewer, *tenant.roles.submitter, *tenant.roles.operator), resolution)
    read: list[Json] = [
        {"apiGroups": ["ray.io"], "resources": _RAY, "verbs": _READ},
        {"apiGroups": [""], "resources": ["pods", "services", "events", "resourcequotas"], "verbs": _READ},
        {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": _READ},
    ]
    operate: list[Json] = [
        {"apiGroups": [""], "resources": ["pods/log"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["delete"]},
    ]
    found: list[Json] = []
    for role, rules, members in (("viewer", read, readers), ("operator", operate, operators)):
        if members:
            found.append(resource(_RBAC, "Role", role, tenant.name, rules=rules))
            found.append(role_binding(role, tenant.name, role, members))
    return tuple(found)


def reaching(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Role `reach` and its binding: find the gateway's pods, open a way to one, read its authority's certificate.

    On GKE the load balancers are the way, with their own checks before them.
    """
    roles = tenant.roles
    held = (*roles.viewer, *roles.submitter, *roles.operator, *roles.ray_client, *roles.serve_call)
    people = (member for member in held if member.startswith("group:"))  # programs reach it from inside
    members = subjects(people, resolution) if resolution.gke is None else []
    if not members:
        return ()
    rules: list[Json] = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]},
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [GATEWAY_AUTHORITY], "verbs": ["get"]},
    ]
    home = gateway_namespace(tenant.name)
    return (resource(_RBAC, "Role", _REACH, home, rules=rules), role_binding(_REACH, home, _REACH, members))


def subjects(members: Iterable[str], resolution: ClusterResolution) -> list[dict[str, str]]:
    """Members of the spec as RBAC subjects, each once; a member of an unknown form gets nothing."""
    found: dict[str, dict[str, str]] = {}
    for member in members:
        subject = _subject(member, resolution)
        if subject is not None:
            found.setdefault(member, subject)
    return list(found.values())


def _subject(member: str, resolution: ClusterResolution) -> dict[str, str] | None:
    kind, _, name = member.partition(":")
    gke = resolution.gke
    if kind == "group" and name:
        groups_known = gke is None or gke.security_group is not None
        return {"apiGroup": _GROUP, "kind": "Group", "name": name} if groups_known else None
    if kind == "principalSet" and name:
        return {"apiGroup": _GROUP, "kind": "Group", "name": member}
    if kind == "serviceAccount" and name:
        namespace, slash, account = name.partition("/")
        if slash and namespace and account:
            return {"kind": "ServiceAccount", "name": account, "namespace": namespace}
        return {"apiGroup": _GROUP, "kind": "User", "name": name}
    return None
