"""Processes of Ray and of the supervisor are killed under a running Ray: what comes back, how soon, what stays."""

import os
import signal
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from rayfence.adapters.net.handshake import http_get
from rayfence.adapters.net.ports import is_free
from rayfence.adapters.processes import keeper_control, process_table, state_file
from rayfence.adapters.tls import authority, leaf
from tests.local.ray_instance import (
    HEAD,
    NAMES,
    WORKER,
    RayInstance,
    authority_request,
    certificate_request,
    promised,
    wait_until,
)

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]
WORKER_SECONDS = 30  # promised bounds
HEAD_SECONDS = 60


def ready(instance: RayInstance) -> bool:
    """Whether every part is."""
    return {item.name for item in instance.status().processes if item.phase == state_file.READY} == set(NAMES)


def head_answers(instance: RayInstance) -> bool:
    """Whether the head's dashboard serves."""
    answer = http_get(instance.head.dashboard, "/api/version", {"Authorization": f"Bearer {instance.token}"})
    return answer is not None and answer.status == 200


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_worker_comes_back_and_the_head_serves_on(instance: RayInstance, number: int) -> None:
    """Ray itself ignores the orderly end (SIGTERM) of a raylet; the node launcher does not."""
    head, worker, old = instance.pid(HEAD), instance.pid(WORKER), instance.everything()
    old_node = {row.ident for row in process_table.descendants([worker])}
    process_table.send(instance.program(WORKER, "raylet/raylet"), number)
    wait_until(lambda: not ready(instance), 10, "noticing")
    assert head_answers(instance)
    wait_until(lambda: ready(instance), promised(WORKER_SECONDS), "the worker's return")
    assert instance.pid(HEAD) == head
    assert head_answers(instance)
    assert not any(process_table.is_alive(ident) for ident in old_node), "an orphan stayed"
    assert old


@pytest.mark.parametrize("program", ["gcs/gcs_server", "raylet/raylet", "dashboard/dashboard.py"])
def test_a_head_comes_back_with_its_workers(instance: RayInstance, program: str) -> None:
    guard, old = instance.pid("guard"), instance.everything()
    process_table.send(instance.program(HEAD, program), signal.SIGKILL)
    wait_until(lambda: not ready(instance), 15, "noticing")
    wait_until(lambda: ready(instance), promised(HEAD_SECONDS), "the return of head and worker")
    assert head_answers(instance)
    assert instance.pid("guard") == guard
    survivors = {ident for ident in old if process_table.is_alive(ident)}
    assert {ident.pid for ident in survivors} == {guard}


def test_the_launcher_itself_killed_takes_its_node_with_it(instance: RayInstance) -> None:
    node = {row.ident for row in process_table.descendants([instance.pid(WORKER)])}
    os.kill(instance.pid(WORKER), signal.SIGKILL)
    wait_until(lambda: not any(process_table.is_alive(ident) for ident in node), 10, "the node's end")
    wait_until(lambda: ready(instance), promised(WORKER_SECONDS), "the worker's return")


def test_supervisors_killed_leave_ray_alone(instance: RayInstance) -> None:
    before, nodes = instance.status(), instance.everything()
    assert before.keeper
    assert before.warden
    os.kill(before.keeper.pid, signal.SIGKILL)
    wait_until(lambda: instance.status().keeper not in (None, before.keeper), promised(5), "the supervisor's return")
    again = instance.status()
    assert again.keeper
    assert again.warden
    os.kill(again.warden.pid, signal.SIGKILL)
    os.kill(again.keeper.pid, signal.SIGKILL)
    time.sleep(1)
    assert head_answers(instance)
    instance.start()
    assert all(process_table.is_alive(ident) for ident in nodes if "raylet" in comm(ident.pid))
    assert [item.ident for item in instance.status().processes] == [item.ident for item in before.processes]


def comm(pid: int) -> str:
    """Short name of a process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8")
    except OSError:
        return ""


def test_all_killed_at_once_is_repaired_by_the_next_start(instance: RayInstance) -> None:
    status = instance.status()
    assert status.keeper
    assert status.warden
    victims = [status.warden, status.keeper, *instance.everything()]
    for ident in victims:
        process_table.send(ident, signal.SIGKILL)
    wait_until(lambda: not any(process_table.is_alive(ident) for ident in victims), 20, "the end of everything")
    instance.start()
    assert head_answers(instance)


def test_an_expired_certificate_is_refused_at_once_and_a_new_one_heals(instance: RayInstance) -> None:
    """Ray alone would hang in its start."""
    request, issuer = certificate_request(instance, WORKER), authority_request(instance)
    before = restarts(instance)
    _expire(instance)
    keeper_control.request(instance.runtime, [WORKER])
    wait_until(lambda: restarts(instance) >= before + 2, 60, "refusing twice")
    item = instance.status().process(WORKER)
    assert item is not None
    assert item.last_exit == "exit 3"
    assert "certificate expired" in Path(f"{instance.runtime}/{WORKER}.log").read_text(encoding="utf-8")
    leaf.issue(request, issuer, instance.owner)
    wait_until(lambda: ready(instance), 60, "healing")


def _expire(instance: RayInstance) -> None:
    """A leaf as a day-old one would be now: issued by an authority that was valid then."""
    then = datetime.now(UTC) - timedelta(hours=25)
    with tempfile.TemporaryDirectory() as folder:
        old = replace(authority_request(instance), path=folder, copies=())
        authority.make_authority(old, instance.owner, now=then)
        leaf.issue(certificate_request(instance, WORKER), old, instance.owner, now=then)


def restarts(instance: RayInstance) -> int:
    """Of the worker."""
    item = instance.status().process(WORKER)
    return item.restarts if item else 0


def test_stop_leaves_nothing(instance: RayInstance) -> None:
    """Last in this module: no process, no port, nothing in shared memory."""
    everything = instance.everything()
    mine = {path for path in Path("/dev/shm").iterdir() if path.lstat().st_uid == (instance.uid or -1)}
    assert mine == set(), "Ray's shared memory lies inside its walls"
    keeper_control.stop_instance(instance.runtime)
    assert not any(process_table.is_alive(ident) for ident in everything)
    told = (*instance.head.all(), *instance.nodes[0].fixed(), *instance.nodes[1].fixed())
    assert [port for port in told if not is_free(port)] == []
