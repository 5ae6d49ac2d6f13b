"""Envoy's questions about logs and connections.

Subject: `rayfence.gateway.jobs.judges`, driven through the whole service.
"""

import pytest

from rayfence.model.routes import Right, Role, Surface
from tests.sim.gateway import SimGateway
from tests.sim.ray_dashboard import Answer

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("path", ["/api/jobs/{name}/logs", "/api/jobs/{name}/logs/tail"])
async def test_logs_are_the_owners_and_operators(gateway: SimGateway, path: str) -> None:
    name = await gateway.submit(gateway.token("alice"))
    for subject, role, status in (
        ("alice", Role.SUBMITTER, 200),
        ("olga", Role.OPERATOR, 200),
        ("bob", Role.SUBMITTER, 403),
        ("vera", Role.VIEWER, 403),
    ):
        answer = await gateway.request("GET", path.format(name=name), gateway.token(subject, role))
        assert answer.status_code == status, subject
    assert not [seen for seen in gateway.ray.seen if "logs" in seen.path]
    unknown = await gateway.request("GET", path.format(name="nobody-1"), gateway.token("alice"))
    assert unknown.status_code == 404


async def test_a_drivers_id_opens_no_log(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    name = await gateway.submit(alice)
    gateway.ray.jobs[name]["job_id"] = "02000000"
    answer = await gateway.request("GET", "/api/jobs/02000000/logs", alice)
    assert (answer.status_code, name in answer.json()["message"]) == (404, True)


@pytest.mark.parametrize("surface", [Surface.API, Surface.DASHBOARD])
@pytest.mark.parametrize("kind", ["file", "stream"])
async def test_log_files_by_their_one_selector(gateway: SimGateway, surface: Surface, kind: str) -> None:
    name = await gateway.submit(gateway.token("alice"))
    alice, bob = (gateway.token(subject, surface=surface) for subject in ("alice", "bob"))
    olga = gateway.token("olga", Role.OPERATOR, surface=surface)
    for query, statuses in (
        (f"submission_id={name}&node_id=ab", (200, 403, 200)),
        (f"node_id=ab&filename=job-driver-{name}.log&lines=100", (200, 403, 200)),
        (f"submission_id={name}&actor_id=ab", (403, 403, 200)),
        ("node_id=ab&filename=gcs_server.out", (403, 403, 200)),
        ("submission_id=nobody-1", (404, 404, 200)),
        ("", (403, 403, 200)),
    ):
        for token, status in zip((alice, bob, olga), statuses, strict=True):
            answer = await gateway.request("GET", f"/api/v0/logs/{kind}?{query}", token, surface=surface)
            assert answer.status_code == status, query


async def test_many_questions_ask_ray_once(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    name = await gateway.submit(alice)
    before = len(gateway.ray.seen)
    for _ in range(20):
        await gateway.request("GET", f"/api/jobs/{name}/logs", alice)
    assert len(gateway.ray.seen) - before == 1


async def test_ray_down_is_no_yes(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    name = await gateway.submit(alice)
    gateway.ray.failing = Answer(500, text="boom")
    assert (await gateway.request("GET", f"/api/jobs/{name}/logs", alice)).status_code == 502


async def test_a_ray_client_connection_is_recorded_first(gateway: SimGateway) -> None:
    path = "/ray.rpc.RayletDataStreamer/Datapath"
    token = gateway.token("alice", rights=(Right.RAY_CLIENT,))
    answer = await gateway.request("POST", path, token, surface=Surface.RAY_CLIENT)
    assert answer.status_code == 200
    assert answer.headers["x-rayfence-intent"] == "i0"
    assert gateway.journal.actions() == [("ray-client.connect", "test", "open")]
    refused = await gateway.request("POST", path, gateway.token("bob"), surface=Surface.RAY_CLIENT)
    assert (refused.status_code, refused.json()["required"]) == (403, "ray-client")
    gateway.journal.failing = True
    assert (await gateway.request("POST", path, token, surface=Surface.RAY_CLIENT)).status_code == 503
