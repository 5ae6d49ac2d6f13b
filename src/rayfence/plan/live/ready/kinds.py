"""How far objects are that are not Ray's: namespaces, workloads, guards, kinds, routes. Pure.

Source: the status fields of Kubernetes 1.36, Gateway API v1, Kueue v1beta2 and Cilium v2.
"""

import datetime
from collections.abc import Mapping, Sequence
from typing import Final

from rayfence.model.live import Json, Phase, Readiness
from rayfence.plan.live.ready.events import events_of
from rayfence.plan.live.ready.pods import pods_trouble
from rayfence.plan.live.ready.status import (
    Condition,
    age,
    at,
    conditions,
    failed,
    is_stale,
    items,
    number,
    ready,
    text,
    waiting,
    written,
)

#: Reasons of a gateway's conditions that pass by themselves.
_ON_ITS_WAY: Final = frozenset({"Pending", "AddressNotAssigned", "NoResources"})
#: The API server reads new admission policies anew after at most this long.
_TAKEN_UP_SECONDS: Final = 3


def namespace(observed: Json) -> Readiness:
    """A Namespace: active. One that is being deleted takes nothing new."""
    if text(observed, "status", "phase") != "Terminating" and not at(observed, "metadata", "deletionTimestamp"):
        return ready("active")
    names = ("NamespaceDeletionContentFailure", "NamespaceContentRemaining", "NamespaceFinalizersRemaining")
    known = conditions(observed)
    left = "; ".join(known[name].message for name in names if name in known and known[name].holds)
    since = text(observed, "metadata", "deletionTimestamp")
    return failed(
        f"it is being deleted since {since}{f': {left}' if left else ''}",
        "wait until it is gone, or finish what holds it, and apply again",
        transient=True,
    )


def deployment(observed: Json, events: Sequence[Json], pods: Sequence[Json]) -> Readiness:
    """A Deployment: all replicas of the present spec are there and available."""
    if is_stale(observed):
        return waiting("its controller has not taken up the spec")
    known = conditions(observed)
    wanted = number(observed, "spec", "replicas") if at(observed, "spec", "replicas") is not None else 1
    updated = number(observed, "status", "updatedReplicas")
    available = number(observed, "status", "availableReplicas")
    old = number(observed, "status", "replicas") - updated
    if updated >= wanted and available >= wanted and old <= 0:
        return ready(f"{available} of {wanted} replicas are available")
    broken, progress = known.get("ReplicaFailure"), known.get("Progressing")
    if broken is not None and broken.holds:
        quota = "quota" in broken.message.lower()
        step = (
            "raise the quota or remove what uses it up"
            if quota
            else "see what refuses its pods: Pod Security, admission"
        )
        return failed(f"{broken.reason}: {broken.message}", step, transient=quota)
    trouble = pods_trouble(pods, events)
    if progress is not None and progress.holds is False and progress.reason == "ProgressDeadlineExceeded":
        reason = trouble.reason if trouble is not None else progress.message
        step = trouble.next_step if trouble is not None and trouble.next_step else "see its pods: kubectl describe pods"
        return failed(f"it does not come up: {reason}", step)
    return trouble or waiting(f"{available} of {wanted} replicas are available")


def stateful_set(observed: Json, events: Sequence[Json], pods: Sequence[Json]) -> Readiness:
    """A StatefulSet: all replicas of the present spec are there and ready. It tells no condition of its own."""
    if is_stale(observed):
        return waiting("its controller has not taken up the spec")
    wanted = number(observed, "spec", "replicas") if at(observed, "spec", "replicas") is not None else 1
    updated, available = (number(observed, "status", name) for name in ("updatedReplicas", "availableReplicas"))
    if available >= wanted and updated >= wanted:
        return ready(f"{available} of {wanted} replicas are available")
    for event in events_of(observed, events, written(observed)):
        if event.warning and event.reason == "FailedCreate":
            step = "see what refuses its pods: quota, Pod Security, admission"
            return failed(f"{event.reason}: {event.message}", step, transient="quota" in event.message.lower())
    return pods_trouble(pods, events) or waiting(f"{available} of {wanted} replicas are available")


def quota(observed: Json) -> Readiness:
    """A ResourceQuota: counted under its present bounds. Before the first count every pod of it is refused."""
    if at(observed, "status", "hard") == at(observed, "spec", "hard"):
        return ready("counted")
    return waiting("its use has not been counted yet")


