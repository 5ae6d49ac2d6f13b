"""How far Ray objects are, by KubeRay's own status, conditions and events (releases 1.5 to 1.7). Pure.

KubeRay stores a bad RayCluster and only raises an event; `status.observedGeneration` then stays behind. An event counts
if it was raised since the object was last written: one of an older spec proves nothing. `status.state` stays `ready`
when pods go later, so conditions and counts decide where they are written.
Source: KubeRay v1.6.0 `controllers/ray`, v1.7.0 CustomResourceDefinitions.
"""

import datetime
from collections.abc import Sequence
from typing import Final

from rayfence.model.live import Json, Readiness
from rayfence.plan.live.ready.events import Event, events_of
from rayfence.plan.live.ready.pods import pods_trouble
from rayfence.plan.live.ready.status import (
    age,
    at,
    conditions,
    failed,
    is_stale,
    number,
    ready,
    said,
    text,
    waiting,
    written,
)

_SPEC: Final = "correct what it names in the spec, or use an operator release that has it, and apply again"
_OPERATOR: Final = "see that the KubeRay operator runs, watches this namespace, and has no error in its log"
#: Events by which the operator refuses a spec for good.
_REFUSALS: Final = frozenset(
    {
        "InvalidRayClusterSpec",
        "InvalidRayClusterMetadata",
        "InvalidRayClusterStatus",
        "InvalidRayJobSpec",
        "InvalidRayJobMetadata",
        "InvalidRayJobStatus",
        "InvalidRayServiceSpec",
        "InvalidRayServiceMetadata",
        "InvalidRayCronJobSpec",
    }
)
#: Events that need somebody's help; what they lack may come.
_TROUBLES: Final = {
    "FailedToCreateHeadPod": "see the quota, Pod Security and admission policies of the namespace",
    "FailedToCreateWorkerPod": "see the quota, Pod Security and admission policies of the namespace",
    "FailedToCreateRayCluster": "see the admission policies of the namespace",
    "FailedToCreateService": "see the quota and admission policies of the namespace",
    "FailedToCreateRole": "let the operator hold the rights it gives to the autoscaler",
    "FailedToCreateRoleBinding": "let the operator hold the rights it gives to the autoscaler",
    "FailedToCreateServiceAccount": "let the operator make service accounts, or make the one it names",
    "AutoscalerServiceAccountNotFound": "make the service account that the head names; apply again",
    "NetworkPolicyNameCollision": "rename the foreign network policy: without its own the cluster is open",
    "MTLSCertificateExpiringSoon": "restart head and workers: Ray does not read new certificates by itself",
    "FailedToUpdateServeApplications": "see the head's log: Serve refuses the configuration, or can't be reached",
}
#: A cron job has no status before its first run: this long the operator may take to refuse it.
_SETTLED_SECONDS: Final = 10


def ray_cluster(observed: Json, events: Sequence[Json], pods: Sequence[Json]) -> Readiness:
    """A RayCluster: head ready, and as many workers as are wanted now."""
    if (refused := _refused(observed, events)) is not None and is_stale(observed):
        return refused
    known = conditions(observed)
    broken = known.get("ReplicaFailure") or known.get("RayClusterReplicaFailure")
    if broken is not None and broken.holds:
        return failed(
            f"{broken.reason}: {broken.message}",
            _TROUBLES["FailedToCreateHeadPod"],
            transient="quota" in broken.message.lower(),
        )
    if at(observed, "spec", "suspend") is True:
        return _suspended(observed)
    if is_stale(observed):
        return waiting("the operator has not taken up the spec", _OPERATOR)
    return _nodes(observed, events, pods)


def _nodes(observed: Json, events: Sequence[Json], pods: Sequence[Json]) -> Readiness:
    head = conditions(observed).get("HeadPodReady")
    has = number(observed, "status", "readyWorkerReplicas")
    wanted = number(observed, "status", "desiredWorkerReplicas")
    state = text(observed, "status", "state")
    up = head.holds if head is not None else state == "ready"
    if up and has >= wanted and state != "failed":
        return ready(f"head and {has} workers are ready")
    if (trouble := pods_trouble(pods, events)) is not None:
        return trouble
    if (told := _trouble(observed, events)) is not None:
        return told
    if state == "failed":
        return failed(said(text(observed, "status", "reason")) or "the operator calls it failed", _OPERATOR)
    if not up:
        why = f": {head.reason}: {head.message}".rstrip(": ") if head is not None else ""
        return waiting(f"the head is not ready{why}")
    return waiting(f"{has} of {wanted} workers are ready")


