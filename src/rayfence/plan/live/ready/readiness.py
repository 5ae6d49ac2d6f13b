"""`readiness(observed, events, now, pods)`: how far one live object is, and why. Pure.

A kind without a status of its own is ready when it is stored. Leaves out deadlines: how long a wait may take is for
those who wait; and fields that the API server did not store (`pruned.py`).
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

from rayfence.model.live import Json, Readiness
from rayfence.plan.live.ready import kinds, ray
from rayfence.plan.live.ready.status import at, failed, ready, text
from rayfence.render.kubernetes.names import RAY_CLUSTER_LABEL

#: Where a Ray object names the clusters made for it.
_CLUSTER_NAMES: Final = (
    ("rayClusterName",),
    ("activeServiceStatus", "rayClusterName"),
    ("pendingServiceStatus", "rayClusterName"),
)


def readiness(observed: Json, events: Sequence[Json], now: datetime.datetime, pods: Sequence[Json] = ()) -> Readiness:
    """How far the object is.

    `events` and `pods`: of its namespace; those of other objects do no harm. `now`: with its zone.
    """
    kind = text(observed, "kind")
    if kind == "Namespace":
        return kinds.namespace(observed)
    if since := at(observed, "metadata", "deletionTimestamp"):
        return failed(f"it is being deleted since {since}", "wait until it is gone, and apply again", transient=True)
    own = own_pods(observed, pods)
    return _ray(kind, observed, events, now, own) or _other(kind, observed, events, now, own)


def own_pods(observed: Json, pods: Sequence[Json]) -> tuple[Json, ...]:
    """The pods that were made for an object: by its selector, or by the Ray cluster it is, or has made."""
    selector = at(observed, "spec", "selector", "matchLabels")
    if text(observed, "kind") in ("Deployment", "StatefulSet") and isinstance(selector, Mapping) and selector:
        return tuple(pod for pod in pods if _carries(pod, selector))
    names = {text(observed, "status", *path) for path in _CLUSTER_NAMES} - {""}
    if text(observed, "kind") == "RayCluster":
        names = {text(observed, "metadata", "name")}
    return tuple(pod for pod in pods if text(pod, "metadata", "labels", RAY_CLUSTER_LABEL) in names)


def _carries(pod: Json, labels: Mapping[object, object]) -> bool:
    own = at(pod, "metadata", "labels")
    return isinstance(own, Mapping) and all(own.get(name) == value for name, value in labels.items())


def _ray(
    kind: str, observed: Json, events: Sequence[Json], now: datetime.datetime, pods: Sequence[Json]
) -> Readiness | None:
    match kind:
        case "RayCluster":
            return ray.ray_cluster(observed, events, pods)
        case "RayJob":
            return ray.ray_job(observed, events, pods)
        case "RayService":
            return ray.ray_service(observed, events, pods)
        case "RayCronJob":
            return ray.ray_cron_job(observed, events, now)
    return None


def _other(
    kind: str, observed: Json, events: Sequence[Json], now: datetime.datetime, pods: Sequence[Json]
) -> Readiness:
    match kind:
        case "Deployment":
            return kinds.deployment(observed, events, pods)
        case "StatefulSet":
            return kinds.stateful_set(observed, events, pods)
        case "ResourceQuota":
            return kinds.quota(observed)
        case "Service":
            return kinds.service(observed, events)
        case "Ingress":
            return kinds.ingress(observed, events)
        case "CustomResourceDefinition":
            return kinds.custom_kind(observed)
        case "ValidatingAdmissionPolicy":
            return kinds.admission_policy(observed)
        case "ValidatingAdmissionPolicyBinding":
            return kinds.admission_binding(observed, now)
        case "Gateway":
            return kinds.gateway(observed)
        case "HTTPRoute":
            return kinds.route(observed)
        case "LocalQueue":
            return kinds.by_condition(observed, "Active", "see that the ClusterQueue exists and is active")
    return ready("stored")
