"""Envoy, the gateway service and the supervisor are killed: what comes back, how soon, and what serves on meanwhile."""

import os
import signal
import ssl
import time
from collections.abc import Iterator

import httpx2
import pytest

from rayfence.adapters.processes import keeper_control, process_table, state_file
from rayfence.adapters.processes.state_file import KeeperStatus, ProcessStatus
from rayfence.api.status import look
from rayfence.render.local.layout import Layout
from tests.local.ray_instance import promised, wait_until
from tests.sim.door import Door, open_door

pytestmark = pytest.mark.envoy
SECONDS = 3.0  # promised for Envoy and the service
SUPERVISOR_SECONDS = 5.0
SILENCE_SECONDS = 30.0  # until a part that runs and answers nobody has been replaced
PARTS = ("service", "envoy")


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """A door of this module's own: other tests rely on theirs."""
    with open_door(tmp_path_factory.mktemp("faults"), "faults") as opened:
        yield opened


def status(gate: Door) -> KeeperStatus:
    """Now."""
    return keeper_control.read_status(gate.record.places.runtime)


def part(gate: Door, name: str) -> ProcessStatus:
    """One part now."""
    found = status(gate).process(name)
    assert found is not None
    return found


def trust(gate: Door) -> ssl.SSLContext:
    """Trust in the front authority alone."""
    return ssl.create_default_context(cafile=Layout(gate.record.places).front_ca)


def asks_who(gate: Door) -> bool:
    """Whether Envoy refuses a stranger by itself, which it does without the service."""
    try:
        answer = httpx2.get(f"https://localhost:{gate.record.ports.gateway}/api/version", verify=trust(gate), timeout=2)
    except httpx2.HTTPError:
        return False
    return answer.status_code == 401


def health(gate: Door) -> bool:
    """Whether the service answers through Envoy."""
    host = f"login.{gate.name}.localhost"
    url = f"https://localhost:{gate.record.ports.gateway}/v1/health"
    try:
        return httpx2.get(url, headers={"Host": host}, verify=trust(gate), timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


def is_back(gate: Door, name: str, old: process_table.Ident) -> bool:
    """Whether another process took its place and proved ready."""
    now = part(gate, name)
    return now.phase == state_file.READY and now.ident != old


@pytest.mark.parametrize("name", PARTS)
def test_it_is_back_within_the_promised_time_and_the_others_stay(gate: Door, name: str) -> None:
    old, others = part(gate, name), [part(gate, other).ident for other in PARTS if other != name]
    assert old.ident is not None
    assert health(gate), "the control: both serve"
    os.kill(old.pid, signal.SIGKILL)
    if name == "service":
        assert asks_who(gate), "Envoy decides alone what roles and routes can decide"
    wait_until(lambda: is_back(gate, name, old.ident), promised(SECONDS), f"the return of {name}")  # type: ignore[arg-type]
    assert asks_who(gate)
    assert health(gate)
    assert [part(gate, other).ident for other in PARTS if other != name] == others
    assert part(gate, name).last_exit == "signal 9"


@pytest.mark.parametrize("name", PARTS)
def test_one_that_runs_and_answers_nobody_is_replaced(gate: Door, name: str) -> None:
    old, others = part(gate, name), [part(gate, other).ident for other in PARTS if other != name]
    assert old.ident is not None
    os.kill(old.pid, signal.SIGSTOP)
    assert not health(gate), "the control: nobody is served"
    wait_until(
        lambda: is_back(gate, name, old.ident),  # type: ignore[arg-type]
        promised(SILENCE_SECONDS),
        f"another {name}",
    )
    assert health(gate)
    assert [part(gate, other).ident for other in PARTS if other != name] == others
    assert part(gate, name).last_exit == "no longer answered, signal 9"
    told = {item.name: item.detail for item in look(gate.name, gate.state).parts}
    assert "restarted, last: no longer answered" in told[name]


@pytest.mark.parametrize("victims", [("keeper",), ("warden",), ("keeper", "service"), ("keeper", "envoy")])
def test_the_supervisor_comes_back_and_repairs(gate: Door, victims: tuple[str, ...]) -> None:
    before = status(gate)
    assert before.keeper
    assert before.warden
    for victim in victims:
        ident = {"keeper": before.keeper, "warden": before.warden}.get(victim) or part(gate, victim).ident
        assert ident is not None
        os.kill(ident.pid, signal.SIGKILL)

    def whole() -> bool:
        now = status(gate)
        fresh = {"keeper": now.keeper != before.keeper, "warden": now.warden != before.warden}
        supervised = all(fresh.get(victim, True) for victim in victims) and None not in (now.keeper, now.warden)
        return supervised and all(item.phase == state_file.READY for item in now.processes)

    wait_until(whole, promised(SUPERVISOR_SECONDS), "the supervisor's return")
    assert health(gate)
    kept = {item.name: item.ident for item in status(gate).processes}
    for item in before.processes:
        assert (kept[item.name] == item.ident) == (item.name not in victims)


def test_kill_of_everything_is_repaired_by_the_next_start(gate: Door) -> None:
    before = status(gate)
    assert before.keeper
    assert before.warden
    for ident in (before.warden, before.keeper, *(item.ident for item in before.processes)):
        assert ident is not None
        process_table.send(ident, signal.SIGKILL)
    time.sleep(0.5)
    assert not asks_who(gate)
    keeper_control.start_keeper(Layout(gate.record.places).processes, gate.record.places.runtime)
    keeper_control.wait_ready(gate.record.places.runtime, [item.name for item in before.processes], 60)
    assert health(gate)


def test_down_leaves_no_process(gate: Door) -> None:
    """Last in this module."""
    idents = [item.ident for item in status(gate).processes]
    gate.ok("down")
    assert not any(process_table.is_alive(ident) for ident in idents if ident)
    assert not asks_who(gate)
