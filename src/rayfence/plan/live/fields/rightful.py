"""Fields of our objects that others rightly write: no drift, and nothing that an apply may put back.

Ray's autoscaler scales worker groups, a HorizontalPodAutoscaler scales Deployments, controllers fill in CA bundles,
addresses and volumes. `yielded` gives the desired object with their values in it, so that an apply by force of a list
that is merged as a whole (`workerGroupSpecs`) does not kill the workers of running jobs. Pure.
Source: Ray 2.60 autoscaler (patches `replicas` and `scaleStrategy`), KubeRay v1.7.0, Kubernetes 1.36.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from rayfence.model.live import Json
from rayfence.plan.live.fields.owned import Entry, entries, field

#: Paths of the RayCluster's spec in each Ray object.
_CLUSTER_SPEC: Final[Mapping[str, tuple[str, ...]]] = {
    "RayCluster": ("spec",),
    "RayService": ("spec", "rayClusterConfig"),
    "RayJob": ("spec", "rayClusterSpec"),
    "RayCronJob": ("spec", "jobTemplate", "rayClusterSpec"),
}
#: Last fields of a path, whatever stands before them, that a controller fills in.
_CONTROLLERS: Final = (
    ("clientConfig", "caBundle"),
    ("spec", "caBundle"),
    ("spec", "clusterIP"),
    ("spec", "clusterIPs"),
    ("spec", "healthCheckNodePort"),
    ("spec", "volumeName"),
    ("ports", "nodePort"),
    ("spec", "serviceAccount"),  # the server's copy of serviceAccountName
)
#: Annotations by which a cloud gives an account an identity: others' annotations are their own business otherwise.
_IDENTITIES: Final = (
    "iam.gke.io/gcp-service-account",
    "eks.amazonaws.com/role-arn",
    "azure.workload.identity/client-id",
)
#: Labels that decide what a namespace lets in, or who may reach a pod.
_GUARD_LABELS: Final = ("pod-security.kubernetes.io/", "rayfence.dev/", "ray.io/", "kueue.x-k8s.io/")
_KUBERNETES_LABELS: Final = ("kubernetes.io/metadata.name",)
_CONTROL_PLANE: Final = frozenset({"kube-controller-manager", "kube-scheduler", "kube-apiserver", "kubelet"})


def is_rightful(desired: Json, fields: Sequence[str], have: object) -> bool:
    """Whether what is there at this path (field names, without list items) is somebody's rightful doing."""
    if tuple(fields[-2:]) in _CONTROLLERS:
        return True
    if desired.get("kind") == "Namespace" and tuple(fields) == ("spec",):
        return isinstance(have, Mapping) and set(have) <= {"finalizers"}
    return _scaled(desired) and tuple(fields[-2:]) == ("workerGroupSpecs", "scaleStrategy")


def matters(kind: str, fields: Sequence[str], owners: Sequence[Entry]) -> bool:
    """Whether a field beside ours, put there by `owners`, changes what the object does.

    Of labels and annotations only those that guard or identify; the control plane's own fields never.
    """
    if all(entry.manager in _CONTROL_PLANE or entry.subresource == "status" for entry in owners):
        return False
    if fields[:2] == ("metadata", "annotations"):
        return len(fields) > 2 and fields[2] in _IDENTITIES
    if fields[:2] == ("metadata", "labels"):
        named = fields[2] if len(fields) > 2 else ""
        prefix, _, _ = named.partition("/")
        return named not in _KUBERNETES_LABELS and f"{prefix}/".endswith(_GUARD_LABELS)
    return not (kind == "ServiceAccount" and fields[:1] in (("secrets",), ("imagePullSecrets",)))


def yielded(desired: Json, observed: Json) -> Json:
    """`desired` with the values that others rightly own, as they are in `observed`.

    What Ray's autoscaler chose stays, within the bounds of the spec; so does what a HorizontalPodAutoscaler chose.
    """
    if desired.get("kind") == "Deployment" and _by_autoscaler(observed):
        replicas = _at(observed, ("spec", "replicas"))
        return _with(desired, ("spec", "replicas"), replicas) if isinstance(replicas, int) else desired
    path = _CLUSTER_SPEC.get(str(desired.get("kind")))
    if path is None or not _scaled(desired):
        return desired
    groups, live = _at(desired, (*path, "workerGroupSpecs")), _at(observed, (*path, "workerGroupSpecs"))
    if not isinstance(groups, list) or not isinstance(live, list):
        return desired
    chosen = {group.get("groupName"): group for group in live if isinstance(group, Mapping)}
    return _with(desired, (*path, "workerGroupSpecs"), [_kept(group, chosen) for group in groups])


def _kept(group: object, chosen: Mapping[object, Mapping[str, object]]) -> object:
    if not isinstance(group, Mapping) or (there := chosen.get(group.get("groupName"))) is None:
        return group
    kept = dict(group)
    replicas, low, high = there.get("replicas"), group.get("minReplicas"), group.get("maxReplicas")
    if isinstance(replicas, int) and isinstance(low, int) and isinstance(high, int):
        kept["replicas"] = min(max(replicas, low), high)
    if "scaleStrategy" in there:
        kept["scaleStrategy"] = there["scaleStrategy"]
    return kept


def _scaled(desired: Json) -> bool:
    path = _CLUSTER_SPEC.get(str(desired.get("kind")))
    return path is not None and _at(desired, (*path, "enableInTreeAutoscaling")) is True


def _by_autoscaler(observed: Json) -> bool:
    """Whether the horizontal autoscaler wrote the replicas last: it does so through `scale`, as kubectl does."""
    found = [entry for entry in entries(observed) if field(field(entry.fields, "spec"), "replicas") is not None]
    newest = max(found, key=lambda entry: entry.time, default=None)
    return newest is not None and newest.subresource == "scale" and newest.manager == "kube-controller-manager"


def _at(value: object, path: Sequence[str]) -> object:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _with(value: Json, path: Sequence[str], new: object) -> Json:
    """A copy with another value at the path; only what leads to it is copied."""
    below = value.get(path[0])
    if len(path) == 1:
        return {**value, path[0]: new}
    return {**value, path[0]: _with(below if isinstance(below, Mapping) else {}, path[1:], new)}
