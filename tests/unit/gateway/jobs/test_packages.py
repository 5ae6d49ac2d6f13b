"""Packages live under their owner's name: nobody plants, replaces or finds another's.

Subject: `rayfence.gateway.jobs.packages`, driven through the whole service.
"""

from collections.abc import AsyncIterator

import httpx2
import pytest

from rayfence.model.gateway import Limits
from tests.sim.gateway import SimGateway, sim_gateway

pytestmark = pytest.mark.anyio
PATH = "/api/packages/gcs/_ray_pkg_0123456789abcdef.zip"


async def test_each_has_their_own(gateway: SimGateway) -> None:
    alice, bob = gateway.token("alice"), gateway.token("bob")
    assert (await gateway.request("GET", PATH, alice)).status_code == 404
    stored = await gateway.request("PUT", PATH, alice, body=b"of alice")
    assert (stored.status_code, stored.content) == (200, b"")
    assert (await gateway.request("GET", PATH, alice)).status_code == 200
    assert (await gateway.request("GET", PATH, bob)).status_code == 404
    assert (await gateway.request("PUT", PATH, bob, body=b"of bob")).status_code == 200
    assert sorted(gateway.ray.packages.values()) == [b"of alice", b"of bob"]
    assert all(uri.startswith("gcs://_ray_pkg_rf") for uri in gateway.ray.packages)
    assert gateway.journal.actions() == [("package.put", PATH.rpartition("/")[2], "done")] * 2


async def test_a_submission_finds_what_its_owner_uploaded(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    await gateway.request("PUT", PATH, alice, body=b"zip")
    name = await gateway.submit(alice, runtime_env={"working_dir": "gcs://_ray_pkg_0123456789abcdef.zip"})
    assert gateway.ray.jobs[name]["runtime_env"]["working_dir"] in gateway.ray.packages


@pytest.mark.parametrize("name", ["x.zip", "_ray_pkg_.zip", "_ray_pkg_a-b.zip", "_ray_pkg_ab.zip.part"])
async def test_other_names_are_refused(gateway: SimGateway, name: str) -> None:
    answer = await gateway.request("PUT", f"/api/packages/gcs/{name}", gateway.token("alice"), body=b"x")
    assert answer.status_code == 400
    assert not gateway.ray.packages


@pytest.mark.parametrize("announced", [True, False])
async def test_the_size_is_bounded_announced_or_not(announced: bool) -> None:
    async with sim_gateway(limits=Limits(max_package_bytes=1000)) as gateway:
        alice = gateway.token("alice")
        assert (await gateway.request("PUT", PATH, alice, body=b"x" * 1000)).status_code == 200
        stored = dict(gateway.ray.packages)

        async def parts() -> AsyncIterator[bytes]:
            for _ in range(20):
                yield b"y" * 100

        body: bytes | AsyncIterator[bytes] = b"y" * 2000 if announced else parts()
        answer = await gateway.request("PUT", PATH, alice, body=body)
        assert (answer.status_code, answer.json()["error"]) == (413, "too_large")
        assert gateway.ray.packages == stored
        assert gateway.journal.actions()[0][2] == "done"


async def test_without_a_trail_nothing_is_stored(gateway: SimGateway) -> None:
    gateway.journal.failing = True
    assert (await gateway.request("PUT", PATH, gateway.token("alice"), body=b"x")).status_code == 503
    assert not gateway.ray.packages


async def test_rays_refusal_of_the_name_it_never_saw(gateway: SimGateway) -> None:
    """What the caller reads names their package, not its place in Ray."""
    answer = await gateway.request("GET", PATH, gateway.token("alice"))
    assert answer.json()["message"] == "Package gcs://_ray_pkg_0123456789abcdef.zip does not exist."
    assert isinstance(answer, httpx2.Response)
