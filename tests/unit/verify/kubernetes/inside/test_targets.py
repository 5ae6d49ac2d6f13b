"""Whom to attack: pods as they run, with the plan's ports."""

from typing import Any

import pytest

from rayfence.model.ray_ports import PortGuard, RayPort
from rayfence.verify.kubernetes.inside.targets import (
    SEARCHED,
    Target,
    gateway_targets,
    known_ranges,
    label_of,
    ports_of,
    ray_targets,
    searched_whole,
    span,
)


def pod(name: str, labels: dict[str, str], namespace: str = "vision", address: str = "10.0.0.1") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "status": {"podIP": address, "phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


HEAD = {"rayfence.dev/workload": "cluster-train", "ray.io/node-type": "head"}
WORKER = {**HEAD, "ray.io/node-type": "worker", "ray.io/group": "small"}
GATEWAY = {"app.kubernetes.io/name": "rayfence-gateway"}


def entry(port: str, node: str = "head", workload: str = "RayCluster vision/train") -> RayPort:
    return RayPort(workload, node, port, f"p{port}", PortGuard.POLICY, (), True, "401", "")


def test_heads_workers_and_gateways_of_the_tenant_that_have_an_address() -> None:
    ending = pod("ending", HEAD)
    ending["metadata"]["deletionTimestamp"] = "now"
    pods = [
        pod("h", HEAD), pod("w", WORKER), pod("new", HEAD, address=""), ending, pod("x", HEAD, "speech"),
        pod("none", {}), pod("odd", {**HEAD, "rayfence.dev/workload": "thing-a"}), pod("g", GATEWAY, "vision-gateway"),
    ]  # fmt: skip
    found = list(ray_targets(pods, "vision"))
    assert [(one.name, one.workload, one.node) for one in found] == [
        ("h", "RayCluster vision/train", "head"),
        ("w", "RayCluster vision/train", "workers small"),
    ]
    (door,) = gateway_targets(pods, "vision", "vision-gateway")
    assert (door.key, door.workload) == ("vision-gateway/g", "")


def test_a_pod_that_is_not_ready_says_why() -> None:
    waiting = pod("h", HEAD)
    waiting["status"]["conditions"] = [
        {"type": "Ready", "status": "False", "message": "containers with unready status"}
    ]
    (target,) = ray_targets([waiting], "vision")
    assert (target.ready, target.why) == (False, "containers with unready status")


def test_rows_of_the_port_table_for_a_pod() -> None:
    table = (
        entry("1"),
        entry("2", "workers"),
        entry("3", "workers small"),
        entry("4", "workers big"),
        entry("5", "head", "RayJob vision/x"),
    )
    (worker,) = ray_targets([pod("w", WORKER)], "vision")
    assert [one.port for one in ports_of(worker, table)] == ["2", "3"]


@pytest.mark.parametrize(
    ("text", "found"),
    [("6379", (6379, 6379)), ("10002-19999", (10002, 19999)), ("chosen at start", None), ("a-b", None)],
)
def test_spans(text: str, found: tuple[int, int] | None) -> None:
    assert span(text) == found


def test_known_ports_are_each_tried_once_and_long_ranges_at_their_beginning() -> None:
    table = (entry("8080"), entry("8081"), entry("8080"), entry("10000-19999"), entry("chosen at start"))
    assert known_ranges(table, most=10) == [(8080, 8081), (10000, 10010)]
    assert known_ranges(()) == []


def target(name: str, node: str, tenant: str = "vision") -> Target:
    return Target(tenant, tenant, name, "10.0.0.1", "RayCluster vision/train", node, ready=True)


def test_one_of_each_kind_is_searched_whole_heads_first_and_no_more_than_a_bound() -> None:
    many = [target(f"w{number}", "workers small") for number in range(50)]
    found = searched_whole([*many, target("big", "workers big"), target("head", "head"), target("h", "head", "speech")])
    assert found == {"vision/head", "vision/big", "vision/w0", "speech/h"}
    groups = [target(f"g{number}", f"workers {number}") for number in range(50)]
    found = searched_whole([*groups, target("head", "head")])
    assert len(found) == SEARCHED and "vision/head" in found


@pytest.mark.parametrize(
    ("workload", "label"),
    [
        ("RayCluster vision/train", "cluster-train"),
        ("RayCronJob a/b", "cron-b"),
        ("RayJob a/b", "job-b"),
        ("RayService a/b", "service-b"),
    ],
)
def test_labels(workload: str, label: str) -> None:
    assert label_of(workload) == label
