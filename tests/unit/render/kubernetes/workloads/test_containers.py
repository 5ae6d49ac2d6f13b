"""Twin of rayfence.render.kubernetes.workloads.containers."""

from dataclasses import replace

from rayfence.model.tenancy import PodShape, WorkloadIdentity
from rayfence.render.kubernetes.workloads.containers import head_container, worker_container
from rayfence.render.kubernetes.workloads.listing import workloads
from tests.unit.render.kubernetes.resolutions import VISION, at, existing, on_gke

TRAIN = workloads(VISION)[0]


def _environment(container: dict[str, object]) -> dict[str, str]:
    return {item["name"]: item["value"] for item in container["env"]}  # type: ignore[attr-defined]


def test_usage_statistics_and_profiling_are_off() -> None:
    assert _environment(head_container(TRAIN, VISION, existing())) == {
        "RAY_DASHBOARD_ENABLE_PROFILING": "0",
        "RAY_USAGE_STATS_ENABLED": "0",
    }


def test_without_nat_packages_come_from_the_mirror() -> None:
    environment = _environment(worker_container(TRAIN.pods.head, TRAIN, VISION, on_gke()))
    assert environment["PIP_INDEX_URL"] == environment["UV_DEFAULT_INDEX"] == on_gke().kubernetes.pip_index


def test_nothing_of_authentication_is_set_here() -> None:
    for container in (
        head_container(TRAIN, VISION, on_gke()),
        worker_container(TRAIN.pods.head, TRAIN, VISION, on_gke()),
    ):
        assert not [name for name in _environment(container) if name.startswith(("RAY_AUTH", "RAY_TLS", "RAY_USE"))]
        assert "envFrom" not in container
        assert at(container, "securityContext", "capabilities", "drop") == ["ALL"]
        assert at(container, "image") == TRAIN.pods.image


def test_gpus_are_asked_for_where_wanted() -> None:
    shape = PodShape(cpus=4, memory_gib=16, gpus=2)
    resources = worker_container(shape, TRAIN, VISION, existing())["resources"]
    assert resources == {
        "requests": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"},
        "limits": {"cpu": "4", "memory": "16Gi", "nvidia.com/gpu": "2"},
    }


def test_a_service_publishes_its_own_port_inside_the_pod() -> None:
    ports = head_container(workloads(VISION)[3], VISION, existing())["ports"]
    assert {"name": "serve", "containerPort": 8000, "protocol": "TCP"} in ports  # type: ignore[operator]
    assert "'serve'" not in str(head_container(TRAIN, VISION, existing())["ports"])


def test_a_key_file_is_mounted_where_the_libraries_look() -> None:
    tenant = replace(VISION, identity=WorkloadIdentity.KEY_FILE)
    container = head_container(TRAIN, tenant, existing())
    path = _environment(container)["GOOGLE_APPLICATION_CREDENTIALS"]
    assert path.startswith(str(at(container, "volumeMounts", -1, "mountPath")))
    assert at(container, "volumeMounts", -1, "readOnly") is True
