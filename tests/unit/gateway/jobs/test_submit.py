"""Submitting: the id and the owner are the gateway's, and nothing reaches Ray that was refused or not recorded.

Subject: `rayfence.gateway.jobs.submit`, driven through the whole service.
"""

import json
import re
from typing import Any

import httpx2
import pytest

from rayfence.access.stamp import STAMP_KEY
from rayfence.model.gateway import Limits
from rayfence.model.routes import Role
from tests.sim.gateway import SimGateway, sim_gateway
from tests.sim.ray_dashboard import Answer, nested

pytestmark = pytest.mark.anyio


async def submit(gateway: SimGateway, body: object, subject: str = "alice", **options: Any) -> httpx2.Response:
    """POST /api/jobs/."""
    return await gateway.request("POST", "/api/jobs/", gateway.token(subject), json_body=body, **options)


async def test_id_and_owner_are_the_gateways(gateway: SimGateway) -> None:
    answer = await submit(
        gateway,
        {
            "entrypoint": "python x.py",
            "submission_id": "my/run 7",
            "metadata": {"team": "a", "job_submission_id": "other", STAMP_KEY: "v1.x.y", "Rayfence.owner": "bob"},
            "runtime_env": {"env_vars": {"SECRET": "s3cret"}, "working_dir": "gcs://_ray_pkg_0123abcd.zip"},
            "entrypoint_num_cpus": 1,
        },
    )
    name = answer.json()["submission_id"]
    assert answer.json() == {"job_id": name, "submission_id": name}
    assert re.fullmatch(r"my-run-7-[a-z0-9]{16}", name)
    sent = json.loads(gateway.ray.writes()[0].body)
    assert sent["submission_id"] == name
    assert set(sent["metadata"]) == {"team", STAMP_KEY}
    assert sent["runtime_env"]["working_dir"].startswith("gcs://_ray_pkg_rf")
    assert sent["entrypoint_num_cpus"] == 1
    assert gateway.service.stamps.owner(gateway.ray.jobs[name], gateway.ray.session_name) == "alice"
    (entry,) = gateway.journal.intents.values()
    assert (entry["subject"], entry["action"], entry["object"], entry["request"]) == (
        "alice",
        "job.submit",
        name,
        "r-1",
    )
    assert "job_submission_id" in entry["dropped"]
    assert gateway.journal.actions() == [("job.submit", name, "done")]
    assert "s3cret" not in str(gateway.journal.intents)


async def test_two_submissions_of_one_wish_are_two_jobs(gateway: SimGateway) -> None:
    body = {"entrypoint": "x", "submission_id": "same"}
    names = {(await submit(gateway, body)).json()["submission_id"] for _ in range(3)}
    assert len(names) == len(gateway.ray.jobs) == 3


@pytest.mark.parametrize(
    "body",
    [
        [],
        {},
        {"entrypoint": 1},
        {"entrypoint": "x", "job_id": "y"},
        {"entrypoint": "x", "unknown": 1},
        {"entrypoint": "x", "metadata": {"a": 1}},
        {"entrypoint": "x", "entrypoint_num_cpus": True},
        {"entrypoint": "x", "runtime_env": {"working_dir": "GCS://_ray_pkg_1.zip"}},
        {"entrypoint": "x", "runtime_env": {"py_modules": ["gcs://../x"]}},
    ],
)
async def test_refused_bodies_reach_neither_ray_nor_the_trail(gateway: SimGateway, body: object) -> None:
    answer = await submit(gateway, body)
    assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")
    assert not gateway.ray.writes()
    assert not gateway.journal.intents


@pytest.mark.parametrize("raw", [b"", b'{"entrypoint":"a","entrypoint":"b"}', b"{", b"\xff"])
async def test_unreadable_bodies(gateway: SimGateway, raw: bytes) -> None:
    assert (await gateway.request("POST", "/api/jobs/", gateway.token("alice"), body=raw)).status_code == 400
    assert not gateway.ray.writes()


async def test_viewers_submit_nothing(gateway: SimGateway) -> None:
    token = gateway.token("vera", Role.VIEWER)
    answer = await gateway.request("POST", "/api/jobs/", token, json_body={"entrypoint": "x"})
    assert (answer.status_code, answer.json()["required"]) == (403, "submitter")


async def test_size_and_rate_are_bounded() -> None:
    async with sim_gateway(limits=Limits(max_job_body_bytes=200, submits_per_minute=2)) as gateway:
        assert (await submit(gateway, {"entrypoint": "x" * 300})).status_code == 413
        assert (await submit(gateway, {"entrypoint": "x"})).status_code == 200
        limited = await submit(gateway, {"entrypoint": "x"})
        assert (limited.status_code, limited.json()["error"]) == (429, "rate_limited")
        assert int(limited.headers["retry-after"]) > 0
        assert (await submit(gateway, {"entrypoint": "x"}, "bob")).status_code == 200
        assert ("alice", "job.submit", "refused", 429) in gateway.journal.decisions


async def test_without_a_trail_nothing_is_submitted(gateway: SimGateway) -> None:
    gateway.journal.failing = True
    answer = await submit(gateway, {"entrypoint": "x"})
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert not gateway.ray.writes()


async def test_rays_reason_is_told_without_its_traceback(gateway: SimGateway) -> None:
    await gateway.service.ray.session_name()
    gateway.ray.failing = nested(400, "ValueError: bad runtime_env at /srv/ray/x.py")
    answer = await submit(gateway, {"entrypoint": "x"})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Ray refused the request: bad runtime_env at <path>."
    assert [verdict for *_, verdict in gateway.journal.actions()] == ["failed"]


async def test_our_own_bad_token_is_not_the_callers_fault(gateway: SimGateway) -> None:
    gateway.ray.token = "another"
    answer = await submit(gateway, {"entrypoint": "x"})
    assert (answer.status_code, answer.json()["error"]) == (502, "ray_token")


class Silent(httpx2.AsyncBaseTransport):
    """Ray that takes a submission and then says nothing; `lost`: it did not even take it."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, lost: bool) -> None:
        self.inner, self.lost = inner, lost

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Every answer to a POST is lost."""
        if request.method != "POST":
            return await self.inner.handle_async_request(request)
        if not self.lost:
            await self.inner.handle_async_request(request)
        raise httpx2.ReadTimeout("silence", request=request)


@pytest.mark.parametrize("lost", [False, True])
async def test_an_answer_that_never_comes(gateway: SimGateway, lost: bool) -> None:
    client = gateway.service.ray._client
    client._transport = Silent(client._transport, lost=lost)
    answer = await submit(gateway, {"entrypoint": "x"})
    ((_, name, verdict),) = gateway.journal.actions()
    if lost:
        assert (answer.status_code, answer.json()["error"]) == (504, "outcome_unknown")
        assert verdict == "open"
    else:
        assert answer.json()["submission_id"] == name
        assert verdict == "done"


async def test_a_stamp_of_another_session_of_ray_owns_nothing(gateway: SimGateway) -> None:
    token = gateway.token("alice")
    name = await gateway.submit(token)
    gateway.ray.session_name = "session_other"
    gateway.service.ray._session = (0.0, "")
    assert (await gateway.request("POST", f"/api/jobs/{name}/stop", token)).status_code == 403


async def test_ray_down(gateway: SimGateway) -> None:
    gateway.ray.failing = Answer(500, text="")
    answer = await submit(gateway, {"entrypoint": "x"})
    assert answer.status_code == 502
    assert not gateway.journal.intents
