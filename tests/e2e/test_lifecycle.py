"""Up twice, up after everything was killed, restart, Ctrl-C, down: on an instance of its own beside the session's.

Everything that is not this instance's must stay: the other instance, and programs that look like Ray's.
"""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rayfence.adapters.processes import keeper_control, process_table
from rayfence.adapters.processes.process_table import Ident
from rayfence.adapters.tls import authority, inspection, leaf
from rayfence.api.plan import make_plan
from rayfence.model.desired import AuthorityRequest
from tests.e2e.stack import BIN, Stack
from tests.e2e.traces import processes_naming, traces

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]

#: One node: what is tried here does not depend on how many there are.
SPEC = """apiVersion: rayfence.dev/v1alpha1
kind: Platform
metadata: {name: life}
tenants: [{clusters: [{workers: []}]}]
"""
#: Command lines by which `ray stop` would find its victims.
DECOYS = (
    "/opt/ray/core/src/ray/raylet/raylet --raylet_socket_name=/tmp/ray/session_1/sockets/raylet",
    "/opt/ray/core/src/ray/gcs/gcs_server --log_dir=/tmp/ray",
    "ray::IDLE",
    "python /opt/ray/dashboard/dashboard.py --host=127.0.0.1",
)


@dataclass(frozen=True)
class Interrupted:
    """How a start that was interrupted ended. `told`: what `plan` said about `leaf`, which had expired."""

    status: int
    said: str
    told: str
    leaf: str


@pytest.fixture(scope="module")
def decoys() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Foreign programs that look like parts of Ray."""
    started = [subprocess.Popen(["bash", "-c", f"exec -a '{words}' sleep 100000"]) for words in DECOYS]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def life(stack: Stack, decoys: list[subprocess.Popen[bytes]]) -> Iterator[Stack]:
    """A second instance in the same state folder as the session's: side by side by name."""
    assert len(decoys) == len(DECOYS)
    made = Stack(stack.root, "life", {**stack.environment, "RAYFENCE_NAME": "life"})
    spec = stack.root / "life.yaml"
    spec.write_text(SPEC, encoding="utf-8")
    try:
        made.up("-f", str(spec))
        made.add("lena", "submitter")
        yield made
    finally:
        made.down()


def pids(status: dict[str, Any]) -> dict[str, int]:
    """Process ids by part."""
    return {part["name"]: part["pid"] for part in status["parts"]}


def everything(instance: Stack) -> list[Ident]:
    """Keeper, warden and every part, as they recorded themselves."""
    status = keeper_control.read_status(instance.record.places.runtime)
    assert status.keeper is not None
    assert status.warden is not None
    return [status.warden, status.keeper, *(item.ident for item in status.processes if item.ident)]


def digest_of_kept(instance: Stack) -> dict[str, bytes]:
    """What must outlive every restart: both authorities, keys, accounts."""
    layout = instance.layout
    named = (layout.front_ca, layout.node_ca, f"{layout.places.state}/users.json", layout.instance)
    paths = [*map(Path, named), *Path(layout.secrets).rglob("*")]
    return {str(path): path.read_bytes() for path in paths if path.is_file()}


