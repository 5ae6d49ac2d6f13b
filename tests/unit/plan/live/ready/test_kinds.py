"""How far objects are that are not Ray's."""

from typing import Any

import pytest

from rayfence.model.live import Phase
from rayfence.plan.live.ready import kinds
from tests.unit.plan.live.ready.live_objects import NOW, Json, condition, event, live, waiting_pod


def _deployment(*conditions: Json, observed: int = 2, **counts: int) -> Json:
    status = {"conditions": list(conditions), "observedGeneration": observed, **counts}
    return live("Deployment", "gateway", spec={"replicas": 2}, status=status)


ALL = {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


def test_a_deployment_is_ready_when_all_of_its_present_spec_is_available() -> None:
    assert kinds.deployment(_deployment(**ALL), [], []).phase is Phase.READY
    assert (
        kinds.deployment(live("Deployment", status={"observedGeneration": 2, **ALL}, spec={}), [], []).phase
        is Phase.READY
    )


@pytest.mark.parametrize(
    "counts",
    [
        {**ALL, "replicas": 3},
        {**ALL, "availableReplicas": 1},
        {**ALL, "updatedReplicas": 1},
        {},
    ],
)
def test_a_deployment_on_its_way_waits(counts: dict[str, int]) -> None:
    assert kinds.deployment(_deployment(**counts), [], []).phase is Phase.WAITING


def test_a_deployment_of_an_older_spec_waits_whatever_it_counts() -> None:
    assert kinds.deployment(_deployment(observed=1, **ALL), [], []).phase is Phase.WAITING


@pytest.mark.parametrize(
    ("message", "transient", "step"),
    [("pods is forbidden: exceeded quota: bounds", True, "quota"), ("violates PodSecurity", False, "Pod Security")],
)
def test_refused_pods_are_a_failure(message: str, transient: bool, step: str) -> None:
    found = kinds.deployment(_deployment(condition("ReplicaFailure", "True", "FailedCreate", message)), [], [])
    assert (found.phase, found.transient) == (Phase.FAILED, transient) and step in found.next_step


def test_a_deployment_past_its_deadline_tells_the_reason_of_its_pods() -> None:
    late = condition("Progressing", "False", "ProgressDeadlineExceeded", "has timed out")
    found = kinds.deployment(_deployment(late), [], [waiting_pod("ImagePullBackOff")])
    assert found.phase is Phase.FAILED and not found.transient
    assert "ImagePullBackOff" in found.reason and "registry" in found.next_step
    assert "has timed out" in kinds.deployment(_deployment(late), [], []).reason
    early = kinds.deployment(_deployment(), [], [waiting_pod("ImagePullBackOff")])
    assert early.phase is Phase.FAILED and early.transient


def test_a_namespace_is_active_or_takes_nothing_new() -> None:
    assert kinds.namespace(live("Namespace", status={"phase": "Active"})).phase is Phase.READY
    left = condition("NamespaceContentRemaining", "True", "SomeResourcesRemain", "pods. has 1 resource instances")
    going = live(
        "Namespace", status={"phase": "Terminating", "conditions": [left]}, metadata={"deletionTimestamp": "T"}
    )
    found = kinds.namespace(going)
    assert (found.phase, found.transient) == (Phase.FAILED, True) and "pods. has 1 resource" in found.reason


def test_a_quota_that_is_not_counted_refuses_every_pod() -> None:
    hard = {"pods": "10", "requests.cpu": "4"}
    assert kinds.quota(live("ResourceQuota", spec={"hard": hard}, status={})).phase is Phase.WAITING
    for older in ({"pods": "10"}, {**hard, "pods": "9"}):
        counted = live("ResourceQuota", spec={"hard": hard}, status={"hard": older})
        assert kinds.quota(counted).phase is Phase.WAITING
    assert kinds.quota(live("ResourceQuota", spec={"hard": hard}, status={"hard": hard})).phase is Phase.READY


def test_a_load_balancer_must_have_an_address() -> None:
    assert kinds.service(live("Service", spec={"type": "ClusterIP"}), []).phase is Phase.READY
    balancer = live("Service", spec={"type": "LoadBalancer"}, status={})
    assert kinds.service(balancer, []).phase is Phase.WAITING
    found = kinds.service(balancer, [event(balancer, "SyncLoadBalancerFailed", "no address left")])
    assert (found.phase, found.transient) == (Phase.FAILED, True) and "no address left" in found.reason
    addressed = {"loadBalancer": {"ingress": [{"ip": "10.0.0.9"}, {"hostname": "lb.example"}]}}
    assert kinds.service(live("Service", spec={"type": "LoadBalancer"}, status=addressed), []).reason.endswith(
        "10.0.0.9, lb.example"
    )
    assert kinds.ingress(live("Ingress", status=addressed), []).phase is Phase.READY


def _kind(*conditions: Json) -> Json:
    return live("CustomResourceDefinition", status={"conditions": list(conditions)})


def test_a_kind_is_established_under_its_own_names() -> None:
    accepted = condition("NamesAccepted", "True")
    assert kinds.custom_kind(_kind(accepted, condition("Established", "True"))).phase is Phase.READY
    assert kinds.custom_kind(_kind(accepted, condition("Established", "False", "Installing"))).phase is Phase.WAITING
    conflict = condition("NamesAccepted", "False", "PluralConflict", '"rayclusters" is already in use')
    assert kinds.custom_kind(_kind(conflict)).phase is Phase.FAILED
    assert kinds.custom_kind(_kind()).phase is Phase.WAITING


def _policy(observed: int, *warnings: Json) -> Json:
    checking = {"expressionWarnings": list(warnings)} if warnings else {}
    return live("ValidatingAdmissionPolicy", status={"observedGeneration": observed, "typeChecking": checking})


def test_a_policy_is_ready_when_its_expressions_are_checked() -> None:
    assert kinds.admission_policy(_policy(2)).phase is Phase.READY
    assert kinds.admission_policy(_policy(1)).phase is Phase.WAITING
    warning = {"fieldRef": "spec.validations[0].expression", "warning": "apps/v1:\n undefined field 'x'"}
    found = kinds.admission_policy(_policy(2, warning, warning))
    assert found.phase is Phase.FAILED and "undefined field 'x'" in found.reason and "1 more" in found.reason


def test_a_binding_is_given_time_to_take_hold() -> None:
    binding = live("ValidatingAdmissionPolicyBinding")
    assert kinds.admission_binding(binding, NOW).phase is Phase.READY
    binding["metadata"]["managedFields"][0]["time"] = "2026-11-26T06:09:59Z"
    assert kinds.admission_binding(binding, NOW).phase is Phase.WAITING


def _gateway(accepted: Json | None, programmed: Json | None) -> Json:
    listed = [item for item in (accepted, programmed) if item is not None]
    return live("Gateway", status={"conditions": listed})


def test_a_gateway_is_accepted_and_programmed_for_its_present_spec() -> None:
    accepted, programmed = condition("Accepted", "True", observed=2), condition("Programmed", "True", observed=2)
    assert kinds.gateway(_gateway(accepted, programmed)).phase is Phase.READY
    assert kinds.gateway(_gateway(accepted, None)).phase is Phase.WAITING
    assert kinds.gateway(_gateway(accepted, {**programmed, "observedGeneration": 1})).phase is Phase.WAITING
    unknown = condition("Accepted", "Unknown", "Pending", "Waiting for controller", 1)
    assert kinds.gateway(live("Gateway", generation=1, status={"conditions": [unknown]})).phase is Phase.WAITING
    pending = condition("Programmed", "False", "AddressNotAssigned", "wait", 2)
    assert kinds.gateway(_gateway(accepted, pending)).phase is Phase.WAITING
    refused = condition("Accepted", "False", "InvalidParameters", "no such class", 2)
    found = kinds.gateway(_gateway(refused, None))
    assert found.phase is Phase.FAILED and "no such class" in found.reason


def _route(*parents: list[Json]) -> Json:
    return live("HTTPRoute", status={"parents": [{"conditions": listed} for listed in parents]})


def test_a_route_is_accepted_by_all_of_its_parents() -> None:
    fine = [condition("Accepted", "True"), condition("ResolvedRefs", "True")]
    broken = [condition("Accepted", "True"), condition("ResolvedRefs", "False", "BackendNotFound", "no service")]
    assert kinds.route(_route(fine)).reason == "accepted by 1 gateway"
    assert kinds.route(_route(fine, fine)).phase is Phase.READY
    assert kinds.route(_route()).phase is Phase.WAITING
    found = kinds.route(_route(fine, broken))
    assert found.phase is Phase.FAILED and "no service" in found.reason


def test_a_queue_is_active_or_says_why_not() -> None:
    def queue(*conditions: Any) -> Json:
        return live("LocalQueue", status={"conditions": list(conditions)})

    assert (
        kinds.by_condition(queue(condition("Active", "True", "Ready", "Can submit")), "Active", "s").phase
        is Phase.READY
    )
    assert kinds.by_condition(queue(), "Active", "s").phase is Phase.WAITING
    found = kinds.by_condition(queue(condition("Active", "False", "ClusterQueueIsInactive", "no queue")), "Active", "s")
    assert (found.phase, found.transient) == (Phase.FAILED, True) and "no queue" in found.reason


def _stateful(observed: int = 2, **status: Any) -> Json:
    return live("StatefulSet", "gateway", spec={"replicas": 2}, status={"observedGeneration": observed, **status})


SETTLED: dict[str, Any] = {
    "updatedReplicas": 2,
    "readyReplicas": 2,
    "currentRevision": "gateway-b",
    "updateRevision": "gateway-b",
}


def test_a_stateful_set_is_ready_when_all_replicas_are_new_and_ready() -> None:
    assert kinds.stateful_set(_stateful(**SETTLED), [], []).phase is Phase.READY
    assert kinds.stateful_set(_stateful(observed=1, **SETTLED), [], []).phase is Phase.WAITING


@pytest.mark.parametrize("less", [{"readyReplicas": 1}, {"updatedReplicas": 1}, {"currentRevision": "gateway-a"}, {}])
def test_a_stateful_set_on_its_way_waits(less: dict[str, Any]) -> None:
    status = {**SETTLED, **less} if less else {}
    assert kinds.stateful_set(_stateful(**status), [], []).phase is Phase.WAITING


def test_a_stateful_set_whose_pods_are_refused_says_why() -> None:
    value = _stateful()
    refused = event(value, "FailedCreate", "violates PodSecurity restricted")
    found = kinds.stateful_set(value, [refused], [])
    assert (found.phase, found.transient) == (Phase.FAILED, False) and "PodSecurity" in found.reason
    full = kinds.stateful_set(value, [event(value, "FailedCreate", "exceeded quota: tenant")], [])
    assert (full.phase, full.transient) == (Phase.FAILED, True)


DONE: dict[str, Any] = {
    "replicas": 2,
    "updatedReplicas": 2,
    "readyReplicas": 2,
    "currentRevision": "gateway-b",
    "updateRevision": "gateway-b",
}


@pytest.mark.parametrize(
    "status",
    [
        {"readyReplicas": 1},
        {"updatedReplicas": 1},
        {"currentRevision": "gateway-a"},
        {"readyReplicas": 0, "updatedReplicas": 0},
    ],
)
def test_of_a_stateful_set_anything_less_than_all_new_replicas_is_waited_for(status: dict[str, Any]) -> None:
    assert kinds.stateful_set(_stateful(**DONE), [], []).phase is Phase.READY
    changed: dict[str, Any] = {**DONE, **status}
    assert kinds.stateful_set(_stateful(**changed), [], []).phase is not Phase.READY


def test_a_pod_of_a_stateful_set_that_can_t_start_is_told() -> None:
    stuck = waiting_pod("ErrImageNeverPull", "Container image is not present")
    changed: dict[str, Any] = {**DONE, "readyReplicas": 0}
    assert "ErrImageNeverPull" in kinds.stateful_set(_stateful(**changed), [], [stuck]).reason
