"""How far Ray objects are."""

from typing import Any

import pytest

from rayfence.model.live import Phase
from rayfence.plan.live.ready.ray import ray_cluster, ray_cron_job, ray_job, ray_service
from tests.unit.plan.live.ready.live_objects import (
    AFTER,
    BEFORE,
    NOW,
    Json,
    condition,
    event,
    live,
    waiting_pod,
)

HEAD = condition("HeadPodReady", "True", "HeadPodRunningAndReady")


def _cluster(*conditions: Json, observed: int = 2, has: int = 1, wanted: int = 1, **status: Any) -> Json:
    counts = {"readyWorkerReplicas": has, "desiredWorkerReplicas": wanted, "observedGeneration": observed}
    return live("RayCluster", spec={}, status={"conditions": list(conditions), **counts, **status})


def test_a_cluster_is_ready_with_its_head_and_all_workers() -> None:
    found = ray_cluster(_cluster(HEAD, state="ready"), [], [])
    assert (found.phase, found.reason) == (Phase.READY, "head and 1 workers are ready")


def test_a_cluster_of_the_head_alone_can_be_ready() -> None:
    assert ray_cluster(_cluster(HEAD, has=0, wanted=0), [], []).phase is Phase.READY


def test_the_state_is_not_believed_when_the_head_is_gone() -> None:
    gone = condition("HeadPodReady", "False", "HeadPodNotFound", "Head Pod not found")
    found = ray_cluster(_cluster(gone, state="ready"), [], [])
    assert (found.phase, found.reason) == (
        Phase.WAITING,
        "the head is not ready: HeadPodNotFound: Head Pod not found",
    )


def test_without_conditions_the_state_must_do() -> None:
    assert ray_cluster(_cluster(state="ready"), [], []).phase is Phase.READY
    assert ray_cluster(_cluster(), [], []).phase is Phase.WAITING


def test_missing_workers_are_counted() -> None:
    found = ray_cluster(_cluster(HEAD, has=1, wanted=3), [], [])
    assert (found.phase, found.reason) == (Phase.WAITING, "1 of 3 workers are ready")


def test_a_spec_that_the_operator_refuses_is_a_failure_with_its_text() -> None:
    cluster = _cluster(observed=0)
    refusal = event(
        cluster, "InvalidRayClusterSpec", "vision/train: tlsOptions requires the RayClusterMTLS feature gate"
    )
    found = ray_cluster(cluster, [refusal], [])
    assert found.phase is Phase.FAILED and not found.transient and "RayClusterMTLS" in found.reason
    assert "operator" in found.next_step


def test_a_refusal_of_an_older_spec_counts_no_more() -> None:
    cluster = _cluster(HEAD)
    assert ray_cluster(cluster, [event(cluster, "InvalidRayClusterSpec", time=AFTER)], []).phase is Phase.READY
    waiting = _cluster(observed=1)
    found = ray_cluster(waiting, [event(waiting, "InvalidRayClusterSpec", time=BEFORE)], [])
    assert (found.phase, found.reason) == (Phase.WAITING, "the operator has not taken up the spec")


@pytest.mark.parametrize(
    ("message", "transient"), [("pods is forbidden: exceeded quota: bounds", True), ("violates PodSecurity", False)]
)
def test_pods_that_are_refused_are_a_failure(message: str, transient: bool) -> None:
    broken = condition("ReplicaFailure", "True", "FailedCreateHeadPod", message)
    found = ray_cluster(_cluster(broken), [], [])
    assert (found.phase, found.transient) == (Phase.FAILED, transient) and message in found.reason


def test_the_trouble_of_a_pod_is_the_clusters() -> None:
    head = condition("HeadPodReady", "False", "ContainersNotReady")
    found = ray_cluster(_cluster(head), [], [waiting_pod("ImagePullBackOff")])
    assert found.phase is Phase.FAILED and found.transient and "ImagePullBackOff" in found.reason


@pytest.mark.parametrize("reason", ["FailedToCreateHeadPod", "NetworkPolicyNameCollision", "FailedToCreateRole"])
def test_troubles_of_the_operator_may_mend(reason: str) -> None:
    cluster = _cluster()
    found = ray_cluster(cluster, [event(cluster, reason)], [])
    assert (found.phase, found.transient) == (Phase.FAILED, True) and reason in found.reason and found.next_step


def test_a_failed_state_without_more_is_still_a_failure() -> None:
    assert "it is what it is" in ray_cluster(_cluster(state="failed", reason="it is what it is"), [], []).reason


def _job(status: str = "", **more: Any) -> Json:
    spec = more.pop("spec", {})
    return live("RayJob", spec=spec, status={"jobDeploymentStatus": status, **more})


@pytest.mark.parametrize("status", ["Running", "Complete"])
def test_a_job_that_runs_or_ran_is_ready(status: str) -> None:
    assert ray_job(_job(status, jobStatus="RUNNING"), [], []).phase is Phase.READY


