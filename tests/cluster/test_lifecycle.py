"""A cluster leaves nothing: after `down`, after Ctrl-C and kill -9 in the midst of its start. Two live side by side."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.footprint import MachineState, machine_state
from tests.cluster.harness import cluster as harness
from tests.cluster.harness import lifecycle
from tests.cluster.harness.cluster import Cluster, Content
from tests.cluster.harness.places import ROOT, ClusterError, Place

pytestmark = pytest.mark.cluster


@pytest.fixture
def name() -> Iterator[str]:
    """A name of this test; whatever is left under it is taken away, and is not this fixture's to judge."""
    chosen = f"l{os.getpid()}"
    yield chosen
    harness.down(chosen)


def settled(before: MachineState, patience: float = 10.0) -> list[str]:
    """What is left, after a moment for the kernel to take namespaces apart."""
    until = time.monotonic() + patience
    while (left := machine_state().since(before)) and time.monotonic() < until:
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
    before = machine_state()
    first = cluster.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}").stdout
    second = harness.up(name, lambda _: None, Content.KUBERNETES)
    assert second.kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}").stdout == "n1"
    assert second.kubectl("get", "namespace", "kube-system", "-o", "jsonpath={.metadata.uid}").stdout != first
    assert Path(second.kubeconfig).stat().st_mode & 0o077 == 0
    with pytest.raises(ClusterError, match="runs already"):
        harness.up(name, lambda _: None, Content.KUBERNETES)
    # Machine-wide settings are as they were although a kubelet has started.
    assert not [line for line in machine_state().since(before) if line.startswith("settings")]

    assert harness.down(name)
    assert settled(before) == []
    assert not Place(name).folder.exists() and harness.running(name) is None
    assert not harness.down(name)  # again, and nothing happens
    assert cluster.kubectl("get", "--raw", "/readyz").stdout == "ok"


def test_an_interrupt_takes_away_what_it_had_made(name: str) -> None:
    before = machine_state()
    running = start_until(name, "API server answers")
    running.send_signal(signal.SIGINT)
    assert running.wait(timeout=60) == 130
    assert settled(before) == []
    assert not Place(name).folder.exists()


def test_a_killed_start_ends_by_itself_and_down_removes_the_rest(name: str) -> None:
    before = machine_state()
    running = start_until(name, "API server answers")
    running.kill()
    running.wait()
    assert harness.down(name)
    assert settled(before) == []
    assert not Place(name).folder.exists()


def test_a_cluster_whose_first_process_was_killed_is_known_to_be_gone(name: str) -> None:
    before = machine_state()
    found = harness.up(name, lambda _: None, Content.KUBERNETES)
    os.kill(found.first_process, signal.SIGKILL)
    until = time.monotonic() + 30
    while lifecycle.first_process(Place(name)) and time.monotonic() < until:
        time.sleep(0.1)
    assert harness.running(name) is None
    with pytest.raises(ClusterError, match="has ended"):
        _ = found.first_process
    assert harness.down(name)
    assert settled(before) == []
