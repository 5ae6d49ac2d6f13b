"""Service accounts and what they may do.

No account gets its token mounted by itself. Only a head with an autoscaler holds one, in the autoscaler's container
alone (`workloads/pods.py`): job code shares the pod's account, never its API token. The Google account behind an
annotated one is made by `render/gcp`. Source: v1 ServiceAccount, rbac.authorization.k8s.io/v1.
"""

from collections.abc import Iterator

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant, WorkloadIdentity
from rayfence.render.kubernetes.names import AUTOSCALER_ACCOUNT, RAY_ACCOUNTS, kuberay_name
from rayfence.render.kubernetes.shape import Json, resource

_RBAC = "rbac.authorization.k8s.io/v1"
_RBAC_GROUP = "rbac.authorization.k8s.io"


def service_account(name: str, namespace: str, annotations: dict[str, str] | None = None) -> Json:
    """An account whose token is in no pod unless the pod asks."""
    return resource(
        "v1", "ServiceAccount", name, namespace, annotations=annotations, automountServiceAccountToken=False
    )


def google_account(tenant: ClusterTenant, resolution: ClusterResolution) -> str | None:
    """E-mail of the Google account that an annotated tenant impersonates: `ray-<tenant>` in the platform's project."""
    if tenant.identity is not WorkloadIdentity.ANNOTATED or resolution.gke is None:
        return None
    return f"ray-{tenant.name}@{resolution.gke.project}.iam.gserviceaccount.com"


def tenant_accounts(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Accounts of head, worker and autoscaler, and `default` without its token."""
    email = google_account(tenant, resolution)
    annotations = {"iam.gke.io/gcp-service-account": email} if email else None
    ray = (service_account(name, tenant.name, annotations) for name in RAY_ACCOUNTS)
    return (service_account("default", tenant.name), *ray)


def autoscaler_rights(tenant: ClusterTenant) -> Iterator[Json]:
    """Per autoscaled RayCluster the Role and RoleBinding that KubeRay would make, limited to this cluster's name.

    KubeRay keeps what it finds under that name; its own Role may patch every RayCluster and pod of the namespace.
    Clusters of jobs and services have random names: KubeRay's own Role holds there, and the admission policy on
    scaling bounds it (`admission/scaling.py`). Source: KubeRay 1.6, `reconcileAutoscalerRole`.
    """
    for cluster in tenant.clusters:
        if not cluster.pods.autoscaling or tenant.queue is not None:
            continue
        name = kuberay_name(cluster.name)
        rules = [
            {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
            {
                "apiGroups": ["ray.io"],
                "resources": ["rayclusters"],
                "resourceNames": [cluster.name],
                "verbs": ["get", "patch"],
            },
        ]
        yield resource(_RBAC, "Role", name, tenant.name, rules=rules)
        subject = {"kind": "ServiceAccount", "name": AUTOSCALER_ACCOUNT, "namespace": tenant.name}
        yield role_binding(name, tenant.name, name, [subject])


def role_binding(name: str, namespace: str, role: str, subjects: list[dict[str, str]]) -> Json:
    """A Role of the same namespace for these subjects."""
    reference = {"apiGroup": _RBAC_GROUP, "kind": "Role", "name": role}
    return resource(_RBAC, "RoleBinding", name, namespace, subjects=subjects, roleRef=reference)
