"""Why pods do not run."""

import pytest

from rayfence.model.live import Phase
from rayfence.plan.live.ready.pods import pod_trouble, pods_trouble
from tests.unit.plan.live.ready.live_objects import condition, event, pod, waiting_pod


@pytest.mark.parametrize(
    ("reason", "transient", "step"),
    [
        ("ImagePullBackOff", True, "registry"),
        ("ErrImagePull", True, "registry"),
        ("InvalidImageName", False, "spec"),
        ("ErrImageNeverPull", False, "nodes"),
        ("CreateContainerConfigError", True, "Secret or ConfigMap"),
        ("CrashLoopBackOff", True, "logs"),
    ],
)
def test_a_container_that_can_not_start_is_a_failure_with_its_text(reason: str, transient: bool, step: str) -> None:
    found = pod_trouble(waiting_pod(reason, "the\nfull story"), [])
    assert found is not None and (found.phase, found.transient) == (Phase.FAILED, transient)
    assert found.reason == f"pod train-head: ray-head: {reason}: the full story" and step in found.next_step


def test_a_crash_says_how_it_ended_before() -> None:
    found = pod_trouble(waiting_pod("CrashLoopBackOff", lastState={"terminated": {"reason": "OOMKilled"}}), [])
    assert found is not None and found.reason.endswith("(ended before: OOMKilled)")


def test_init_containers_come_first() -> None:
    first = {"name": "wait-gcs-ready", "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "no"}}}
    found = pod_trouble(pod(phase="Pending", initContainerStatuses=[first]), [])
    assert found is not None and "wait-gcs-ready" in found.reason


def test_no_room_waits_with_the_schedulers_words() -> None:
    message = "0/3 nodes are available: 3 Insufficient cpu."
    found = pod_trouble(
        pod(phase="Pending", conditions=[condition("PodScheduled", "False", "Unschedulable", message)]), []
    )
    assert found is not None and found.phase is Phase.WAITING
    assert found.reason == f"pod train-head: Unschedulable: {message}" and "make room" in found.next_step
    gated = pod(phase="Pending", conditions=[condition("PodScheduled", "False", "SchedulingGated", "gated")])
    held = pod_trouble(gated, [])
    assert held is not None and "queue" in held.next_step


def test_a_young_pod_has_no_trouble_and_a_ready_or_done_one_neither() -> None:
    young = waiting_pod("ContainerCreating")
    assert pod_trouble(young, []) is None
    assert pod_trouble(pod(phase="Running", conditions=[condition("Ready", "True")]), []) is None
    assert pod_trouble(pod(phase="Succeeded"), []) is None


def test_the_kubelet_tells_what_a_container_that_is_being_made_lacks() -> None:
    young = waiting_pod("ContainerCreating")
    mount = event(young, "FailedMount", 'MountVolume.SetUp failed for volume "tls": secret "sidecar-train" not found')
    found = pod_trouble(young, [event(young, "Pulled", kind="Normal"), mount])
    assert found is not None and found.phase is Phase.WAITING and "sidecar-train" in found.reason
    assert "Secret" in found.next_step
    probe = pod_trouble(young, [event(young, "Unhealthy", "Readiness probe failed")])
    assert probe is not None and "Readiness probe failed" in probe.reason
    assert pod_trouble(young, [event(young, "Whatever")]) is None


def test_a_pod_that_failed_says_why() -> None:
    evicted = pod_trouble(pod(phase="Failed", reason="Evicted", message="The node was low on memory"), [])
    assert evicted is not None and evicted.reason.endswith("The node was low on memory") and not evicted.transient
    ended = {"name": "ray-head", "state": {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}}
    killed = pod_trouble(pod(phase="Failed", containerStatuses=[ended]), [])
    assert killed is not None and killed.reason == "pod train-head: ray-head ended with 137: OOMKilled"
    bare = pod_trouble(pod(phase="Failed"), [])
    assert bare is not None and bare.reason == "pod train-head: it failed"


def test_of_several_the_gravest_is_told() -> None:
    unplaced = pod(phase="Pending", conditions=[condition("PodScheduled", "False", "Unschedulable", "no room")])
    pulling, broken = waiting_pod("ImagePullBackOff"), waiting_pod("InvalidImageName")
    for listed, reason in (([unplaced, pulling], "ImagePullBackOff"), ([pulling, broken], "InvalidImageName")):
        found = pods_trouble(listed, [])
        assert found is not None and reason in found.reason
    assert pods_trouble([], []) is None