def service(observed: Json, events: Sequence[Json]) -> Readiness:
    """A Service: there; one with a load balancer has an address."""
    if text(observed, "spec", "type") != "LoadBalancer":
        return ready("there")
    return _addressed(observed, events)


def ingress(observed: Json, events: Sequence[Json]) -> Readiness:
    """An Ingress: it has an address."""
    return _addressed(observed, events)


def _addressed(observed: Json, events: Sequence[Json]) -> Readiness:
    addresses = [
        text(item, "ip") or text(item, "hostname") for item in items(observed, "status", "loadBalancer", "ingress")
    ]
    if addresses:
        return ready(f"at {', '.join(addresses)}")
    for event in events_of(observed, events, written(observed)):
        if event.warning:
            step = "see that the cloud's load balancer can be made: quota, subnet, address, rights"
            return failed(f"{event.reason}: {event.message}", step, transient=True)
    return waiting("it has no address yet")


def custom_kind(observed: Json) -> Readiness:
    """A CustomResourceDefinition: established under the names it asks for."""
    known = conditions(observed)
    names, established = known.get("NamesAccepted"), known.get("Established")
    if names is not None and names.holds is False:
        return failed(f"{names.reason}: {names.message}", "remove the kind that has its names")
    if established is not None and established.holds:
        return ready("established")
    return waiting("its kind is not served yet")


def admission_policy(observed: Json) -> Readiness:
    """A ValidatingAdmissionPolicy: its expressions were checked against the kinds it names, and fit them."""
    warnings = items(observed, "status", "typeChecking", "expressionWarnings")
    if warnings:
        first = warnings[0]
        more = f" (and {len(warnings) - 1} more)" if len(warnings) > 1 else ""
        message = " ".join(text(first, "warning").split())
        return failed(
            f"{text(first, 'fieldRef')} does not fit the kinds it is for: {message}{more}",
            "report it: a rule that does not fit refuses everything, or is for another release of the kind",
        )
    if is_stale(observed):
        return waiting("its expressions are not checked yet")
    return ready("checked")


def admission_binding(observed: Json, now: datetime.datetime) -> Readiness:
    """A ValidatingAdmissionPolicyBinding: the API server has had time to take it up; it has no status to tell."""
    changed, old = written(observed), age(observed, now)
    young = (now - changed).total_seconds() if changed is not None else old
    if young is not None and young < _TAKEN_UP_SECONDS:
        return waiting("the API server takes it up")
    return ready("in force")


def gateway(observed: Json) -> Readiness:
    """A Gateway: accepted and programmed for its present spec."""
    return _both(observed, conditions(observed), ("Accepted", "Programmed"))


def route(observed: Json) -> Readiness:
    """An HTTPRoute: accepted by every parent, with all it names resolved."""
    parents = items(observed, "status", "parents")
    if not parents:
        return waiting("no gateway has taken it up", "see that its parent exists and lets routes of this namespace in")
    for parent in parents:
        found = _both(observed, conditions(parent, "conditions"), ("Accepted", "ResolvedRefs"))
        if found.phase is not Phase.READY:
            return found
    return ready(f"accepted by {len(parents)} gateway{'s' * (len(parents) != 1)}")


def by_condition(observed: Json, name: str, step: str) -> Readiness:
    """An object that is ready when one condition holds; without conditions it is as far as can be told."""
    condition = conditions(observed).get(name)
    if condition is None:
        return waiting(f"condition {name} is not set yet", step)
    if condition.holds:
        return ready(condition.message or name.lower())
    return failed(f"{condition.reason}: {condition.message}", step, transient=True)


def _both(observed: Json, known: Mapping[str, Condition], names: Sequence[str]) -> Readiness:
    generation = number(observed, "metadata", "generation")
    for name in names:
        condition = known.get(name)
        if condition is None or (condition.observed is not None and condition.observed < generation):
            return waiting(f"{name.lower()} is not known yet for this spec")
        told = f"{condition.reason}: {condition.message}"
        if condition.holds is None or (not condition.holds and condition.reason in _ON_ITS_WAY):
            return waiting(told)
        if not condition.holds:
            return failed(f"not {name.lower()}: {told}", "correct what it names, and apply again", transient=True)
    return ready("accepted and in place")
