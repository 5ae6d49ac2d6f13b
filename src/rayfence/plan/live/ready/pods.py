"""Why a pod does not run: what the scheduler, the kubelet or its own containers say. Pure.

Source: v1 PodStatus; reasons as the kubelet and the scheduler of Kubernetes 1.36 write them.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from rayfence.model.live import Json, Phase, Readiness
from rayfence.plan.live.ready.events import Event, events_of
from rayfence.plan.live.ready.status import conditions, failed, items, said, text, waiting

_IMAGE: Final = "see that the image is in its registry under this digest and that the nodes may pull it"
_CONFIG: Final = "see that the Secret or ConfigMap it names exists in this namespace with that key; apply again"
_CRASH: Final = "read what it printed: rayfence logs, or kubectl logs --previous"
#: Reason of a waiting container to the next step, and whether it may mend by itself.
_WAITING: Final = {
    "ImagePullBackOff": (_IMAGE, True),
    "ErrImagePull": (_IMAGE, True),
    "RegistryUnavailable": (_IMAGE, True),
    "ImageInspectError": (_IMAGE, True),
    "InvalidImageName": ("correct the image's name in the spec", False),
    "ErrImageNeverPull": ("put the image on the nodes, or let it be pulled", False),
    "SignatureValidationFailed": ("sign the image with the key that the nodes ask for", False),
    "CreateContainerConfigError": (_CONFIG, True),
    "CreateContainerError": (_CRASH, True),
    "RunContainerError": (_CRASH, True),
    "CrashLoopBackOff": (_CRASH, True),
}
#: Events of the kubelet about a pod whose containers are being made.
_KUBELET: Final = {
    "FailedMount": _CONFIG,
    "FailedAttachVolume": "see that the volume and its storage class exist, and that the node may attach it",
    "FailedCreatePodSandBox": "see the node: its network plugin or runtime refuses the pod",
    "FailedBinding": "see that the storage class exists and has room",
    "ProvisioningFailed": "see that the storage class exists and has room",
}
_NO_ROOM: Final = "make room: more nodes, smaller pods, or fewer of them; see the taints and selectors it names"


def pods_trouble(pods: Iterable[Json], events: Sequence[Json]) -> Readiness | None:
    """The gravest trouble of some pods, named by pod; None where they have none to tell of."""
    found = [trouble for pod in pods if (trouble := pod_trouble(pod, events)) is not None]
    return min(found, key=_gravity, default=None)


def pod_trouble(pod: Json, events: Sequence[Json]) -> Readiness | None:
    """What keeps one pod from being ready; None for one that is ready, done, or merely young."""
    name = f"pod {text(pod, 'metadata', 'name')}"
    phase = text(pod, "status", "phase")
    if phase == "Failed":
        why = said(text(pod, "status", "message")) or text(pod, "status", "reason") or _ended(pod) or "it failed"
        return failed(f"{name}: {why}", _CRASH)
    if phase == "Succeeded" or ((ready := conditions(pod).get("Ready")) is not None and ready.holds):
        return None
    scheduled = conditions(pod).get("PodScheduled")
    if scheduled is not None and scheduled.holds is False:
        gated = scheduled.reason == "SchedulingGated"
        step = "its queue or another controller holds it back" if gated else _NO_ROOM
        return waiting(f"{name}: {scheduled.reason}: {scheduled.message}", step)
    return _containers(name, pod) or _kubelet(name, events_of(pod, events))


def _containers(name: str, pod: Json) -> Readiness | None:
    statuses = [*items(pod, "status", "initContainerStatuses"), *items(pod, "status", "containerStatuses")]
    for status in statuses:
        reason = text(status, "state", "waiting", "reason")
        if reason in _WAITING:
            step, transient = _WAITING[reason]
            message = said(text(status, "state", "waiting", "message"))
            ended = text(status, "lastState", "terminated", "reason")
            more = f" (ended before: {ended})" if ended else ""
            return failed(f"{name}: {text(status, 'name')}: {reason}: {message}{more}", step, transient=transient)
    return None


def _ended(pod: Json) -> str:
    for status in items(pod, "status", "containerStatuses"):
        code = text(status, "state", "terminated", "exitCode")
        if code not in {"", "0"}:
            return f"{text(status, 'name')} ended with {code}: {text(status, 'state', 'terminated', 'reason')}"
    return ""


def _kubelet(name: str, events: Sequence[Event]) -> Readiness | None:
    for event in events:
        if event.warning and event.reason in _KUBELET:
            return waiting(f"{name}: {event.reason}: {event.message}", _KUBELET[event.reason])
        if event.warning and event.reason == "Unhealthy":
            return waiting(f"{name}: {event.message}")
    return None


def _gravity(found: Readiness) -> int:
    if found.phase is Phase.FAILED:
        return 1 if found.transient else 0
    return 2 if found.next_step else 3
