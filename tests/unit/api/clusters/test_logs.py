"""Twin of rayfence.api.clusters.logs."""

from typing import Any

import pytest

from rayfence.api.clusters.logs import log_lines
from rayfence.errors import PreflightError, Refused, StateError
from rayfence.ports.pods import LogWish
from tests.sim.kubernetes.gateway import HOME, SimDoor
from tests.unit.api.clusters.test_reach import target

WISH = LogWish(2)


def lines(door: SimDoor, part: str | None, wish: LogWish = WISH) -> list[tuple[str, str]]:
    return list(log_lines(target(door), part, wish))


@pytest.fixture(autouse=True)
def logs(door: SimDoor) -> None:
    """Logs of both replicas, a head and the operator."""
    for number in (0, 1):
        for container in ("service", "envoy"):
            door.pods.logs[HOME, f"gateway-{number}", container] = ["a", "b", f"{container} {number}"]
    pods: tuple[tuple[str, str, dict[str, str], str], ...] = (
        ("vision", "train-head-x", {"rayfence.dev/workload": "cluster-train"}, "ray-head"),
        ("ray-system", "kuberay-operator-x", {"app.kubernetes.io/name": "kuberay"}, "kuberay"),
    )
    for home, name, labels, container in pods:
        metadata = {"name": name, "namespace": home, "labels": labels}
        made: Any = door.stand.cluster.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
        done = {"name": container, "state": {"terminated": {}}, "lastState": {"terminated": {}}}
        made["status"] = {"containerStatuses": [done, {"name": "new", "state": {"waiting": {}}}]}
        door.pods.logs[home, name, container] = ["last words"]


def test_a_gateway_is_both_containers_of_both_pods(door: SimDoor) -> None:
    assert lines(door, "gateway") == [
        (f"vision/gateway/gateway-{number}/{container}", line)
        for number in (0, 1)
        for container in ("service", "envoy")
        for line in ("b", f"{container} {number}")
    ]
    assert lines(door, "vision/gateway") == lines(door, "gateway")


@pytest.mark.parametrize("part", ["vision/train", "train", "cluster-train", "vision/cluster-train"])
def test_a_ray_object_by_its_name(door: SimDoor, part: str) -> None:
    assert lines(door, part) == [("vision/cluster-train/train-head-x/ray-head", "last words")]


def test_the_operator_and_everything(door: SimDoor) -> None:
    assert lines(door, "operator") == [("operator/kuberay-operator-x/kuberay", "last words")]
    assert {source.split("/")[0] for source, _ in lines(door, None)} == {"operator", "vision"}
    assert len(lines(door, None)) == 10


def test_what_is_followed_comes_as_it_comes(door: SimDoor) -> None:
    found = lines(door, "gateway", LogWish(1, follow=True))
    assert sorted(line for _, line in found) == ["envoy 0", "envoy 1", "service 0", "service 1"]


def test_earlier_logs_of_containers_that_ran_before(door: SimDoor) -> None:
    with pytest.raises(Refused):  # the simulated pod has one container with an earlier run, and no log of it
        lines(door, "train", LogWish(1, previous=True))
    with pytest.raises(StateError, match="no pod of 'gateway'"):
        lines(door, "gateway", LogWish(1, previous=True))


def test_what_is_not_there_is_told(door: SimDoor) -> None:
    for part, known in (("absent", "vision/cluster-train"), ("absent/train", "vision"), ("vision/absent", "gateway")):
        with pytest.raises(PreflightError) as caught:
            lines(door, part)
        assert known in caught.value.hint
