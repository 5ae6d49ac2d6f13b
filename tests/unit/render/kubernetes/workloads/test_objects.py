"""Twin of rayfence.render.kubernetes.workloads.objects."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.model.tenancy import Job, ServiceApp
from rayfence.render.kubernetes.workloads.objects import ray_objects
from tests.unit.render.kubernetes.resolutions import PODS, SERVE_CONFIG, VISION, at, existing


def test_every_ray_object_comes_after_what_its_sidecar_needs() -> None:
    kinds = [str(value["kind"]) for value in ray_objects(VISION, existing())]
    ray = ["RayCluster", "RayJob", "RayCronJob", "RayService"]
    assert kinds == [kind for name in ray for kind in ("ConfigMap", "Service", name)]
    assert [value["kind"] for value in ray_objects(VISION, existing(gateway=None))] == ray


def test_jobs_are_submitted_by_the_operator_and_end() -> None:
    job = next(value for value in ray_objects(VISION, existing()) if value["kind"] == "RayJob")
    assert at(job, "spec", "submissionMode") == "HTTPMode"
    assert at(job, "spec", "shutdownAfterJobFinishes") is True
    assert at(job, "spec", "activeDeadlineSeconds") == 24 * 3600
    assert "submitterPodTemplate" not in str(job)


def test_a_scheduled_job_and_a_service_keep_their_own_fields() -> None:
    by_kind = {value["kind"]: value for value in ray_objects(VISION, existing())}
    assert at(by_kind["RayCronJob"], "spec", "schedule") == "0 3 * * *"
    assert at(by_kind["RayCronJob"], "spec", "jobTemplate", "rayClusterSpec", "authOptions", "mode") == "token"
    assert at(by_kind["RayService"], "spec", "serveConfigV2") == SERVE_CONFIG


def test_a_queue_is_named_on_each_object() -> None:
    tenant = replace(VISION, queue="gpus")
    for value in ray_objects(tenant, existing(tenant)):
        if str(value["kind"]).startswith("Ray"):
            assert at(value, "metadata", "labels", "kueue.x-k8s.io/queue-name") == "ray"
    assert "kueue" not in str(ray_objects(VISION, existing()))


@settings(max_examples=50, deadline=None)
@given(st.text(), st.text())
def test_foreign_text_stays_in_its_field(entrypoint: str, config: str) -> None:
    tenant = replace(VISION, clusters=(), jobs=(Job("j", PODS, entrypoint),), services=(ServiceApp("s", PODS, config),))
    objects = [value for value in ray_objects(tenant, existing(tenant)) if str(value["kind"]).startswith("Ray")]
    assert at(objects[0], "spec", "entrypoint") == entrypoint
    assert at(objects[1], "spec", "serveConfigV2") == config
