"""What a field of a live object is for: which decision or part of the spec it serves, and whether it is a guard.

Rules are data, the first that fits counts. A field is security relevant when another value of it lets somebody do,
reach or read more than was decided. `{tenant}`, `{name}` and `{home}` stand for the object's. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.live import Json
from rayfence.render.kubernetes.names import OPERATOR_ACCOUNT, TENANT


@dataclass(frozen=True, slots=True)
class Weight:
    """Whether a field is security relevant, and what it belongs to; `belongs` is empty where that is not known."""

    security: bool
    belongs: str


@dataclass(frozen=True, slots=True)
class _Rule:
    """`kinds` empty: any. `part`: a field anywhere on the path, or the beginning of a dotted path when it has a dot."""

    kinds: tuple[str, ...]
    part: str
    security: bool
    belongs: str


_RAY: Final = ("RayCluster", "RayJob", "RayCronJob", "RayService")
_PODS: Final = (*_RAY, "Deployment", "Pod")
_ROLES: Final = ("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding")
_NETWORK: Final = ("NetworkPolicy", "CiliumNetworkPolicy")
_ADMISSION: Final = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
_EXPOSURE: Final = ("Gateway", "HTTPRoute", "Ingress", "GCPBackendPolicy", "GCPGatewayPolicy", "BackendConfig")

#: Labels and annotations, of every kind.
_METADATA: Final = (
    _Rule((), "metadata.labels.pod-security.kubernetes.io/", True, "Pod Security of namespace {name}"),
    _Rule((), "metadata.labels.rayfence.dev/", True, "what the guards of the platform select by"),
    _Rule((), "metadata.labels.clients.rayfence.dev/", True, "who may reach a tenant's gateway"),
    _Rule((), "metadata.labels.ray.io/", True, "membership in a Ray cluster"),
    _Rule((), "metadata.labels.kueue.x-k8s.io/", False, "tenants.{tenant}.queue"),
    _Rule((), "metadata.labels.app.kubernetes.io/managed-by", False, "what is pruned and destroyed goes by this label"),
    _Rule(("Namespace",), "metadata.labels", False, "tenants.{tenant}.labels"),
    _Rule(("ServiceAccount",), "metadata.annotations", True, "tenants.{tenant}.identity"),
    _Rule(("Secret",), "metadata.annotations", True, "secret {name} as it was made"),
    _Rule(_EXPOSURE, "metadata.annotations", True, "exposure"),
    _Rule(("Service",), "metadata.annotations", True, "how service {name} is exposed"),
    _Rule((), "metadata.", False, ""),
)
#: Parts of pods, wherever their template lies.
_POD: Final = (
    _Rule(_PODS, "serviceAccountName", True, "the pod's identity (tenants.{tenant}.identity)"),
    _Rule(_PODS, "automountServiceAccountToken", True, "no API token in a pod that does not need one"),
    _Rule(_PODS, "hostNetwork", True, "restricted Pod Security"),
    _Rule(_PODS, "hostPID", True, "restricted Pod Security"),
    _Rule(_PODS, "hostIPC", True, "restricted Pod Security"),
    _Rule(_PODS, "securityContext", True, "restricted Pod Security"),
    _Rule(_PODS, "image", True, "images by digest from kubernetes.registries"),
    _Rule(_PODS, "env", True, "environment of the containers"),
    _Rule(_PODS, "envFrom", True, "environment of the containers"),
    _Rule(_PODS, "command", True, "what the containers run"),
    _Rule(_PODS, "args", True, "what the containers run"),
    _Rule(_PODS, "lifecycle", True, "what the containers run"),
    _Rule(_PODS, "volumes", True, "what the containers can read"),
    _Rule(_PODS, "volumeMounts", True, "what the containers can read"),
    _Rule(_PODS, "runtimeClassName", True, "where the pods may run"),
    _Rule(_PODS, "nodeSelector", True, "where the pods may run"),
    _Rule(_PODS, "tolerations", True, "where the pods may run"),
    _Rule(_PODS, "affinity", False, "where the pods run"),
    _Rule(_PODS, "topologySpreadConstraints", False, "where the pods run"),
    _Rule(_PODS, "labels", True, "what network policies and admission select pods by"),
    _Rule(_PODS, "resources", False, "size of the pods"),
    _Rule(_PODS, "initContainers", True, "what the pods run"),
    _Rule(_PODS, "ephemeralContainers", True, "what the pods run"),
    _Rule(_PODS, "containers", True, "what the pods run"),
)
_RAY_FIELDS: Final = (
    _Rule(_RAY, "authOptions", True, "Ray's token (authOptions.mode)"),
    _Rule(_RAY, "tlsOptions", True, "ray.tls"),
    _Rule(_RAY, "networkPolicy", True, "KubeRay's own network policies (kubernetes.gates)"),
    _Rule(_RAY, "rayStartParams", True, "what Ray listens on"),
    _Rule(_RAY, "headService", True, "how the head is exposed"),
    _Rule(_RAY, "ingressOptions", True, "how the head is exposed"),
    _Rule(_RAY, "enableIngress", True, "how the head is exposed"),
    _Rule(_RAY, "serviceType", True, "how the head is exposed"),
    _Rule(_RAY, "historyServerOptions", True, "no container beyond what was decided"),
    _Rule(_RAY, "gcsFaultToleranceOptions", True, "where the cluster's state is kept"),
    _Rule(_RAY, "entrypoint", True, "what the job runs"),
    _Rule(_RAY, "runtimeEnvYAML", True, "what the job runs"),
    _Rule(_RAY, "serveConfigV2", True, "what the service runs"),
    _Rule(_RAY, "clusterSelector", True, "which cluster the job runs on"),
    _Rule(_RAY, "managedBy", True, "who runs the object"),
)
_SCALE: Final = (
    _Rule(_RAY, "replicas", False, "workers of {name} (tenants.{tenant})"),
    _Rule(_RAY, "minReplicas", False, "workers of {name} (tenants.{tenant})"),
    _Rule(_RAY, "maxReplicas", False, "workers of {name} (tenants.{tenant})"),
    _Rule(_RAY, "rayVersion", True, "Ray's version (kubernetes.ray_floor)"),
    _Rule(_RAY, "workerGroupSpecs", True, "workers of {name} (tenants.{tenant})"),
    _Rule(("Deployment",), "replicas", False, "replicas of {name}"),
    _Rule(("Deployment",), "selector", True, "which pods are {name}'s"),
)
#: Whole objects, and those of their fields that no rule above names.
_OBJECTS: Final = (
    _Rule(("Namespace",), "", True, "tenants.{tenant}: the boundary itself"),
    _Rule(_NETWORK, "", True, "network isolation of {home} (kubernetes.datapath)"),
    _Rule(_ADMISSION, "", True, "admission guard {name}"),
    _Rule(("ResourceQuota", "LimitRange"), "", True, "bounds of the tenant (tenants.{tenant}.quota)"),
    _Rule(("LocalQueue",), "", True, "tenants.{tenant}.queue"),
    _Rule(("ServiceAccount",), "", True, "tenants.{tenant}.identity"),
    _Rule(_ROLES, "", True, "who may do what in {home}"),
    _Rule(("Secret",), "", True, "secret {name} as it was made"),
    _Rule(("ConfigMap",), "", True, "configuration of gateway and sidecars"),
    _Rule(("Service",), "", True, "how {name} is reached"),
    _Rule(("StorageClass",), "", True, "kubernetes.spill_class"),
    _Rule(_EXPOSURE, "", True, "exposure"),
    _Rule(("Deployment",), "", False, "deployment {name}"),
    _Rule(_RAY, "", False, "Ray object {name} (tenants.{tenant})"),
    _Rule(("PodDisruptionBudget",), "", False, "availability of the gateway"),
)
_RULES: Final = (*_METADATA, *_RAY_FIELDS, *_POD, *_SCALE, *_OBJECTS)


def importance(desired: Json, fields: Sequence[str]) -> Weight:
    """Of one field of an object of ours; `fields`: the names on its path, without list items."""
    return _weigh(desired, fields, _RULES)


def content_importance(desired: Json, fields: Sequence[str], value: object) -> Weight:
    """Of a field that came or went with all that is in it: security relevant if any part of it is."""
    weight = importance(desired, fields)
    if weight.security or not isinstance(value, Mapping | list | tuple):
        return weight
    guards = (part for part in _parts(fields, value) if importance(desired, part).security)
    return Weight(any(True for _ in guards), weight.belongs)


def object_importance(value: Json) -> Weight:
    """Of a whole object of ours, of which the absence or presence is in question."""
    return _weigh(value, (), _OBJECTS)


def _parts(fields: Sequence[str], value: object) -> Iterator[Sequence[str]]:
    """Paths of all fields inside a value."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield (*fields, name)
            yield from _parts((*fields, name), below)
    elif isinstance(value, list | tuple):
        for below in value:
            yield from _parts(fields, below)


def _weigh(value: Json, fields: Sequence[str], rules: Sequence[_Rule]) -> Weight:
    kind = str(value.get("kind", ""))
    dotted = ".".join(fields)
    for rule in rules:
        fits = dotted.startswith(rule.part) if "." in rule.part else not rule.part or rule.part in fields
        if fits and (not rule.kinds or kind in rule.kinds):
            return Weight(rule.security, _words(rule.belongs, value))
    return Weight(False, "")


def _words(belongs: str, value: Json) -> str:
    metadata = value.get("metadata")
    named: Mapping[str, object] = metadata if isinstance(metadata, Mapping) else {}
    labels = named.get("labels")
    name, home = str(named.get("name", "")), str(named.get("namespace") or "")
    tenant = labels.get(TENANT) if isinstance(labels, Mapping) else None
    if str(value.get("kind")) in _ROLES and name == OPERATOR_ACCOUNT:
        return f"rights of the KubeRay operator in {home}"
    owner = str(tenant or (home or name).removesuffix("-gateway"))
    return belongs.format(tenant=owner, name=name, home=home or "the cluster")
