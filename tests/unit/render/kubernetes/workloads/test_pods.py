"""Twin of rayfence.render.kubernetes.workloads.pods."""

from dataclasses import replace

from rayfence.model.tenancy import WorkloadIdentity
from rayfence.render.kubernetes.workloads.listing import workloads
from rayfence.render.kubernetes.workloads.pods import autoscaler_options, head_template, worker_template
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, WORKERS, at, existing, on_gke

TRAIN, SWEEP = workloads(VISION)[:2]
PATH = "/var/run/secrets/kubernetes.io/serviceaccount"


def _volumes(template: dict[str, object]) -> dict[str, dict[str, object]]:
    return {volume["name"]: volume for volume in at(template, "spec", "volumes")}  # type: ignore[attr-defined]


def test_only_the_autoscalers_container_mounts_the_api_token() -> None:
    head = head_template(TRAIN, VISION, existing())
    assert at(head, "spec", "automountServiceAccountToken") is False
    token = [name for name, volume in _volumes(head).items() if "projected" in volume]
    assert token == ["autoscaler-token"]
    for container in at(head, "spec", "containers"):  # type: ignore[attr-defined]
        assert token[0] not in [mount["name"] for mount in container["volumeMounts"]]
    assert at(autoscaler_options(60), "volumeMounts") == [{"name": token[0], "mountPath": PATH, "readOnly": True}]


def test_no_other_pod_holds_a_token() -> None:
    for template in (
        worker_template(WORKERS, TRAIN, VISION, existing()),
        head_template(workloads(SPEECH)[0], SPEECH, existing()),
    ):
        assert at(template, "spec", "automountServiceAccountToken") is False
        assert "serviceAccountToken" not in str(_volumes(template))
        assert "rayfence.dev/api-client" not in str(template)


def test_each_kind_of_pod_has_its_account() -> None:
    assert at(head_template(TRAIN, VISION, existing()), "spec", "serviceAccountName") == "ray-autoscaler"
    assert at(head_template(workloads(SPEECH)[0], SPEECH, existing()), "spec", "serviceAccountName") == "ray-head"
    assert at(worker_template(WORKERS, TRAIN, VISION, existing()), "spec", "serviceAccountName") == "ray-worker"


def test_ray_is_the_first_container_and_the_sidecar_the_second() -> None:
    names = [container["name"] for container in at(head_template(TRAIN, VISION, existing()), "spec", "containers")]  # type: ignore[attr-defined]
    assert names == ["ray-head", "rayfence-sidecar"]
    bare = head_template(TRAIN, VISION, existing(gateway=None))
    assert len(at(bare, "spec", "containers")) == 1  # type: ignore[arg-type]
    assert len(at(worker_template(WORKERS, TRAIN, VISION, existing()), "spec", "containers")) == 1  # type: ignore[arg-type]


def test_spilling_goes_to_the_class_with_the_customers_key() -> None:
    claim = _volumes(head_template(TRAIN, VISION, on_gke()))["spill"]["ephemeral"]
    spec = at(claim, "volumeClaimTemplate", "spec")
    assert at(spec, "storageClassName") == "ray-spill"
    assert at(spec, "resources", "requests", "storage") == "50Gi"
    local = _volumes(head_template(TRAIN, VISION, existing()))["spill"]
    assert local["emptyDir"] == {"sizeLimit": "50Gi"}
    assert "spill" not in _volumes(head_template(SWEEP, VISION, existing()))


def test_a_key_file_is_readable_by_its_group_only() -> None:
    tenant = replace(VISION, identity=WorkloadIdentity.KEY_FILE)
    secret = _volumes(worker_template(WORKERS, TRAIN, tenant, existing()))["google-key"]["secret"]
    assert at(secret, "defaultMode") == 0o440
