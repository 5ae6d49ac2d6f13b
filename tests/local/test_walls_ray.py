"""A real Ray behind its walls: what it listens on, whom its doors let in, and what a hostile job can reach."""

import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import httpx2
import pytest

from rayfence.adapters.net.handshake import Client, Outcome, http_get, tls_outcome
from rayfence.adapters.net.listeners import exposed, listeners
from rayfence.adapters.processes import process_table
from rayfence.adapters.tls import authority, leaf
from tests.local.ray_instance import HEAD, RayInstance, authority_request, certificate_request

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]
JOB_SECONDS = 240

ATTACK: Final = """
import ctypes, json, os, sys
state, guard, keeper = sys.argv[1:]
libc = ctypes.CDLL(None, use_errno=True)
def can(act):
    try:
        return act() is not False
    except OSError:
        return False
seen = {"uid": os.getuid(), "groups": os.getgroups(), "pid 1": open("/proc/1/cmdline").read().split("\\0")[4][-10:]}
seen["own token"] = can(lambda: open(os.environ["RAY_AUTH_TOKEN_PATH"]).read())
seen["own tmp"] = can(lambda: open("/tmp/mine", "w").close())
for name in ("token", "ca.key", "ca.pem", ""):
    seen["state " + name] = can(lambda: os.listdir(state) if not name else open(state + "/" + name))
def namesake(pid, start):
    # another process of that number, in this namespace: to trace it would stop Ray itself
    return os.path.exists(f"/proc/{pid}") and open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[19] != start
for name, (pid, start) in (("guard", guard.split(":")), ("keeper", keeper.split(":"))):
    pid = int(pid)
    if namesake(pid, start):
        continue
    seen[name + " signal"] = can(lambda: os.kill(pid, 0))
    seen[name + " trace"] = libc.ptrace(16, pid, 0, 0) == 0
    seen[name + " environ"] = can(lambda: open(f"/proc/{pid}/environ", "rb").read())
    seen[name + " memory"] = can(lambda: open(f"/proc/{pid}/mem", "rb"))
import rayfence
seen["plant code"] = can(lambda: open(os.path.dirname(rayfence.__file__) + "/planted.py", "w"))
seen["become root"] = can(lambda: os.setuid(0))
print("SEEN " + json.dumps(seen))
"""
ALLOWED: Final = {"own token", "own tmp"}


def call(instance: RayInstance, method: str, path: str, **arguments: Any) -> Any:
    """Ray's own API, with Ray's token."""
    url = f"http://127.0.0.1:{instance.head.dashboard}{path}"
    headers = {"Authorization": f"Bearer {instance.token}"}
    answer = httpx2.request(method, url, headers=headers, timeout=60, **arguments)
    assert answer.status_code == 200, answer.text
    return answer.json()


def run_job(instance: RayInstance, entrypoint: str) -> str:
    """Submit, wait, return the log."""
    job = call(instance, "POST", "/api/jobs/", json={"entrypoint": entrypoint})["submission_id"]
    deadline = time.monotonic() + JOB_SECONDS
    while (status := call(instance, "GET", f"/api/jobs/{job}")["status"]) in ("PENDING", "RUNNING"):
        assert time.monotonic() < deadline, status
        time.sleep(0.5)
    log = str(call(instance, "GET", f"/api/jobs/{job}/logs")["logs"])
    assert status == "SUCCEEDED", log
    return log


def test_everything_listens_on_loopback_at_the_ports_it_was_told(instance: RayInstance) -> None:
    found = listeners(item.pid for item in instance.status().processes)
    assert [str(item) for item in exposed(found)] == []
    told = {*instance.head.all(), *instance.nodes[0].fixed(), *instance.nodes[1].fixed()}
    for node in instance.nodes:
        told |= set(range(node.worker_min, node.worker_max + 1))
    ports = {item.port for item in found if item.protocol.startswith("tcp")}
    assert ports <= told
    assert {instance.head.gcs, instance.head.dashboard, instance.nodes[1].node_manager} <= ports


