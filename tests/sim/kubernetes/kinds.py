"""Kinds that the simulated server has."""

from collections.abc import Mapping
from typing import Final

from rayfence.model.api_objects import Kind

_VERBS: Final = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")

#: `apiVersion` to `Kind plural`, namespaced ones and others.
_NAMESPACED: Final[Mapping[str, str]] = {
    "v1": "ConfigMap configmaps, Secret secrets, ServiceAccount serviceaccounts, Service services, Pod pods, "
    "ResourceQuota resourcequotas, LimitRange limitranges, Event events, PersistentVolumeClaim persistentvolumeclaims",
    "apps/v1": "Deployment deployments, StatefulSet statefulsets, ReplicaSet replicasets",
    "batch/v1": "Job jobs",
    "policy/v1": "PodDisruptionBudget poddisruptionbudgets",
    "coordination.k8s.io/v1": "Lease leases",
    "networking.k8s.io/v1": "NetworkPolicy networkpolicies, Ingress ingresses",
    "rbac.authorization.k8s.io/v1": "Role roles, RoleBinding rolebindings",
    "ray.io/v1": "RayCluster rayclusters, RayJob rayjobs, RayService rayservices, RayCronJob raycronjobs",
    "kueue.x-k8s.io/v1beta2": "LocalQueue localqueues",
    "cilium.io/v2": "CiliumNetworkPolicy ciliumnetworkpolicies",
}
_CLUSTER: Final[Mapping[str, str]] = {
    "v1": "Namespace namespaces, Node nodes",
    "rbac.authorization.k8s.io/v1": "ClusterRole clusterroles, ClusterRoleBinding clusterrolebindings",
    "storage.k8s.io/v1": "StorageClass storageclasses",
    "apiextensions.k8s.io/v1": "CustomResourceDefinition customresourcedefinitions",
    "admissionregistration.k8s.io/v1": "ValidatingAdmissionPolicy validatingadmissionpolicies, "
    "ValidatingAdmissionPolicyBinding validatingadmissionpolicybindings",
}


def _listed(table: Mapping[str, str], *, namespaced: bool) -> dict[tuple[str, str], Kind]:
    found = {}
    for version, line in table.items():
        for pair in line.split(", "):
            name, plural = pair.split()
            found[version, name] = Kind(version, name, plural, namespaced, _VERBS)
    return found


KINDS: Final[Mapping[tuple[str, str], Kind]] = {
    **_listed(_CLUSTER, namespaced=False),
    **_listed(_NAMESPACED, namespaced=True),
}
