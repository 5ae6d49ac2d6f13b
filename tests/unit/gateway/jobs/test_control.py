"""Stop and delete: owner or operator, canonical id, recorded first.

Subject: `rayfence.gateway.jobs.control`, driven through the whole service.
"""

import pytest

from rayfence.access.stamp import STAMP_KEY
from rayfence.model.routes import Role
from tests.sim.gateway import SimGateway
from tests.sim.ray_dashboard import job_record

pytestmark = pytest.mark.anyio


async def test_the_owner_stops_and_deletes(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    name = await gateway.submit(alice)
    assert (await gateway.request("POST", f"/api/jobs/{name}/stop", alice)).json() == {"stopped": True}
    assert (await gateway.request("POST", f"/api/jobs/{name}/stop", alice)).json() == {"stopped": False}
    assert (await gateway.request("DELETE", f"/api/jobs/{name}", alice)).json() == {"deleted": True}
    assert not gateway.ray.jobs
    assert gateway.journal.actions()[1:] == [
        ("job.stop", name, "done"),
        ("job.stop", name, "done"),
        ("job.delete", name, "done"),
    ]


async def test_others_do_not_and_operators_do(gateway: SimGateway) -> None:
    name = await gateway.submit(gateway.token("alice"))
    before = len(gateway.ray.writes())
    for method, path in (("POST", f"/api/jobs/{name}/stop"), ("DELETE", f"/api/jobs/{name}")):
        refused = await gateway.request(method, path, gateway.token("bob"))
        assert (refused.status_code, refused.json()["required"]) == (403, "operator")
    assert len(gateway.ray.writes()) == before
    olga = gateway.token("olga", Role.OPERATOR)
    assert (await gateway.request("POST", f"/api/jobs/{name}/stop", olga)).status_code == 200
    assert gateway.journal.actions()[-1] == ("job.stop", name, "done")
    assert list(gateway.journal.intents.values())[-1]["owner"] == "alice"


async def test_a_drivers_id_is_no_name_for_a_job(gateway: SimGateway) -> None:
    alice, bob = gateway.token("alice"), gateway.token("bob")
    name = await gateway.submit(alice)
    gateway.ray.jobs[name]["job_id"] = "02000000"
    for path in ("/api/jobs/02000000/stop",):
        mine = await gateway.request("POST", path, alice)
        assert (mine.status_code, name in mine.json()["message"]) == (404, True)
        other = await gateway.request("POST", path, bob)
        assert (other.status_code, name in other.text) == (404, False)
        operator = await gateway.request("POST", path, gateway.token("olga", Role.OPERATOR))
        assert (operator.status_code, name in operator.json()["message"]) == (404, True)
    assert gateway.ray.jobs[name]["status"] == "PENDING"


@pytest.mark.parametrize("name", ["nobody-0123456789abcdef", "x", "03000000"])
async def test_unknown_jobs_and_bare_drivers(gateway: SimGateway, name: str) -> None:
    gateway.ray.drivers.append(job_record(None, job_id="03000000"))
    for token in (gateway.token("alice"), gateway.token("olga", Role.OPERATOR)):
        answer = await gateway.request("POST", f"/api/jobs/{name}/stop", token)
        assert (answer.status_code, answer.json()["message"]) == (404, f"Job {name} does not exist.")


async def test_a_stamp_moved_forged_or_stripped_owns_nothing(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    name = await gateway.submit(alice)
    stamp = gateway.ray.jobs[name]["metadata"][STAMP_KEY]
    other = "victim-0123456789abcdef"
    for value in (stamp, stamp[:-4] + "AAAA", "", "v1.e30.e30"):
        gateway.ray.jobs[other] = job_record(other, metadata={STAMP_KEY: value})
        assert (await gateway.request("POST", f"/api/jobs/{other}/stop", alice)).status_code == 403
    gateway.ray.jobs[name]["metadata"] = {}
    assert (await gateway.request("POST", f"/api/jobs/{name}/stop", alice)).status_code == 403
    operator = gateway.token("olga", Role.OPERATOR)
    assert (await gateway.request("POST", f"/api/jobs/{name}/stop", operator)).status_code == 200


async def test_deleting_a_running_job_says_why_not(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    name = await gateway.submit(alice)
    answer = await gateway.request("DELETE", f"/api/jobs/{name}", alice)
    assert answer.status_code == 409
    assert "stop it first" in answer.json()["message"]
    assert name in gateway.ray.jobs


async def test_without_a_trail_nothing_is_stopped(gateway: SimGateway) -> None:
    alice = gateway.token("alice")
    name = await gateway.submit(alice)
    gateway.journal.failing = True
    assert (await gateway.request("POST", f"/api/jobs/{name}/stop", alice)).status_code == 503
    assert gateway.ray.jobs[name]["status"] == "PENDING"
