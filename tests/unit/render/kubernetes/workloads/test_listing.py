"""Twin of rayfence.render.kubernetes.workloads.listing."""

from dataclasses import replace

from rayfence.render.kubernetes.workloads.listing import Kind, workloads
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION


def test_every_ray_object_is_listed_once() -> None:
    listed = workloads(VISION)
    assert [workload.label for workload in listed] == ["cluster-train", "job-sweep", "cron-nightly", "service-answers"]
    assert [workload.kind for workload in listed] == [Kind.CLUSTER, Kind.JOB, Kind.CRON, Kind.SERVICE]
    assert [workload.sidecar_ports for workload in listed] == [(8443, 8444), (8443,), (8443,), (8443, 8445)]


def test_only_heads_with_an_autoscaler_have_its_account() -> None:
    assert workloads(VISION)[0].head_account == "ray-autoscaler"
    assert workloads(SPEECH)[0].head_account == "ray-head"


def test_a_queue_admits_no_autoscaler() -> None:
    assert not any(workload.autoscaled for workload in workloads(replace(VISION, queue="gpus")))
