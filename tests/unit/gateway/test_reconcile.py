"""What a crash left open is looked up: submissions by their id, accounts by their name, the rest is unknown."""

import asyncio

import pytest

from rayfence.gateway import reconcile as module
from rayfence.gateway.reconcile import Found, outcome_of, reconcile
from rayfence.model.routes import Role
from rayfence.trail.intents import OpenIntent
from tests.sim.gateway import SimGateway
from tests.sim.ray_dashboard import Answer, job_record

pytestmark = pytest.mark.anyio


def intent(action: str, target: str) -> OpenIntent:
    """An intent of an earlier run."""
    return OpenIntent("i1", 1, "2026-01-01T00:00:00Z", "alice", action, target, {})


@pytest.mark.parametrize(
    ("action", "target", "found"),
    [
        ("job.submit", "there-1", "done"),
        ("job.submit", "gone-1", "failed"),
        ("job.stop", "stopped-1", "done"),
        ("job.stop", "there-1", "failed"),
        ("job.stop", "ended-1", "unknown"),
        ("job.stop", "gone-1", "unknown"),
        ("job.delete", "gone-1", "done"),
        ("job.delete", "there-1", "failed"),
        ("user.add", "alice", "done"),
        ("user.add", "nobody", "failed"),
        ("user.remove", "nobody", "done"),
        ("user.remove", "alice", "failed"),
        ("package.put", "x", "unknown"),
        ("login", "session", "unknown"),
        ("job.submit", "..", "unknown"),
    ],
)
async def test_what_became_of_it(gateway: SimGateway, action: str, target: str, found: Found) -> None:
    for name, status in (("there-1", "RUNNING"), ("stopped-1", "STOPPED"), ("ended-1", "SUCCEEDED")):
        gateway.ray.jobs[name] = job_record(name, status=status)
    gateway.service.accounts.add("alice", Role.VIEWER, (), "h")
    assert await outcome_of(gateway.service, intent(action, target)) == found


async def test_it_waits_for_ray(gateway: SimGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.01)
    gateway.ray.failing = Answer(500, text="starting")
    completed: list[tuple[str, Found]] = []
    waiting = (intent("job.submit", "there-1"), intent("login", "session"))
    work = asyncio.ensure_future(
        reconcile(gateway.service, waiting, lambda one, found: completed.append((one.action, found)))
    )
    await asyncio.sleep(0.05)
    assert completed == [("login", "unknown")]
    gateway.ray.failing = None
    await asyncio.wait_for(work, 5)
    assert completed[1:] == [("job.submit", "failed")]
