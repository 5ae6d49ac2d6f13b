"""In which order objects are applied, waited for and removed. Pure, stable.

Stages come first: the renderer sets them, guards before what they guard. Inside a stage what others name or live in
comes before them. Removal is the exact reverse, so Ray goes before the operator that cleans up after it, and guards go
after what they guard. Leaves out objects that controllers made: they go with their owners.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Final

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Json, ObjectKey
from rayfence.render.kubernetes.names import RETAIN

#: Kinds in the order of application; one that is not named comes after all of them.
_RANKS: Final[Mapping[str, int]] = {
    kind: rank
    for rank, kinds in enumerate(
        (
            ("Namespace",),
            ("CustomResourceDefinition",),
            ("StorageClass", "PriorityClass", "RuntimeClass"),
            ("ResourceQuota", "LimitRange"),
            ("ValidatingAdmissionPolicy", "MutatingAdmissionPolicy"),
            ("ValidatingAdmissionPolicyBinding", "MutatingAdmissionPolicyBinding"),
            ("NetworkPolicy", "CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"),
            ("ServiceAccount",),
            ("ClusterRole", "Role"),
            ("ClusterRoleBinding", "RoleBinding"),
            ("Issuer", "ClusterIssuer", "Certificate"),
            ("Secret", "ConfigMap"),
            ("PersistentVolumeClaim",),
            ("ResourceFlavor", "ClusterQueue", "LocalQueue"),
            ("Service",),
            ("PodDisruptionBudget",),
            ("Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"),
            ("RayCluster", "RayService", "RayJob", "RayCronJob"),
            ("Gateway",),
            ("HTTPRoute", "Ingress", "GCPBackendPolicy", "HealthCheckPolicy", "GCPGatewayPolicy"),
        )
    )
    for kind in kinds
}


def key_of(value: Json) -> ObjectKey:
    """What identifies an object. Raises ValueError for a value without kind and name."""
    metadata, kind = value.get("metadata"), value.get("kind")
    name = metadata.get("name") if isinstance(metadata, Mapping) else None
    if not kind or not name or not isinstance(metadata, Mapping):
        raise ValueError("no API object: kind or metadata.name is missing")
    group = str(value.get("apiVersion", "")).rpartition("/")[0]
    return ObjectKey(group, str(kind), str(metadata.get("namespace") or ""), str(name))


def rank(kind: str) -> int:
    """Place of a kind inside a stage."""
    return _RANKS.get(kind, len(_RANKS))


def in_order(manifests: Iterable[Manifest]) -> tuple[Manifest, ...]:
    """As they are applied: by stage, by kind, else as the renderer put them."""
    return tuple(sorted(manifests, key=lambda manifest: (manifest.stage, rank(str(manifest.object.get("kind"))))))


def stages(manifests: Iterable[Manifest]) -> tuple[tuple[Manifest, ...], ...]:
    """The same in stages: everything of one is applied and ready before the next begins."""
    ordered = in_order(manifests)
    return tuple(tuple(members) for _, members in groupby(ordered, key=lambda manifest: manifest.stage))


def removal_order(keys: Sequence[ObjectKey], stage_of: Mapping[ObjectKey, int]) -> tuple[ObjectKey, ...]:
    """As they are removed. Without a known stage an object goes by its kind, before everything of a stage."""
    return tuple(sorted(keys, key=lambda key: (-stage_of.get(key, 99), -rank(key.kind), key.namespace, key.name)))


def is_retained(value: Json) -> bool:
    """Whether the object is marked to be kept."""
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    return isinstance(annotations, Mapping) and annotations.get(RETAIN) == "true"


def retained(value: Json) -> Json:
    """The object, marked to be kept."""
    metadata = value.get("metadata")
    known: Json = metadata if isinstance(metadata, Mapping) else {}
    annotations = known.get("annotations")
    marked = {**(annotations if isinstance(annotations, Mapping) else {}), RETAIN: "true"}
    return {**value, "metadata": {**known, "annotations": marked}}
