"""The cluster of a test session: one that runs is used and left alone, else one is made and taken away at the end.

RAYFENCE_TEST_CLUSTER names the one to use. Tests share it, so each works in namespaces of its own.
"""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster.harness import cluster as harness
from tests.cluster.harness.cluster import Cluster
from tests.cluster.harness.places import DEFAULT_NAME
from tests.cluster.objects.wanted import namespace_object, to_json
from tests.cluster.site import Site, made_site


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster with KubeRay's operator and Ray's image."""
    found = harness.running(os.environ.get("RAYFENCE_TEST_CLUSTER", DEFAULT_NAME))
    if found:
        yield found
        return
    name = f"t{os.getpid()}"
    try:
        yield harness.up(name, lambda text: print(f"cluster: {text}", file=sys.stderr, flush=True))  # noqa: T201
    finally:
        harness.down(name)


@pytest.fixture
def make_namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Callable[[str], str]]:
    """Make namespaces of this test under a level of the Pod Security Standards; deleted with what is in them."""
    made: list[str] = []

    def make(level: str = "restricted") -> str:
        name = f"t{os.getpid()}-{abs(hash(request.node.nodeid)) % 10**8}-{len(made)}"
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(namespace_object(name, level)))
        made.append(name)
        return name

    yield make
    if made:
        cluster.kubectl("delete", "namespace", *made, "--timeout=120s")


@pytest.fixture
def site(cluster: Cluster, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A platform of this test; whatever is left of it is taken away."""
    with made_site(cluster, tmp_path, request.node.nodeid) as found:
        yield found


@pytest.fixture
def namespace(make_namespace: Callable[[str], str]) -> str:
    """A namespace of this test under the restricted level."""
    return make_namespace("restricted")
