"""Rights of the KubeRay operator: a Role in each tenant's namespace, instead of every Secret of the cluster.

With `--watch-namespace` it needs nothing cluster-wide. Rules are those of KubeRay's own role less what we do not use
(ingresses, routes, other clusters' gateways). Source: KubeRay v1.6.0 `config/rbac/role.yaml`; 1.7.0 as read.
"""

from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings
from rayfence.render.kubernetes.names import OPERATOR_ACCOUNT
from rayfence.render.kubernetes.operator.features import mutual_tls, own_policies, release
from rayfence.render.kubernetes.shape import Json, resource
from rayfence.render.kubernetes.tenant.accounts import role_binding, service_account

_RBAC = "rbac.authorization.k8s.io/v1"
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "get", "list", "patch", "update", "watch"]
_KINDS = ["rayclusters", "raycronjobs", "rayjobs", "rayservices"]


def operator_rights(resolution: ClusterResolution) -> tuple[Json, ...]:
    """Account, its right to elect a leader, and per tenant a Role with its binding."""
    settings = resolution.kubernetes
    home = settings.operator_namespace
    subject = {"kind": "ServiceAccount", "name": OPERATOR_ACCOUNT, "namespace": home}
    election: list[Json] = [
        _rule("coordination.k8s.io", ["leases"], ["create", "get", "list", "update"]),
        _rule("", ["events"], ["create", "patch"]),
    ]
    found = [
        service_account(OPERATOR_ACCOUNT, home),
        resource(_RBAC, "Role", "leader-election", home, rules=election),
        role_binding("leader-election", home, "leader-election", [subject]),
    ]
    rules = tenant_rules(settings)
    for tenant in resolution.platform.tenants:
        found.append(resource(_RBAC, "Role", OPERATOR_ACCOUNT, tenant.name, rules=rules))
        found.append(role_binding(OPERATOR_ACCOUNT, tenant.name, OPERATOR_ACCOUNT, [subject]))
    return tuple(found)


def tenant_rules(settings: KubernetesSettings) -> list[Json]:
    """What the operator does in a tenant's namespace.

    It may make the autoscaler's Role, so it must hold what that Role holds (`pods/resize`): Kubernetes lets nobody give
    more than they have.
    """
    rules = [
        _rule("", ["events", "pods/status", "services"], _WRITE),
        _rule("", ["pods"], ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]),
        _rule("", ["services/status"], ["get", "patch", "update"]),
        _rule("", ["pods/resize"], ["patch"]),
        _rule("", ["secrets"], _secret_verbs(settings)),
        _rule("", ["serviceaccounts"], _READ),
        _rule("batch", ["jobs"], _WRITE),
        _rule("discovery.k8s.io", ["endpointslices"], _READ),
        _rule("ray.io", _KINDS, _WRITE),
        _rule("ray.io", [f"{kind}/finalizers" for kind in _KINDS], ["update"]),
        _rule("ray.io", [f"{kind}/status" for kind in _KINDS], ["get", "patch", "update"]),
        _rule("rbac.authorization.k8s.io", ["rolebindings", "roles"], ["create", "delete", *_READ]),
    ]
    if release(settings.operator_version) >= (1, 7, 0):
        rules.append(_rule("", ["persistentvolumeclaims"], _READ))
        rules.append(_rule("networking.k8s.io", ["ingresses", "networkpolicies"], _READ))
    if own_policies(settings):
        rules.append(_rule("networking.k8s.io", ["networkpolicies"], ["create", "delete", "update"]))
    if mutual_tls(settings):
        rules.append(_rule("cert-manager.io", ["certificates", "issuers"], ["create", "update", *_READ]))
    return rules


def _secret_verbs(settings: KubernetesSettings) -> list[str]:
    """Secrets with Ray's tokens; under mutual TLS also certificates, which it rewrites."""
    return ["create", *_READ, *(("delete", "update") if mutual_tls(settings) else ())]


def _rule(group: str, resources: list[str], verbs: list[str]) -> Json:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}
