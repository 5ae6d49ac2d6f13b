"""Lists and details: owners and operators see all, others that a job is there; Ray's own models read every answer.

Subject: `rayfence.gateway.jobs.read`, driven through the whole service.
"""

import json
from typing import Any

import pytest

from rayfence.model.routes import Role, Surface
from tests.sim.gateway import SimGateway
from tests.sim.ray_dashboard import Answer, job_record

pytestmark = pytest.mark.anyio
SECRET = "s3cret"
SHOWN = {"type", "submission_id", "job_id", "status", "start_time", "end_time"}


async def plant(gateway: SimGateway) -> str:
    """A job of alice's with a secret in every place that holds text."""
    name = await gateway.submit(
        gateway.token("alice"),
        entrypoint=f"python {SECRET}",
        metadata={"note": SECRET},
        runtime_env={"env_vars": {"KEY": SECRET}},
    )
    driver = {"id": "02000000", "node_ip_address": SECRET, "pid": SECRET}
    gateway.ray.jobs[name].update(job_id="02000000", message=SECRET, error_type=SECRET, driver_info=driver)
    gateway.ray.jobs[name].update(driver_agent_http_address=SECRET, driver_node_id=SECRET)
    return name


async def get(gateway: SimGateway, path: str, token: str, surface: Surface = Surface.API) -> Any:
    """A GET's JSON."""
    answer = await gateway.request("GET", path, token, surface=surface)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("path", ["/api/jobs/", "/api/jobs/{name}", "/api/jobs/02000000"])
async def test_others_see_that_a_job_exists_and_no_more(gateway: SimGateway, path: str) -> None:
    name = await plant(gateway)
    whole = gateway.ray.jobs[name]
    for subject, role, sees in (
        ("bob", Role.SUBMITTER, False),
        ("vera", Role.VIEWER, False),
        ("alice", Role.SUBMITTER, True),
        ("olga", Role.OPERATOR, True),
    ):
        value = await get(gateway, path.format(name=name), gateway.token(subject, role))
        row = value[0] if isinstance(value, list) else value
        assert row.keys() == whole.keys()
        if sees:
            assert row == whole
        else:
            assert SECRET not in json.dumps(row)
            assert {key for key, item in row.items() if item} <= SHOWN
            assert row["entrypoint"] == ""


@pytest.mark.parametrize("path", ["/api/jobs/", "/api/jobs/{name}"])
@pytest.mark.parametrize(("subject", "role"), [("alice", Role.SUBMITTER), ("olga", Role.OPERATOR)])
async def test_the_dashboard_shows_no_values_of_variables(
    gateway: SimGateway, path: str, subject: str, role: Role
) -> None:
    name = await plant(gateway)
    token = gateway.token(subject, role, surface=Surface.DASHBOARD)
    value = await get(gateway, path.format(name=name), token, Surface.DASHBOARD)
    row = value[0] if isinstance(value, list) else value
    assert row["runtime_env"] == {"env_vars": {"KEY": "<redacted>"}}
    assert row["entrypoint"] == f"python {SECRET}"


async def test_jobs_without_a_good_stamp_are_the_operators(gateway: SimGateway) -> None:
    gateway.ray.jobs["raw-1"] = job_record("raw-1", entrypoint=SECRET)
    gateway.ray.drivers.append(job_record(None, job_id="03000000", entrypoint=SECRET))
    rows = await get(gateway, "/api/jobs/", gateway.token("alice"))
    assert len(rows) == 2
    assert SECRET not in json.dumps(rows)
    assert SECRET in json.dumps(await get(gateway, "/api/jobs/", gateway.token("olga", Role.OPERATOR)))


async def test_unknown_jobs(gateway: SimGateway) -> None:
    answer = await gateway.request("GET", "/api/jobs/nobody-1", gateway.token("alice"))
    assert (answer.status_code, answer.json()["error"]) == (404, "not_found")


async def test_a_polled_list_asks_ray_once(gateway: SimGateway) -> None:
    token = gateway.token("alice")
    for _ in range(20):
        await get(gateway, "/api/jobs/", token)
    assert sum(seen.path == "/api/jobs/" for seen in gateway.ray.seen) == 1
    name = await gateway.submit(token)
    assert [row["submission_id"] for row in await get(gateway, "/api/jobs/", token)] == [name]


@pytest.mark.parametrize("value", [{}, "x", [1], [["x"]], None])
async def test_an_answer_of_unknown_shape_is_not_passed_on(gateway: SimGateway, value: object) -> None:
    token = gateway.token("alice")
    await gateway.service.ray.session_name()
    gateway.ray.failing = Answer(value=value) if value is not None else Answer(text="not JSON")
    answer = await gateway.request("GET", "/api/jobs/", token)
    assert (answer.status_code, answer.json()["error"]) == (502, "ray_failed")


async def test_rays_own_models_read_what_is_left(gateway: SimGateway) -> None:
    """Ray's client validates each row: type and status as enumerations, entrypoint as a text."""
    await plant(gateway)
    (row,) = await get(gateway, "/api/jobs/", gateway.token("bob"))
    assert row["type"] in {"SUBMISSION", "DRIVER"}
    assert row["status"] in {"PENDING", "RUNNING", "STOPPED", "SUCCEEDED", "FAILED"}
    assert isinstance(row["entrypoint"], str)
    assert row["driver_info"] is None
    assert row["metadata"] is None
    assert row["runtime_env"] is None
