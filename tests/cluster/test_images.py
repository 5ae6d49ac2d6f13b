"""Pods name images by digest, and get exactly those; nothing else can be had."""

import json
import time

import pytest

from tests.cluster.harness.cluster import Cluster
from tests.cluster.objects.wanted import pod_object, to_json

pytestmark = pytest.mark.cluster


def wait_for_phase(cluster: Cluster, namespace: str, name: str, phase: str, seconds: float = 120) -> None:
    """Wait for a pod's phase, or fail with its last state."""
    cluster.kubectl(
        "-n", namespace, "wait", f"--for=jsonpath={{.status.phase}}={phase}", f"pod/{name}", f"--timeout={seconds:.0f}s"
    )


def test_a_pod_runs_by_digest_and_reaches_the_api_by_name(cluster: Cluster, namespace: str) -> None:
    image = next(pinned for name, pinned in cluster.images.items() if name.startswith("localhost/ray:"))
    assert image.startswith("localhost/ray@sha256:")
    # Names, Services' addresses and the pods' own network: without a token the answer is 401 or 403, but an answer.
    script = (
        "import ssl, urllib.request, urllib.error\n"
        "context = ssl.create_default_context(cafile='/var/run/secrets/kubernetes.io/serviceaccount/ca.crt')\n"
        "try:\n"
        "    urllib.request.urlopen('https://kubernetes.default.svc/api', context=context, timeout=10)\n"
        "except urllib.error.HTTPError as refusal:\n"
        "    print('answered', refusal.code)\n"
    )
    cluster.kubectl(
        "apply", "--server-side", "-f", "-", stdin=to_json(pod_object(namespace, "p", image, ["python3", "-c", script]))
    )
    wait_for_phase(cluster, namespace, "p", "Succeeded")
    assert cluster.kubectl("-n", namespace, "logs", "p").stdout in ("answered 401\n", "answered 403\n")


def test_an_image_of_another_digest_is_not_there(cluster: Cluster, namespace: str) -> None:
    image = f"localhost/ray@sha256:{'0' * 64}"
    cluster.kubectl(
        "apply", "--server-side", "-f", "-", stdin=to_json(pod_object(namespace, "p", image, ["true"], "Never"))
    )
    until = time.monotonic() + 60
    reason = ""
    while reason != "ErrImageNeverPull":
        assert time.monotonic() < until, reason
        pod = json.loads(cluster.kubectl("-n", namespace, "get", "pod", "p", "-o", "json").stdout)
        for status in pod["status"].get("containerStatuses", []):
            reason = status["state"].get("waiting", {}).get("reason", "")
        time.sleep(0.2)
