"""Ray's state: own rows whole, others' rows cut, no oracle by filters, no answer of unknown shape.

Subject: `rayfence.gateway.jobs.state`, driven through the whole service.
"""

import json
from typing import Any

import pytest

from rayfence.model.routes import Role, Surface
from tests.sim.gateway import SimGateway
from tests.sim.ray_dashboard import Answer, job_record, reply

pytestmark = pytest.mark.anyio
SECRET = "s3cret"


async def populate(gateway: SimGateway) -> str:
    """A job of alice's with traces in every part of Ray's state; its id."""
    ray = gateway.ray
    name = await gateway.submit(gateway.token("alice"), runtime_env={"env_vars": {"KEY": SECRET}})
    ray.jobs[name]["job_id"] = "02000000"
    environment = json.dumps({"env_vars": {"KEY": SECRET}})
    ray.states["tasks"] = [
        {
            "task_id": "t1",
            "job_id": "02000000",
            "name": f"f-{SECRET}",
            "error_message": SECRET,
            "runtime_env_info": {"x": SECRET},
        },
        {"task_id": "t2", "job_id": "09000000", "name": "g", "error_message": SECRET, "runtime_env_info": None},
    ]
    ray.states["actors"] = [
        {
            "actor_id": "a1",
            "job_id": "02000000",
            "class_name": f"C{SECRET}",
            "serialized_runtime_env": environment,
            "death_cause": {"x": SECRET},
        },
    ]
    ray.states["workers"] = [{"worker_id": "w1", "pid": 7, "exit_detail": SECRET}]
    event = {"event_id": "e1", "message": SECRET, "custom_fields": {"submission_id": name}}
    ray.states["cluster_events"] = [event]
    ray.events = {"global": [event]}
    ray.states["placement_groups"] = [{"placement_group_id": "p1", "creator_job_id": "02000000", "name": SECRET}]
    ray.timeline = [{"cat": "task", "name": SECRET, "args": {"job_id": "02000000", "traceback": SECRET}}]
    ray.actors = {
        "a1": {"actorId": "a1", "jobId": "02000000", "exitDetail": SECRET, "processStats": {"cmdline": [SECRET]}}
    }
    worker = {
        "pid": 7,
        "jobId": "02000000",
        "cmdline": [SECRET],
        "coreWorkerStats": [{"pid": 7, "objectRefs": [SECRET]}],
    }
    ray.nodes = {
        "n1": {
            "hostname": "h",
            "cmdline": [SECRET],
            "actors": dict(ray.actors),
            "workers": [worker],
            "raylet": {"nodeId": "n1"},
        }
    }
    ray.log_files = {"driver": [f"job-driver-{name}.log", "job-driver-other-1.log"], "gcs_server": ["gcs_server.out"]}
    return name


PATHS = (
    "/api/v0/tasks?detail=1&limit=100",
    "/api/v0/actors?detail=1",
    "/api/v0/jobs",
    "/api/v0/placement_groups",
    "/api/v0/tasks/summarize?filter_keys=job_id&filter_predicates=%3D&filter_values=02000000",
    "/api/v0/actors/summarize?filter_keys=job_id&filter_predicates=%3D&filter_values=02000000",
    "/api/data/datasets/02000000",
    "/api/v0/workers?detail=1",
    "/api/v0/cluster_events",
    "/api/v0/tasks/timeline?job_id=02000000",
    "/logical/actors",
    "/logical/actors?ids=a1",
    "/logical/actors/a1",
    "/nodes?view=summary",
    "/nodes/n1",
    "/events",
)


async def get(gateway: SimGateway, path: str, token: str, surface: Surface = Surface.API) -> Any:
    """A GET's JSON."""
    answer = await gateway.request("GET", path, token, surface=surface)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("surface", [Surface.API, Surface.DASHBOARD])
@pytest.mark.parametrize("path", PATHS)
async def test_a_stranger_reads_no_secret_anywhere(gateway: SimGateway, path: str, surface: Surface) -> None:
    await populate(gateway)
    for subject, role in (("bob", Role.SUBMITTER), ("vera", Role.VIEWER)):
        value = await get(gateway, path, gateway.token(subject, role, surface=surface), surface)
        assert SECRET not in json.dumps(value)
        assert value


