"""The gateway's image: what it must run, under the strictest level, and what it must not hold."""

import json
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.harness.cluster import Cluster
from tests.cluster.images.archive import Archive
from tests.cluster.images.gateway import gateway_image
from tests.cluster.objects.wanted import pod_object, to_json

pytestmark = pytest.mark.cluster

#: Rooms of the compiler: a hole in them must not be a hole in the gateway.
COMPILER = ("spec", "organization", "policy", "render", "plan", "apply", "verify", "adapters", "api", "cli")


@pytest.fixture(scope="module")
def image() -> Archive:
    """The image of these sources."""
    return gateway_image(print)


@pytest.fixture(scope="module")
def files(image: Archive) -> dict[str, int]:
    """Every file of the image, with its size."""
    return {member.name.removeprefix("./"): member.size for member in members(image.path)}


def members(archive: Path) -> Iterator[tarfile.TarInfo]:
    """What the layers hold."""
    with tarfile.open(archive) as outer:
        index = json.load(outer.extractfile("index.json"))  # type: ignore[arg-type]
        manifest = json.load(blob(outer, index["manifests"][0]["digest"]))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=blob(outer, layer["digest"])) as inner:
                yield from inner.getmembers()


def blob(outer: tarfile.TarFile, digest: str) -> "tarfile.ExFileObject":
    """One blob of an archive."""
    found = outer.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}")
    assert isinstance(found, tarfile.ExFileObject)
    return found


def test_it_holds_no_shell_no_package_manager_and_none_of_the_compiler(files: dict[str, int]) -> None:
    names = {name.rpartition("/")[2] for name in files}
    assert not names & {"sh", "bash", "dash", "busybox", "apt", "dpkg", "perl", "curl", "pip", "pip3", "gcc"}
    rooms = {name.partition("site-packages/rayfence/")[2].partition("/")[0] for name in files}
    assert {"gateway", "access", "trail", "catalog"} <= rooms
    assert not rooms & set(COMPILER)
    assert not [name for name in files if "/site-packages/ray/" in name or "/site-packages/pip/" in name]
    assert sum(files.values()) < 250_000_000


def test_envoy_and_the_service_run_with_a_read_only_root_under_the_restricted_level(
    cluster: Cluster, namespace: str, image: Archive
) -> None:
    reference = cluster.import_image(image)
    pod = pod_object(namespace, "gateway", reference, ["envoy", "--version"])
    pod["spec"]["securityContext"] |= {"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532}
    envoy = pod["spec"]["containers"][0]
    envoy["securityContext"] = {**envoy["securityContext"], "readOnlyRootFilesystem": True}
    script = "import os, rayfence.gateway.server; print(os.getuid(), os.access('/', os.W_OK))"
    usage = ["python", "-m", "rayfence.gateway", "/nowhere.json"]
    pod["spec"]["containers"] = [
        {**envoy, "name": "envoy"},
        {**envoy, "name": "service", "command": ["python", "-c", script]},
        {**envoy, "name": "unconfigured", "command": usage},
        {**envoy, "name": "shell", "command": ["sh", "-c", "true"]},
    ]
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(pod))
    for container, text in (("envoy", "version:"), ("service", "65532 False")):
        cluster.kubectl("-n", namespace, "wait", "pod/gateway", "--timeout=120s", f"--for={finished(container)}")
        assert text in cluster.kubectl("-n", namespace, "logs", "gateway", "-c", container).stdout
    refused = cluster.kubectl("-n", namespace, "logs", "gateway", "-c", "unconfigured").stdout
    assert "rayfence gateway: error:" in refused and "Traceback" not in refused
    shell = cluster.kubectl("-n", namespace, "get", "pod", "gateway", "-o", f"jsonpath={{{state('shell')}}}").stdout
    assert "executable file not found" in shell


def state(container: str) -> str:
    """JSONPath of a container's state."""
    return f'.status.containerStatuses[?(@.name=="{container}")].state'


def finished(container: str) -> str:
    """The condition that a container ended well."""
    return f"jsonpath={{{state(container)}.terminated.exitCode}}=0"
