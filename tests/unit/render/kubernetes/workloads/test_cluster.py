"""Twin of rayfence.render.kubernetes.workloads.cluster: fields by the operator's release, the token always."""

from dataclasses import replace

import pytest

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.render.kubernetes.workloads.cluster import cluster_spec
from rayfence.render.kubernetes.workloads.listing import workloads
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, addon, at, existing, on_gke

GATES = ("RayClusterMTLS", "RayClusterNetworkPolicy")


@pytest.mark.parametrize("resolution", [existing(), on_gke(), addon(), existing(gates=GATES)])
def test_the_token_is_always_asked_for_by_name(resolution: ClusterResolution) -> None:
    for tenant in resolution.platform.tenants:
        for workload in workloads(tenant):
            assert cluster_spec(workload, tenant, resolution)["authOptions"]["mode"] == "token"  # type: ignore[index]


@pytest.mark.parametrize(
    ("version", "gates", "fields"),
    [
        ("1.7.0", GATES, {"tlsOptions", "networkPolicy"}),
        ("1.7.0", GATES[:1], {"tlsOptions"}),
        ("1.7.0", (), set()),
        ("1.6.2", GATES, set()),
        ("1.5.1", GATES, set()),
        ("1.10.0", GATES, {"tlsOptions", "networkPolicy"}),
    ],
)
def test_gated_fields_are_written_where_the_operator_has_them(
    version: str, gates: tuple[str, ...], fields: set[str]
) -> None:
    spec = cluster_spec(workloads(VISION)[0], VISION, existing(operator_version=version, gates=gates))
    assert {"tlsOptions", "networkPolicy"} & set(spec) == fields


def test_dashboards_are_on_loopback_where_the_operator_does_not_call() -> None:
    hosts = {
        workload.label: at(
            cluster_spec(workload, VISION, existing()), "headGroupSpec", "rayStartParams", "dashboard-host"
        )
        for workload in workloads(VISION)
    }
    assert hosts.pop("cluster-train") == "127.0.0.1"
    assert set(hosts.values()) == {".".join("0000")}


def test_numbers_of_workers() -> None:
    group = at(cluster_spec(workloads(VISION)[0], VISION, existing()), "workerGroupSpecs", 0)
    assert [at(group, key) for key in ("replicas", "minReplicas", "maxReplicas")] == [1, 1, 4]
    fixed = at(cluster_spec(workloads(SPEECH)[0], SPEECH, existing()), "workerGroupSpecs", 0)
    assert [at(fixed, key) for key in ("replicas", "minReplicas", "maxReplicas")] == [4, 4, 4]
    queued = replace(VISION, queue="gpus")
    spec = cluster_spec(workloads(queued)[0], queued, existing(queued))
    assert spec["enableInTreeAutoscaling"] is False
    assert "autoscalerOptions" not in spec


def test_state_outlives_the_head_where_there_is_a_store() -> None:
    options = cluster_spec(workloads(SPEECH)[0], SPEECH, existing())["gcsFaultToleranceOptions"]
    assert at(options, "redisPassword", "valueFrom", "secretKeyRef") == {"name": "redis", "key": "password"}
    assert "gcsFaultToleranceOptions" not in cluster_spec(workloads(VISION)[0], VISION, existing())


def test_idle_workers_go_when_the_spec_says() -> None:
    train = replace(VISION.clusters[0], pods=replace(VISION.clusters[0].pods, idle_seconds=7))
    tenant = replace(VISION, clusters=(train,))
    assert at(cluster_spec(workloads(tenant)[0], tenant, existing()), "autoscalerOptions", "idleTimeoutSeconds") == 7