@pytest.mark.parametrize("status", ["Initializing", "Waiting", "Retrying", ""])
def test_a_job_on_its_way_waits(status: str) -> None:
    assert ray_job(_job(status), [], []).phase is Phase.WAITING


def test_a_job_that_failed_says_why() -> None:
    found = ray_job(_job("Failed", reason="DeadlineExceeded", message="too long"), [], [])
    assert found.phase is Phase.FAILED and "DeadlineExceeded: too long" in found.reason and "logs" in found.next_step
    refused = ray_job(_job("ValidationFailed", message="entrypoint must be set"), [], [])
    assert refused.phase is Phase.FAILED and "entrypoint must be set" in refused.reason


def test_a_refused_job_of_an_operator_that_writes_no_status() -> None:
    job = _job()
    assert ray_job(job, [event(job, "InvalidRayJobSpec", "no entrypoint")], []).phase is Phase.FAILED


def test_a_job_that_its_queue_holds_back_is_as_far_as_an_apply_brings_it() -> None:
    queued = _job("Suspended", spec={"suspend": True})
    queued["metadata"]["labels"] = {"kueue.x-k8s.io/queue-name": "ray"}
    assert ray_job(queued, [], []).phase is Phase.READY
    assert ray_job(_job("Suspended", spec={"suspend": True}), [], []).phase is Phase.WAITING


def test_a_job_without_pods_tells_of_its_cluster() -> None:
    found = ray_job(_job("Initializing"), [], [waiting_pod("InvalidImageName")])
    assert found.phase is Phase.FAILED and not found.transient


def _service(*conditions: Json, observed: int = 2, **status: Any) -> Json:
    return live("RayService", status={"conditions": list(conditions), "observedGeneration": observed, **status})


SERVING = condition("Ready", "True", "NonZeroServeEndpoints")
INITIALIZING = condition("Ready", "False", "Initializing", "RayService is initializing")


def test_a_service_is_ready_when_pods_serve_its_present_spec() -> None:
    assert ray_service(_service(SERVING, numServeEndpoints=2), [], []).reason == "2 pods serve"
    assert ray_service(_service(SERVING, observed=1), [], []).phase is Phase.WAITING
    upgrading = condition("UpgradeInProgress", "True", "BothActivePendingClustersExist")
    assert ray_service(_service(SERVING, upgrading), [], []).phase is Phase.WAITING
    assert ray_service(_service(serviceStatus="Running"), [], []).phase is Phase.READY
    assert ray_service(_service(INITIALIZING), [], []).reason == "Initializing: RayService is initializing"
    assert ray_service(_service(), [], []).phase is Phase.WAITING


@pytest.mark.parametrize("reason", ["ValidationFailed", "InitializingTimeout"])
def test_a_service_that_was_given_up_is_a_failure(reason: str) -> None:
    found = ray_service(_service(condition("Ready", "False", reason, "told why")), [], [])
    assert found.phase is Phase.FAILED and "told why" in found.reason


def test_a_service_that_is_refused_by_event_only() -> None:
    service = _service(observed=0)
    assert ray_service(service, [event(service, "InvalidRayServiceSpec")], []).phase is Phase.FAILED


def test_an_application_that_can_not_be_deployed_is_named() -> None:
    applications = {"fine": {"status": "RUNNING"}, "answers": {"status": "DEPLOY_FAILED", "message": "no module app"}}
    pending = {"applicationStatuses": applications}
    found = ray_service(_service(INITIALIZING, pendingServiceStatus=pending), [], [])
    assert found.phase is Phase.FAILED and "answers: DEPLOY_FAILED: no module app" in found.reason


def test_a_cron_job_tells_of_nothing_but_its_last_run() -> None:
    cron = live("RayCronJob", spec={"schedule": "0 3 * * *"}, status={})
    found = ray_cron_job(cron, [], NOW)
    assert found.phase is Phase.READY and "has not run yet" in found.reason
    ran = live("RayCronJob", spec={}, status={"lastScheduleTime": BEFORE})
    assert BEFORE in ray_cron_job(ran, [], NOW).reason
    assert ray_cron_job(cron, [event(cron, "InvalidRayCronJobSpec", "bad schedule")], NOW).phase is Phase.FAILED
    assert "suspended" in ray_cron_job(live("RayCronJob", spec={"suspend": True}), [], NOW).reason


def test_a_young_cron_job_may_still_be_refused() -> None:
    young = live("RayCronJob", spec={}, status={})
    young["metadata"]["managedFields"][0]["time"] = "2026-11-26T06:09:55Z"
    assert ray_cron_job(young, [], NOW).phase is Phase.WAITING
    young["metadata"] |= {"managedFields": [], "creationTimestamp": "2026-11-26T06:09:55Z"}
    assert ray_cron_job(young, [], NOW).phase is Phase.WAITING
