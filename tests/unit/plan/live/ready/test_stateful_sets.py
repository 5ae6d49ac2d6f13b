"""How far a StatefulSet is: it has no conditions, so revisions and counts say it. Beside the twin of `kinds`."""

import datetime
from typing import Any

import pytest

from rayfence.model.live import Phase
from rayfence.plan.live.ready.readiness import readiness

NOW = datetime.datetime(2026, 11, 26, 6, tzinfo=datetime.UTC)
DONE: dict[str, Any] = {
    "observedGeneration": 2,
    "replicas": 2,
    "updatedReplicas": 2,
    "readyReplicas": 2,
    "currentRevision": "gateway-b",
    "updateRevision": "gateway-b",
}


def phase(**status: object) -> Phase:
    """The phase of a gateway with this status beside a finished one's."""
    value = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "gateway", "namespace": "vision-gateway", "generation": 2},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "gateway"}}},
        "status": {**DONE, **status},
    }
    return readiness(value, (), NOW).phase


def test_it_is_ready_when_all_replicas_are_new_and_ready() -> None:
    assert phase() is Phase.READY


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 1},
        {"readyReplicas": 1},
        {"updatedReplicas": 1},
        {"currentRevision": "gateway-a"},
        {"readyReplicas": 0, "updatedReplicas": 0},
    ],
)
def test_anything_less_is_waited_for(status: dict[str, object]) -> None:
    assert phase(**status) is not Phase.READY


def test_a_pod_that_cant_start_is_told() -> None:
    waiting = {"reason": "ErrImageNeverPull", "message": "Container image is not present"}
    pod = {
        "kind": "Pod",
        "metadata": {"name": "gateway-0", "namespace": "vision-gateway", "labels": {"app": "gateway"}},
        "status": {"phase": "Pending", "containerStatuses": [{"name": "envoy", "state": {"waiting": waiting}}]},
    }
    value = {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": "gateway", "namespace": "vision-gateway", "generation": 2},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "gateway"}}},
        "status": {**DONE, "readyReplicas": 0},
    }
    assert "ErrImageNeverPull" in readiness(value, (), NOW, (pod,)).reason
