"""Twin of rayfence.api.clusters.status."""

from rayfence.api.clusters.status import ClusterStatus, look
from rayfence.model.verdict import Verdict
from tests.sim.kubernetes.gateway import SimDoor, add_pods
from tests.unit.api.clusters.test_reach import target


def seen(door: SimDoor) -> ClusterStatus:
    return look(target(door), lambda _: None)


def rows(status: ClusterStatus) -> dict[str, Verdict]:
    return {row.control: row.verdict for row in status.posture}


def test_a_platform_as_it_was_applied(door: SimDoor) -> None:
    writes = len(door.stand.cluster.writes)
    status = seen(door)
    assert status.ready and status.name == "research" and len(door.stand.cluster.writes) == writes
    assert [part.name for part in status.parts] == ["operator", "vision/cluster-train", "vision/gateway"]
    verdicts = rows(status)
    assert {control for control, found in verdicts.items() if found is not Verdict.PASS} == {
        "kubernetes.enforcement",
        "trail",
    }
    assert status.last is not None and status.last["outcome"] == "complete"
    assert ("vision/cluster-train", "https://cluster-train.vision-gateway.svc  (Jobs API, SDK; in the cluster)") in (
        status.addresses
    )


def test_what_is_changed_or_gone_or_silent_is_seen(door: SimDoor) -> None:
    cluster = door.stand.cluster
    del cluster.objects["networking.k8s.io/v1", "NetworkPolicy", "vision", "default-deny"]
    cluster.edit("RayCluster vision/train", "mallory", lambda v: v["spec"].pop("authOptions"))
    add_pods(door.stand, ready=())
    status = seen(door)
    verdicts = rows(status)
    for control in ("kubernetes.network", "ray.token", "platform.applied"):
        assert verdicts[control] is Verdict.FAIL, control
    assert verdicts["gateway.identity"] is Verdict.UNKNOWN


def test_without_rights_it_says_what_it_could_not_see(door: SimDoor) -> None:
    door.stand.cluster.denied |= {("list", "secrets"), ("get", "secrets"), ("get", "configmaps"), ("list", "roles")}
    verdicts = rows(seen(door))
    for control in ("certificates", "secrets", "gateway.identity"):
        assert verdicts[control] is Verdict.UNKNOWN, control
