"""KubeRay and Ray in earnest: a cluster gets ready, asks for its token, and goes with all that it owned."""

import base64
import http.client
import json
import time

import pytest

from tests.cluster.harness.cluster import Cluster
from tests.cluster.images.stock import ray_version
from tests.cluster.objects.wanted import ray_cluster_object, to_json

pytestmark = pytest.mark.cluster

NAME = "small"


def status_of(port: int, path: str, token: str = "") -> int:
    """The status that Ray's dashboard answers with."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} if token else {})
        return connection.getresponse().status
    finally:
        connection.close()


def owned(cluster: Cluster, namespace: str) -> list[str]:
    """What KubeRay made for the cluster."""
    kinds = "pods,services,secrets"
    answer = json.loads(cluster.kubectl("-n", namespace, "get", kinds, "-o", "json").stdout)
    items = (item for item in answer["items"] if item["metadata"].get("ownerReferences"))
    return sorted(f"{item['kind']}/{item['metadata']['name']}" for item in items)


def test_a_ray_cluster_lives_and_dies(cluster: Cluster, namespace: str) -> None:
    version = ray_version()
    image = cluster.images[f"localhost/ray:{version}"]
    wanted = ray_cluster_object(namespace, NAME, image, version, workers=1)
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(wanted))
    ready = ("wait", "--for=condition=RayClusterProvisioned", f"raycluster/{NAME}", "--timeout=240s")
    cluster.kubectl("-n", namespace, *ready)

    pods = json.loads(cluster.kubectl("-n", namespace, "get", "pods", "-o", "json").stdout)["items"]
    assert sorted(pod["metadata"]["labels"]["ray.io/node-type"] for pod in pods) == ["head", "worker"]
    head = next(pod for pod in pods if pod["metadata"]["labels"]["ray.io/node-type"] == "head")
    secret = json.loads(cluster.kubectl("-n", namespace, "get", "secret", NAME, "-o", "json").stdout)
    token = base64.b64decode(secret["data"]["auth_token"]).decode()
    with cluster.forward(head["status"]["podIP"], 8265) as door:
        assert status_of(door.port, "/api/version") == 401
        assert status_of(door.port, "/api/version", "not the token") in (401, 403)
        assert status_of(door.port, "/api/version", token) == 200
    assert len(owned(cluster, namespace)) >= 4

    cluster.kubectl("-n", namespace, "delete", "raycluster", NAME)
    until = time.monotonic() + 90
    while left := owned(cluster, namespace):
        assert time.monotonic() < until, f"not collected: {left}"
        time.sleep(0.5)
