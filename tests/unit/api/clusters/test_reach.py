"""Twin of rayfence.api.clusters.reach."""

import pytest

from rayfence.api.clusters.reach import authority, gateway, host_of, ready_pod, session_name, way
from rayfence.api.clusters.target import ClusterTarget, Where, target_of
from rayfence.api.kubernetes import Cluster
from rayfence.errors import Forbidden, KubernetesError, StateError
from tests.sim.kubernetes.gateway import HOME, SimDoor, add_pods


def target(door: SimDoor) -> ClusterTarget:
    found = target_of(Where(spec=door.spec))
    assert isinstance(found, ClusterTarget)
    return found


def cluster(door: SimDoor) -> Cluster:
    return Cluster(door.stand.cluster, door.pods)


def test_a_way_through_the_api_server_to_a_pod_that_is_ready(door: SimDoor) -> None:
    add_pods(door.stand, ready=("gateway-1",))
    with gateway(target(door)) as found:
        assert (found.server.address, found.server.login_host) == ("127.0.0.1", "gateway.vision-gateway.svc")
        assert "BEGIN CERTIFICATE" in found.server.ca_pem and found.name == session_name("research", "vision")
    assert ("forward", HOME, "gateway-1", "8443") in door.pods.asked


def test_from_a_pod_it_is_the_gateways_own_name(door: SimDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setattr("rayfence.api.clusters.reach.reaches", lambda host, port: host == host_of("vision"))
    with gateway(target(door)) as found:
        assert (found.server.address, found.server.port) == ("gateway.vision-gateway.svc", 443)
    assert not [call for call in door.pods.asked if call[0] == "forward"]


def test_a_load_balancer_that_answers_is_a_way(door: SimDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    value = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "gateway-internal", "namespace": HOME},
        "spec": {"type": "LoadBalancer"},
        "status": {"loadBalancer": {"ingress": [{"ip": "10.1.2.3"}]}},
    }
    door.stand.cluster.put(value)
    monkeypatch.setattr("rayfence.api.clusters.reach.reaches", lambda host, port: host == "10.1.2.3")
    with way(cluster(door), "vision", "pem") as server:
        assert server.address == "10.1.2.3"
    with way(cluster(door), "vision", "pem", pod="gateway-0") as server:
        assert server.address == "127.0.0.1"
    door.stand.cluster.denied.add(("list", "services"))
    with way(cluster(door), "vision", "pem") as server:
        assert server.address == "127.0.0.1"


def test_what_is_missing_is_told(door: SimDoor) -> None:
    add_pods(door.stand, ready=())
    with pytest.raises(KubernetesError, match="2 pods"):
        ready_pod(cluster(door), "vision")
    del door.stand.cluster.objects["v1", "ConfigMap", HOME, "gateway-authority"]
    with pytest.raises(StateError, match="gateway-authority"):
        authority(cluster(door), "vision")
    door.stand.cluster.denied.add(("get", "configmaps"))
    with pytest.raises(Forbidden), gateway(target(door)):
        pass
