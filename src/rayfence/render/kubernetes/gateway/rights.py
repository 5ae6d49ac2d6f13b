"""What a gateway's account may do at the API server: one object of its own namespace, and asking whose a token is.

The object is named, so that no other ConfigMap (the gateway's own configuration least of all) can be read or written
with the token. Asking whose a token is (TokenReview) tells names and groups of whoever shows theirs; it is given only
to gateways some of whose members the API server vouches for. Source: rbac.authorization.k8s.io/v1,
authentication.k8s.io/v1.
"""

from collections.abc import Iterable

from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.gateway.settings import STATE, reviews
from rayfence.render.kubernetes.names import GATEWAY_ACCOUNT, PLATFORM, gateway_namespace
from rayfence.render.kubernetes.shape import Json, resource
from rayfence.render.kubernetes.tenant.accounts import role_binding

_RBAC = "rbac.authorization.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"


def state_rights(tenant: ClusterTenant) -> tuple[Json, ...]:
    """Role and binding for the object by which replicas share revocations and lock-outs."""
    home = gateway_namespace(tenant.name)
    rules = [
        {"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [STATE], "verbs": ["get", "update", "watch"]}
    ]
    return (
        resource(_RBAC, "Role", STATE, home, rules=rules),
        role_binding(STATE, home, STATE, [_account(tenant)]),
    )


def review_role(platform: str, tenants: Iterable[ClusterTenant], *, people: bool) -> tuple[Json, ...]:
    """The right to ask whose a token is, once for the platform; none where no gateway needs it."""
    if not any(reviews(tenant.roles, people=people) for tenant in tenants):
        return ()
    rules = [{"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}]
    return (resource(_RBAC, "ClusterRole", _review(platform), labels={PLATFORM: platform}, rules=rules),)


def review_binding(platform: str, tenant: ClusterTenant, *, people: bool) -> tuple[Json, ...]:
    """That right for one tenant's gateway, where the API server vouches for some of its members."""
    if not reviews(tenant.roles, people=people):
        return ()
    reference = {"apiGroup": _GROUP, "kind": "ClusterRole", "name": _review(platform)}
    name = f"{_review(platform)}-{tenant.name}"
    labels = {PLATFORM: platform}
    return (resource(_RBAC, "ClusterRoleBinding", name, labels=labels, subjects=[_account(tenant)], roleRef=reference),)


def _review(platform: str) -> str:
    return f"rayfence-{platform}-token-review"


def _account(tenant: ClusterTenant) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": GATEWAY_ACCOUNT, "namespace": gateway_namespace(tenant.name)}