def test_every_door_asks_for_a_certificate_or_the_token(instance: RayInstance, tmp_path: Path) -> None:
    """Metrics are the known exceptions: Ray offers nothing for them."""
    request = certificate_request(instance, HEAD)
    ca = str(instance.state / "ca.pem")
    other = replace(authority_request(instance), path=str(tmp_path), copies=())
    authority.make_authority(other, instance.owner)
    foreign = replace(request, certificate=str(tmp_path / "f.crt"), key=str(tmp_path / "f.key"))
    leaf.issue(foreign, other, instance.owner)
    ours = Client(ca, request.certificate, request.key)
    nodes = instance.nodes
    metrics = {instance.head.autoscaler_metrics, instance.head.dashboard_metrics, *(node.metrics for node in nodes)}
    plain = {instance.head.dashboard, *(port for node in nodes for port in (node.agent_http, node.runtime_env_agent))}
    found = listeners(item.pid for item in instance.status().processes)
    for port in sorted({item.port for item in found if item.port}):
        if port in metrics:
            continue
        if port in plain:
            answer = http_get(port, "/api/version")
            assert answer is not None
            assert answer.status == 401, port
        else:
            assert tls_outcome(port, ours) is Outcome.ACCEPTED, port
            assert tls_outcome(port, Client(ca)) is Outcome.REFUSED, port
            assert tls_outcome(port, Client(ca, foreign.certificate, foreign.key)) is Outcome.REFUSED, port


def test_a_hostile_job_reaches_nothing_of_ours(instance: RayInstance) -> None:
    status = instance.status()
    assert status.keeper is not None
    (instance.ray / "home" / "attack.py").write_text(ATTACK, encoding="utf-8")
    guard = instance.pid("guard")
    known = process_table.ident_of(guard)
    assert known is not None
    targets = " ".join(f"{ident.pid}:{ident.start}" for ident in (known, status.keeper))
    log = run_job(instance, f"python {instance.ray}/home/attack.py {instance.state} {targets}")
    seen = json.loads(next(line for line in log.splitlines() if line.startswith("SEEN ")).removeprefix("SEEN "))
    assert seen.pop("pid 1") == "sandbox.py"
    uid, groups = seen.pop("uid"), seen.pop("groups")
    if instance.uid is not None:
        assert uid == instance.uid
        assert groups == []
    assert {name for name, done in seen.items() if done} == ALLOWED
    # the controls: all of it is there to be had, for us
    assert (instance.state / "ca.key").read_text(encoding="ascii")
    assert b"SECRET=guarded" in Path(f"/proc/{guard}/environ").read_bytes()
    os.kill(guard, 0)


def test_tasks_run_on_both_nodes(instance: RayInstance) -> None:
    code = (
        "import ray; ray.init(logging_level='ERROR'); f = ray.remote(num_cpus=1)(lambda: "
        "(__import__('time').sleep(2), ray.get_runtime_context().get_node_id())[1]); "
        "print('NODES', len(set(ray.get([f.remote() for _ in range(2)]))))"
    )
    assert "NODES 2" in run_job(instance, f'python -c "{code}"')


def test_no_secret_stands_in_a_command_line_or_in_the_environment(instance: RayInstance) -> None:
    key = Path(certificate_request(instance, HEAD).key).read_text(encoding="ascii").splitlines()[1]
    for ident in instance.everything():
        for name in ("cmdline", "environ"):
            try:
                text = Path(f"/proc/{ident.pid}/{name}").read_bytes().decode(errors="replace")
            except OSError:
                continue
            assert instance.token not in text, (ident, name)
            assert key not in text


def test_no_process_of_ray_holds_a_privilege(instance: RayInstance) -> None:
    """The outer launcher is ours; everything below it is walled."""
    outer = {instance.pid(name) for name in ("guard", "ray-head", "ray-worker")}
    walled = [ident for ident in instance.everything() if ident.pid not in outer]
    assert len(walled) > 10
    host = Path("/proc/self/ns/pid").readlink()
    for ident in walled:
        if not process_table.is_alive(ident):
            continue
        status = dict(line.split(":\t", 1) for line in status_lines(ident.pid))
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        assert instance.uid is None or set(status["Uid"].split()) == {str(instance.uid)}
        assert Path(f"/proc/{ident.pid}/ns/pid").readlink() != host


def status_lines(pid: int) -> list[str]:
    """Of /proc/<pid>/status."""
    return Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
