"""Records are shared for a second, written ones never stale, and one caller's leaving harms no other."""

import asyncio

import pytest

from rayfence.gateway.answers import Refused
from rayfence.gateway.jobs import records as module
from rayfence.gateway.jobs.records import JobRecords
from tests.sim.gateway import SimGateway
from tests.sim.ray_dashboard import Answer, job_record

pytestmark = pytest.mark.anyio


def asked(gateway: SimGateway, path: str) -> int:
    """How often Ray was asked for `path`."""
    return sum(seen.path == path for seen in gateway.ray.seen)


async def test_who_asks_at_once_waits_for_the_same_answer(gateway: SimGateway) -> None:
    records = gateway.service.records
    listings = await asyncio.gather(*(records.listing() for _ in range(50)))
    assert asked(gateway, "/api/jobs/") == 1
    assert all(listing is listings[0] for listing in listings)


async def test_the_answer_is_asked_for_anew_when_it_is_old(
    gateway: SimGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = gateway.service.records
    await records.listing()
    monkeypatch.setattr(module, "FRESH_SECONDS", 0.0)
    await records.listing()
    assert asked(gateway, "/api/jobs/") == 2


async def test_a_caller_that_leaves_takes_nobody_along(gateway: SimGateway) -> None:
    records = gateway.service.records
    first = asyncio.ensure_future(records.listing())
    second = asyncio.ensure_future(records.listing())
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).records == ()


async def test_a_failure_is_not_kept(gateway: SimGateway) -> None:
    records = gateway.service.records
    await gateway.service.ray.session_name()
    gateway.ray.failing = Answer(500, text="boom")
    for read in (records.listing, lambda: records.recent("a-1")):
        with pytest.raises(Refused):
            await read()
    gateway.ray.failing = None
    assert (await records.listing()).records == ()
    assert await records.recent("a-1") is None


async def test_owners_by_submission_and_by_driver(gateway: SimGateway) -> None:
    name = await gateway.submit(gateway.token("alice"))
    gateway.ray.jobs[name]["job_id"] = "02000000"
    gateway.ray.jobs["raw-1"] = job_record("raw-1", job_id="03000000")
    gateway.ray.drivers.append(job_record(None, job_id="04000000", metadata=gateway.ray.jobs[name]["metadata"]))
    gateway.service.records.changed()
    listing = await gateway.service.records.listing()
    assert listing.by_submission == {name: "alice"}
    assert listing.by_driver == {"02000000": "alice"}
    assert listing.owners == ("alice", None, None)


async def test_a_change_is_seen_at_once(gateway: SimGateway) -> None:
    records = gateway.service.records
    name = await gateway.submit(gateway.token("alice"))
    assert await records.recent(name) is not None
    del gateway.ray.jobs[name]
    assert await records.recent(name) is not None
    records.changed()
    assert await records.recent(name) is None


@pytest.mark.parametrize("name", ["", ".", ".."])
async def test_no_name_leaves_its_place(gateway: SimGateway, name: str) -> None:
    with pytest.raises(ValueError, match="segment"):
        await gateway.service.records.fresh(name)


async def test_details_do_not_fill_the_memory(gateway: SimGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_DETAILS", 3)
    records = JobRecords(gateway.service.ray, gateway.service.stamps.owner)
    for number in range(10):
        await records.recent(f"a-{number}")
    assert len(records._details) == 3