@pytest.mark.parametrize("path", [path for path in PATHS if "workers" not in path and "view=summary" not in path])
async def test_owner_and_operator_read_their_rows_whole(gateway: SimGateway, path: str) -> None:
    await populate(gateway)
    assert SECRET in json.dumps(await get(gateway, path, gateway.token("alice")))
    assert SECRET in json.dumps(await get(gateway, path, gateway.token("olga", Role.OPERATOR)))


async def test_the_owners_eye_does_not_reach_other_rows(gateway: SimGateway) -> None:
    await populate(gateway)
    rows = (await get(gateway, "/api/v0/tasks?detail=1", gateway.token("alice")))["data"]["result"]["result"]
    assert [row["error_message"] for row in rows] == [SECRET, ""]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("filter_keys=job_id&filter_predicates=%3D&filter_values=02000000", 200),
        ("filter_keys=STATE&filter_predicates=%3D&filter_values=x", 200),
        ("filter_keys=error_message&filter_predicates=%3D&filter_values=s3cret", 403),
        ("filter_keys=%65rror_message&filter_predicates=%3D&filter_values=s3cret", 403),
        ("filter_keys=state&filter_keys=error_message&filter_values=x&filter_values=y", 403),
        ("filter_keys=Error_Message&filter_predicates=%3D&filter_values=s3cret", 403),
        ("filter_keys=%ff", 400),
        ("&".join(["limit=1"] * 200), 400),
    ],
)
async def test_filters_answer_no_guesses(gateway: SimGateway, query: str, status: int) -> None:
    await populate(gateway)
    before = len(gateway.ray.seen)
    answer = await gateway.request("GET", f"/api/v0/tasks?{query}", gateway.token("bob"))
    assert answer.status_code == status
    if status != 200:
        assert len(gateway.ray.seen) == before
    if status == 403:
        olga = gateway.token("olga", Role.OPERATOR)
        assert (await gateway.request("GET", f"/api/v0/tasks?{query}", olga)).status_code == 200


async def test_ray_reads_the_query_that_was_checked(gateway: SimGateway) -> None:
    await populate(gateway)
    await get(gateway, "/api/v0/tasks?detail=1;filter_keys=x&a=%41&b", gateway.token("bob"))
    asked = next(seen for seen in gateway.ray.seen if seen.path == "/api/v0/tasks")
    assert asked.query == "detail=1%3Bfilter_keys%3Dx&a=A&b="


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?filter_keys=job_id&filter_predicates=%3D&filter_values=09000000",
        "?filter_keys=job_id&filter_predicates=!%3D&filter_values=02000000",
        "?filter_keys=state&filter_predicates=%3D&filter_values=02000000",
        "?filter_keys=state&filter_keys=job_id&filter_predicates=%3D&filter_values=02000000",
        "?job_id=02000000",
    ],
)
@pytest.mark.parametrize("kind", ["tasks", "actors"])
async def test_a_summary_is_whole_only_for_one_job_of_ones_own(gateway: SimGateway, kind: str, query: str) -> None:
    await populate(gateway)
    token = gateway.token("alice")
    path = f"/api/v0/{kind}/summarize"
    assert SECRET not in json.dumps(await get(gateway, f"{path}{query}", token))
    assert SECRET in json.dumps(await get(gateway, f"{path}{query}", gateway.token("olga", Role.OPERATOR)))


@pytest.mark.parametrize(
    ("kind", "field"),
    [("tasks", "name"), ("tasks", "func_or_class_name"), ("actors", "class_name"), ("actors", "name")],
)
async def test_a_summarys_totals_answer_no_guesses_about_names(gateway: SimGateway, kind: str, field: str) -> None:
    """A count of one or none would say whether a name is somebody's."""
    await populate(gateway)
    guess = f"filter_keys={field}&filter_predicates=%3D&filter_values=f"
    for own in ("", "&filter_keys=job_id&filter_predicates=%3D&filter_values=09000000"):
        for role in (Role.VIEWER, Role.SUBMITTER):
            refused = await gateway.request("GET", f"/api/v0/{kind}/summarize?{guess}{own}", gateway.token("bob", role))
            assert (refused.status_code, refused.json()["required"]) == (403, "operator")


async def test_datasets_are_of_ones_own_jobs(gateway: SimGateway) -> None:
    await populate(gateway)
    operator, bob = gateway.token("olga", Role.OPERATOR), gateway.token("bob")
    assert await get(gateway, "/api/data/datasets/02000000", bob) == {"datasets": []}
    assert SECRET in json.dumps(await get(gateway, "/api/data/datasets/02000000", operator))
    assert await get(gateway, "/api/data/datasets/noray", operator) == {"datasets": []}
    gateway.ray.failing = Answer(503, text="something else")
    refused = await gateway.request("GET", "/api/data/datasets/02000000", operator)
    assert refused.status_code == 502