def trail_length(instance: Stack) -> int:
    """Records of a trail that verifies."""
    done = instance.run("trail", "verify", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return sum(int(chain["records"]) for chain in json.loads(done.stdout)["chains"])


def serials(instance: Stack) -> dict[str, int]:
    """Serial numbers of every leaf."""
    layout = instance.layout
    leaves = [*Path(layout.envoy).glob("*.crt"), *Path(layout.places.ray).glob("*.crt")]
    return {path.name: inspection.inspect(str(path)).serial for path in leaves}


def test_two_instances_have_nothing_in_common(stack: Stack, life: Stack) -> None:
    one, two = stack.record, life.record
    assert {one.ports.gateway, one.ports.ray_client, *one.ports.head.all()}.isdisjoint(
        {two.ports.gateway, two.ports.ray_client, *two.ports.head.all()}
    )
    assert one.places.runtime != two.places.runtime
    for made in (stack, life):
        with made.client({}) as client:
            assert client.get("/api/version").status_code == 401
    with life.client({"authorization": f"Bearer {stack.people['olga'].token}"}) as client:
        assert client.get("/api/version").status_code == 401, "a token of the other instance"


def test_json_of_plan_status_and_up(life: Stack) -> None:
    plan = life.run("plan", "--json")
    assert plan.returncode == 0, "nothing to do"
    found = json.loads(plan.stdout)
    assert found["pending"] == 0
    assert {change["action"] for change in found["plan"]["changes"]} == {"keep"}
    status = life.status()
    assert status["ready"] is True
    assert {row["verdict"] for row in status["posture"]} <= {"pass", "fail", "not applicable"}


def test_up_twice_changes_nothing(life: Stack) -> None:
    before, kept = life.status(), digest_of_kept(life)
    leaves = serials(life)
    after = life.up()
    assert pids(after) == pids(before)
    assert digest_of_kept(life) == kept
    assert serials(life) == leaves
    assert "nothing to do" in life.run("up").stderr


def test_up_repairs_after_kill_of_everything(life: Stack, stack: Stack) -> None:
    kept, records = digest_of_kept(life), trail_length(life)
    others = everything(stack)
    victims = everything(life)
    for ident in victims:
        process_table.send(ident, signal.SIGKILL)
    after = life.up()
    assert after["ready"] is True
    assert not set(pids(after).values()) & {ident.pid for ident in victims}
    assert digest_of_kept(life) == kept
    assert trail_length(life) >= records
    assert life.people["lena"].http.get("/api/version").status_code == 200
    assert everything(stack) == others
    names = (life.record.places.runtime, life.record.places.ray)
    roots = [ident.pid for ident in everything(life)]
    known = {row.ident for row in process_table.descendants(roots)} | set(everything(life))
    assert set(processes_naming(*names)) <= known, "orphans of the killed run"


def test_restart_renews_what_ray_cant_reload(life: Stack) -> None:
    kept, records, leaves = digest_of_kept(life), trail_length(life), serials(life)
    done = life.run("restart", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["ready"] is True
    renewed = serials(life)
    assert renewed.keys() == leaves.keys()
    changed = {name for name, serial in renewed.items() if serial != leaves[name]}
    assert changed == leaves.keys() - {"server.crt"}, "the gateway's own is renewed hot"
    assert digest_of_kept(life) == kept
    assert trail_length(life) >= records
    assert life.people["lena"].http.get("/api/version").status_code == 200


def test_down_leaves_nothing_and_touches_nobody(
    life: Stack, stack: Stack, decoys: list[subprocess.Popen[bytes]]
) -> None:
    others, kept = everything(stack), digest_of_kept(life)
    job = life.people["lena"].submit("sleep 3600")
    assert life.people["lena"].job(job)["status"] in ("PENDING", "RUNNING")
    done = life.run("down")
    assert done.returncode == 0, done.stderr
    assert traces(life.record) == []
    assert digest_of_kept(life) == kept, "state stays for the next start"
    assert everything(stack) == others
    assert [process.poll() for process in decoys] == [None] * len(decoys)
    again = life.run("down")
    assert (again.returncode, again.stdout.strip()) == (0, "life: was not running")
    stopped = life.run("status", "--json")
    assert json.loads(stopped.stdout)["ready"] is False


def test_an_authority_of_others_is_refused(life: Stack, tmp_path: Path) -> None:
    """After `down` above: somebody has put another key beside our certificate."""
    folder = Path(life.layout.front_ca).parent
    key = folder / "ca.key"
    before = key.read_bytes()
    foreign = AuthorityRequest("front", str(tmp_path), "another", 30)
    authority.make_authority(foreign, lambda _account: (os.geteuid(), os.getegid()))
    try:
        key.write_bytes((tmp_path / "ca.key").read_bytes())
        done = life.run("up")
        assert done.returncode == 4
        assert "authority 'front-ca' in the state folder is not ours" in done.stderr
        assert "hint: move it away" in done.stderr
        assert "Traceback" not in done.stderr
        assert traces(life.record) == []
    finally:
        key.write_bytes(before)


@pytest.fixture(scope="module")
def interrupted(life: Stack) -> Interrupted:
    """A start on Ctrl-C, with a leaf that had expired; after `down` above.

    The signal goes to the whole foreground group, as a terminal sends it.
    """
    desired = make_plan(None, life.name, life.root / "state").desired
    request = next(one for one in desired.certificates if one.certificate.endswith("/server.crt"))
    by = next(one for one in desired.authorities if one.name == request.authority)
    leaf.issue(replace(request, lifetime_hours=0), by, lambda _account: (os.geteuid(), os.getegid()))
    changes = json.loads(life.run("plan", "--json").stdout)["plan"]["changes"]
    told = next(change["action"] for change in changes if change["name"] == request.name)
    with subprocess.Popen(
        [str(BIN / "rayfence"), "up"], stderr=subprocess.PIPE, text=True, env=dict(life.environment), process_group=0
    ) as process:
        assert process.stderr is not None
        text = ""
        for line in process.stderr:
            text += line
            if "envoy is ready" in line:  # Ray's nodes are being started beside it
                break
        os.killpg(process.pid, signal.SIGINT)
        text += process.communicate(timeout=120)[1]
    return Interrupted(process.returncode, text, told, request.certificate)


def test_ctrl_c_in_the_middle_of_a_start_leaves_nothing_running(life: Stack, interrupted: Interrupted) -> None:
    assert interrupted.status == 130, interrupted.said
    assert "Traceback" not in interrupted.said
    folders = (life.record.places.runtime, life.record.places.ray)  # they may stay; `down` and `up` clear them
    assert [one for one in traces(life.record) if one not in folders] == []


def test_an_expired_leaf_is_renewed_before_anything_starts(interrupted: Interrupted) -> None:
    """Announced by `plan`; and Envoy was ready, which is proved with our authority's certificate."""
    assert interrupted.told == "renew"
    assert inspection.inspect(interrupted.leaf).remaining(datetime.now(UTC)) > timedelta(hours=1)
    assert interrupted.said.index("certificates: ") < interrupted.said.index("service is starting")
    assert "envoy is ready" in interrupted.said
