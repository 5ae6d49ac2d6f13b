"""A cluster leaves nothing: after `down`, after Ctrl-C and kill -9 in the midst of its start. Two live side by side."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cluster.footprint import MachineState, machine_state, namespace_of, processes_in
from tests.cluster.harness import cluster as harness
from tests.cluster.harness import lifecycle
from tests.cluster.harness.cluster import Cluster, Content
from tests.cluster.harness.places import ROOT, ClusterError, Place
from tests.cluster.objects.wanted import pod_object, to_json

pytestmark = pytest.mark.cluster


@pytest.fixture
def name() -> Iterator[str]:
    """A name of this test; whatever is left under it is taken away, and is not this fixture's to judge."""
    chosen = f"l{os.getpid()}"
    yield chosen
    harness.down(chosen)


def settled(place: Place, namespace: int, before: MachineState, patience: float = 10.0) -> list[str]:
    """What is left, after a moment for the kernel to take namespaces apart."""
    until = time.monotonic() + patience
    while (left := processes_in(namespace) + machine_state(place).since(before)) and time.monotonic() < until:
        time.sleep(0.2)
    return left


def start_until(name: str, line: str) -> "subprocess.Popen[str]":
    """The command line's `up`, as far as the step that says `line`."""
    command = [sys.executable, "-m", "tests.cluster", "up", "--content", "kubernetes", "--name", name]
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"}
    running = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for said in running.stderr:
        if line in said:
            return running
    raise AssertionError(f"up ended with {running.wait()}")


def test_a_second_cluster_lives_beside_the_first_and_leaves_nothing(cluster: Cluster, name: str) -> None:
    place = Place(name)
    before = machine_state(place)
    first = cluster.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}").stdout
    second = harness.up(name, lambda _: None, Content.KUBERNETES)
    assert second.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").stdout == "n1"
    assert second.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}").stdout != first
    assert second.kubeconfig.stat().st_mode & 0o077 == 0
    with pytest.raises(ClusterError, match="runs already"):
        harness.up(name, lambda _: None, Content.KUBERNETES)
    second.kubectl("apply", "--server-side", "-f", "-", stdin=to_json(pause_pod(second)))
    second.kubectl("wait", "--for=condition=Ready", "pod/p", "--timeout=120s")
    # The machine's own settings and devices are as they were although a kubelet runs pods; the check itself can see.
    changed = machine_state(place).since(before)
    assert changed and all(line.startswith("control_groups: ") for line in changed)
    namespace = namespace_of(place)
    assert any("/pause" in line for line in processes_in(namespace))

    assert harness.down(name)
    assert settled(place, namespace, before) == []
    assert not place.folder.exists() and harness.running(name) is None
    assert not harness.down(name)  # again, and nothing happens
    assert cluster.kubectl("get", "--raw", "/readyz").stdout == "ok"


def pause_pod(cluster: Cluster) -> dict[str, Any]:
    """A pod that stays."""
    return pod_object("default", "p", cluster.images["localhost/pause:1"], ["/pause"])


def test_an_interrupt_takes_away_what_it_had_made(name: str) -> None:
    place = Place(name)
    before = machine_state(place)
    running = start_until(name, "API server answers")
    namespace = namespace_of(place)
    assert processes_in(namespace)
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130
    assert settled(place, namespace, before) == []
    assert not place.folder.exists()


def test_a_killed_start_ends_by_itself_and_down_removes_the_rest(name: str) -> None:
    place = Place(name)
    before = machine_state(place)
    running = start_until(name, "API server answers")
    namespace = namespace_of(place)
    running.kill()
    running.wait()
    until = time.monotonic() + 120
    while processes_in(namespace):
        assert time.monotonic() < until, "a cluster goes on that nobody waits for"
        time.sleep(0.2)
    assert harness.running(name) is None and place.folder.exists()
    assert harness.down(name)
    assert settled(place, namespace, before) == []
    assert not place.folder.exists()


def test_a_cluster_whose_first_process_was_killed_is_known_to_be_gone(name: str) -> None:
    place = Place(name)
    before = machine_state(place)
    found = harness.up(name, lambda _: None, Content.KUBERNETES)
    namespace = namespace_of(place)
    os.kill(found.first_process, signal.SIGKILL)
    until = time.monotonic() + 30
    while lifecycle.first_process(place) and time.monotonic() < until:
        time.sleep(0.1)
    assert harness.running(name) is None
    with pytest.raises(ClusterError, match="has ended"):
        _ = found.first_process
    assert harness.down(name)
    assert settled(place, namespace, before) == []