def ray_job(observed: Json, events: Sequence[Json], pods: Sequence[Json]) -> Readiness:
    """A RayJob: running, or done. One that its queue holds back is as far as an apply can bring it."""
    status = text(observed, "status", "jobDeploymentStatus")
    why = said(text(observed, "status", "message")) or text(observed, "status", "reason")
    if status == "ValidationFailed":
        return failed(f"the operator refuses it: {why}", _SPEC)
    if (refused := _refused(observed, events)) is not None and not status:
        return refused
    if at(observed, "spec", "suspend") is True or status in {"Suspending", "Suspended"}:
        return _suspended(observed)
    if status == "Failed":
        return failed(f"the job failed: {text(observed, 'status', 'reason')}: {why}", "read its log: rayfence logs")
    if status in {"Running", "Complete"}:
        return ready(f"{status.lower()}, job {text(observed, 'status', 'jobStatus') or 'not submitted yet'}")
    if (trouble := pods_trouble(pods, events) or _trouble(observed, events)) is not None:
        return trouble
    if not status:
        return waiting("the operator has not seen it", _OPERATOR)
    return waiting(f"{status.lower()}: {why}".rstrip(": "))


def ray_service(observed: Json, events: Sequence[Json], pods: Sequence[Json]) -> Readiness:
    """A RayService: at least one pod serves, and no newer cluster is on its way."""
    known = conditions(observed)
    serving, upgrading = known.get("Ready"), known.get("UpgradeInProgress")
    if serving is not None and serving.holds is False and serving.reason in {"ValidationFailed", "InitializingTimeout"}:
        return failed(f"{serving.reason}: {serving.message}", _SPEC)
    if (refused := _refused(observed, events)) is not None and is_stale(observed):
        return refused
    up = serving.holds if serving is not None else text(observed, "status", "serviceStatus") == "Running"
    if up and not (upgrading is not None and upgrading.holds) and not is_stale(observed):
        return ready(f"{number(observed, 'status', 'numServeEndpoints')} pods serve")
    for part in ("pendingServiceStatus", "activeServiceStatus"):
        if (application := _application(at(observed, "status", part))) is not None:
            return application
    if (trouble := pods_trouble(pods, events) or _trouble(observed, events)) is not None:
        return trouble
    if is_stale(observed):
        return waiting("the operator has not taken up the spec", _OPERATOR)
    return waiting(f"{serving.reason}: {serving.message}" if serving is not None else "it is not serving yet")


def ray_cron_job(observed: Json, events: Sequence[Json], now: datetime.datetime) -> Readiness:
    """A RayCronJob: nothing but an event would tell that it is refused, and nothing that its gate is off."""
    if (refused := _refused(observed, events)) is not None:
        return refused
    if at(observed, "spec", "suspend") is True:
        return ready("suspended: nothing runs until somebody lets it")
    last, old = text(observed, "status", "lastScheduleTime"), age(observed, now)
    if last:
        return ready(f"ran last at {last}")
    changed = written(observed)
    young = (now - changed).total_seconds() if changed is not None else old
    if young is not None and young < _SETTLED_SECONDS:
        return waiting("the operator may still refuse it")
    return ready(f"stored, and not refused; it has not run yet ({text(observed, 'spec', 'schedule')})")


def _refused(observed: Json, events: Sequence[Json]) -> Readiness | None:
    for event in events_of(observed, events, written(observed)):
        if event.warning and event.reason in _REFUSALS:
            return failed(f"the operator refuses it: {event.reason}: {event.message}", _SPEC)
    return None


def _trouble(observed: Json, events: Sequence[Json]) -> Readiness | None:
    found: Sequence[Event] = events_of(observed, events, written(observed))
    for event in found:
        if event.warning and event.reason in _TROUBLES:
            return failed(f"{event.reason}: {event.message}", _TROUBLES[event.reason], transient=True)
    return None


def _suspended(observed: Json) -> Readiness:
    queue = text(observed, "metadata", "labels", "kueue.x-k8s.io/queue-name")
    if queue:
        return ready(f"waits in queue {queue}, which admits it when there is room")
    return waiting("suspended", "take `suspend` out of the object, or see who set it")


def _application(part: object) -> Readiness | None:
    found = at(part, "applicationStatuses")
    for name, application in found.items() if isinstance(found, dict) else ():
        state = text(application, "status")
        if state in {"DEPLOY_FAILED", "UNHEALTHY"}:
            why = said(text(application, "message"))
            return failed(f"Serve application {name}: {state}: {why}", "read its log: rayfence logs", transient=True)
    return None
