"""Twin of rayfence.api.clusters.parts."""

from datetime import UTC, datetime

from rayfence.api.cluster import plan_cluster
from rayfence.api.clusters.parts import TenantStatus, certificates, look_around, operator_part
from rayfence.api.kubernetes import Cluster
from tests.sim.kubernetes.gateway import SimDoor
from tests.unit.api.clusters.test_reach import target


def tenant(door: SimDoor) -> TenantStatus:
    found = target(door)
    planned = plan_cluster(found.platform, found.spec)
    (one,) = look_around(Cluster(door.stand.cluster, door.pods), found, planned, datetime.now(UTC))
    return one


def test_a_ray_object_in_its_controllers_own_words(door: SimDoor) -> None:
    seen = tenant(door)
    (train,) = seen.objects
    assert (train.name, train.kind, train.there, train.phase) == ("cluster-train", "RayCluster", True, "ready")
    assert (train.head_ready, train.workers_ready, train.workers_wanted) == (True, 1, 1)
    assert (train.ray_version, train.auth_mode, train.mutual_tls) == ("2.60.0", "token", True)
    assert {one.type for one in train.conditions} == {"HeadPodReady", "RayClusterProvisioned"}
    assert (seen.main, seen.gateway.ready, seen.gateway.wanted) == ("cluster-train", 2, 2)
    assert [part.restarts for part in seen.parts] == [0, 2]
    assert "Ray 2.60.0, token" in seen.parts[0].detail


def test_what_is_missing_or_has_no_kind(door: SimDoor) -> None:
    cluster = door.stand.cluster
    del cluster.objects["ray.io/v1", "RayCluster", "vision", "train"]
    del cluster.objects["apps/v1", "StatefulSet", "vision-gateway", "gateway"]
    seen = tenant(door)
    assert not seen.objects[0].there and seen.objects[0].phase == "waiting" and seen.gateway.phase == "waiting"
    del cluster.available["ray.io/v1", "RayCluster"]
    assert tenant(door).objects[0].phase == "failed"
    cluster.denied.add(("get", "statefulsets"))
    assert "cannot get" in tenant(door).gateway.reason


def test_a_load_balancer_has_an_address(door: SimDoor) -> None:
    value = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "gateway-internal", "namespace": "vision-gateway"},
        "status": {"loadBalancer": {"ingress": [{"ip": "10.1.2.3"}, {"hostname": "h"}]}},
    }
    door.stand.cluster.put(value)
    assert tenant(door).load_balancers == ("10.1.2.3", "h")
    door.stand.cluster.denied.add(("list", "services"))
    assert tenant(door).load_balancers == ()


def test_the_operator_and_certificates_as_far_as_they_may_be_seen(door: SimDoor) -> None:
    found, now = target(door), datetime.now(UTC)
    planned = plan_cluster(found.platform, found.spec)
    cluster = Cluster(door.stand.cluster, door.pods)
    operator = operator_part(cluster, planned, now)
    assert operator is not None and operator.phase == "ready"
    listed = certificates(cluster, planned, now)
    assert listed is not None and [one.hours_left for one in listed] == sorted(one.hours_left for one in listed)
    assert {one.name for one in listed} >= {"vision-gateway/gateway-tls", "vision-gateway/authority-front"}
    door.stand.cluster.find("Secret vision-gateway/gateway-tls")["data"]["tls.crt"] = "eA=="
    again = certificates(cluster, planned, now)
    assert again is not None and len(again) == len(listed) - 1
    door.stand.cluster.denied |= {("get", "secrets"), ("list", "deployments")}
    assert certificates(cluster, planned, now) is None and operator_part(cluster, planned, now) is None