@pytest.mark.parametrize("path", ["/api/grafana_health", "/api/prometheus_health"])
async def test_no_metrics_server_is_an_answer(gateway: SimGateway, path: str) -> None:
    """Status 200: a browser's console shows every 500, on every page."""
    assert await get(gateway, path, gateway.token("vera", Role.VIEWER)) == {
        "result": False,
        "msg": "not set up",
        "data": {},
    }
    gateway.ray.failing = Answer(500, text="Traceback")
    refused = await gateway.request("GET", path, gateway.token("vera", Role.VIEWER))
    assert (refused.status_code, refused.json()["error"]) == (502, "ray_failed")


async def test_the_dashboard_asks_ray_to_mask(gateway: SimGateway) -> None:
    await populate(gateway)
    token = gateway.token("olga", Role.OPERATOR, surface=Surface.DASHBOARD)
    assert SECRET not in json.dumps(await get(gateway, "/api/v0/jobs", token, Surface.DASHBOARD))


async def test_a_list_of_log_files_holds_ones_own(gateway: SimGateway) -> None:
    name = await populate(gateway)
    path = "/api/v0/logs?node_id=n1&glob=*"
    shown = (await get(gateway, path, gateway.token("alice")))["data"]["result"]
    assert shown == {"driver": [f"job-driver-{name}.log"], "gcs_server": []}
    assert (await get(gateway, path, gateway.token("bob")))["data"]["result"] == {"driver": [], "gcs_server": []}
    assert len((await get(gateway, path, gateway.token("olga", Role.OPERATOR)))["data"]["result"]["driver"]) == 2
    refused = await gateway.request("GET", "/api/v0/logs", gateway.token("alice"))
    assert refused.status_code == 400
    assert "node id" in refused.json()["message"]


async def test_a_download_of_the_timeline(gateway: SimGateway) -> None:
    await populate(gateway)
    answer = await gateway.request("GET", "/api/v0/tasks/timeline?download=1", gateway.token("alice"))
    assert answer.headers["content-disposition"].startswith("attachment")


async def test_platform_events_are_absent_unless_ray_has_them(gateway: SimGateway) -> None:
    bob = gateway.token("bob")
    assert (await gateway.request("GET", "/api/v0/platform_events", bob)).status_code == 404
    gateway.ray.platform_events = [
        {"eventId": "p1", "message": SECRET, "platformEvent": {"message": SECRET, "reason": "r"}}
    ]
    shown = await get(gateway, "/api/v0/platform_events", bob)
    assert SECRET not in json.dumps(shown)
    assert shown["data"]["events"][0]["eventId"] == "p1"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(value=[]),
        Answer(value="x"),
        Answer(text="x"),
        reply("", result={"result": 3}),
        reply("", result={"result": [3]}),
    ],
)
async def test_unknown_shapes_are_not_passed_on(gateway: SimGateway, answer: Answer) -> None:
    await gateway.service.records.listing()
    gateway.ray.failing = answer
    refused = await gateway.request("GET", "/api/v0/tasks", gateway.token("bob"))
    assert (refused.status_code, refused.json()["error"]) == (502, "ray_failed")


async def test_rays_errors_keep_their_reason_and_lose_their_place(gateway: SimGateway) -> None:
    text = 'Traceback (most recent call last):\n  File "/srv/x.py", line 1, in f\nValueError: Given limit 99999 exceeds'
    gateway.ray.failing = reply(text, status=500, result=None)
    refused = await gateway.request("GET", "/api/v0/tasks", gateway.token("bob"))
    assert (refused.status_code, refused.json()["message"]) == (502, "Ray failed: Given limit 99999 exceeds.")


async def test_drivers_that_are_not_of_a_submission_are_nobodys(gateway: SimGateway) -> None:
    await populate(gateway)
    gateway.ray.drivers.append(job_record(None, job_id="09000000", entrypoint=SECRET))
    rows = (await get(gateway, "/api/v0/jobs", gateway.token("alice")))["data"]["result"]["result"]
    assert [row["entrypoint"] for row in rows] == ["true", ""]
