"""Views: a planted secret is seen by its owner and by operators only."""

import json
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.principal import Principal
from rayfence.access.views import (
    UnknownShape,
    filter_answer,
    filter_events,
    filter_log_files,
    filter_row,
    filter_summary,
    job_of_log_file,
    job_of_row,
    permitted_filters,
)
from rayfence.catalog.roles import expand_role, load_matrix
from rayfence.catalog.routes import load_routes
from rayfence.model.routes import Role

MATRIX = load_matrix()
SECRET = "planted-8d1f"


def person(subject: str, role: Role = Role.SUBMITTER) -> Principal:
    return Principal(subject, frozenset(expand_role(role)), frozenset())


ANN, BOB, OPS = person("ann"), person("bob"), person("ops", Role.OPERATOR)


def owner_of(view: str, row: Mapping[str, object]) -> str | None:
    return {"ann-1": "ann", "01000000": "ann"}.get(job_of_row(view, row) or "")


JOB = {
    "type": "SUBMISSION",
    "job_id": "01000000",
    "submission_id": "ann-1",
    "driver_info": {"id": "01000000", "node_ip_address": SECRET, "pid": "1"},
    "status": "FAILED",
    "entrypoint": f"echo {SECRET}",
    "message": f"last logs: {SECRET}",
    "error_type": SECRET,
    "start_time": 1,
    "end_time": 2,
    "metadata": {"k": SECRET},
    "runtime_env": {"env_vars": {"K": SECRET}},
    "driver_agent_http_address": SECRET,
    "driver_node_id": "n",
    "driver_exit_code": 1,
}


def state(row: object) -> dict[str, object]:
    inner = {"total": 1, "num_after_truncation": 1, "num_filtered": 1, "result": [row], "partial_failure_warning": ""}
    return {"result": True, "msg": "", "data": {"result": {**inner, "extra": SECRET}}}


PROCESS = {
    "pid": 7,
    "cmdline": [SECRET],
    "cpuPercent": 1.0,
    "jobId": "01000000",
    "coreWorkerStats": [{"pid": 7, "x": SECRET}],
}
ACTOR = {
    "actorId": "a",
    "jobId": "01000000",
    "state": "DEAD",
    "exitDetail": SECRET,
    "reprName": SECRET,
    "callSite": SECRET,
    "processStats": {"pid": 7, "cmdline": ["python", SECRET]},
    "address": {"nodeId": "n"},
}
NODE = {
    "hostname": "h",
    "cmdline": [SECRET],
    "agent": {"pid": 1, "cmdline": [SECRET]},
    "raylet": {"nodeId": "n", "coreWorkersStats": [{"objectRefs": [SECRET]}], "state": "ALIVE"},
}
EVENT = {"eventId": "e", "severity": "ERROR", "message": SECRET, "customFields": {"submissionId": "ann-1"}}
SERVE = {
    "controller_info": {"actor_id": "c"},
    "http_options": {"host": "h", "port": 8000, "ssl_keyfile_password": SECRET},
    "applications": {
        "app": {
            "name": "app",
            "status": "RUNNING",
            "message": SECRET,
            "deployed_app_config": {"runtime_env": {"env_vars": {"K": SECRET}}, "args": {"k": SECRET}},
            "deployments": {
                "d": {
                    "name": "d",
                    "message": SECRET,
                    "replicas": [],
                    "deployment_config": {
                        "num_replicas": 1,
                        "user_config": SECRET,
                        "ray_actor_options": {"runtime_env": SECRET},
                        "autoscaling_config": {"min_replicas": 1, "policy": {"policy_kwargs": SECRET}},
                    },
                }
            },
        }
    },
}

ANSWERS: dict[str, object] = {
    "jobs.list": [JOB, {**JOB, "submission_id": None, "type": "DRIVER"}],
    "jobs.detail": JOB,
    "state.jobs": state(JOB),
    "state.actors": state(
        {"actor_id": "a", "job_id": "01000000", "name": SECRET, "class_name": SECRET, "death_cause": {"m": SECRET}}
    ),
    "state.tasks": state(
        {
            "task_id": "t",
            "job_id": "01000000",
            "name": SECRET,
            "func_or_class_name": SECRET,
            "error_message": SECRET,
            "runtime_env_info": {"serialized_runtime_env": SECRET},
            "profiling_data": {"events": [SECRET]},
            "events": [{"state": "FAILED", "created_ms": 1, "extra": SECRET}],
        }
    ),
    "state.placement_groups": state({"placement_group_id": "p", "creator_job_id": "01000000", "name": SECRET}),
    "state.workers": state({"worker_id": "w", "exit_detail": SECRET}),
    "state.cluster_events": state({"event_id": "e", "message": SECRET, "custom_fields": {"submission_id": "ann-1"}}),
    "state.tasks_timeline": [
        {"name": SECRET, "cat": SECRET, "ph": "X", "args": {"job_id": "01000000", "traceback": SECRET, "name": SECRET}}
    ],
    "state.platform_events": {"result": True, "msg": "", "data": {"events": [{"eventId": "e", "message": SECRET}]}},
    "nodes.list": {"result": True, "msg": "", "data": {"summary": [NODE], "nodeLogicalResources": {"n": "1/2 CPU"}}},
    "nodes.detail": {
        "result": True,
        "msg": "",
        "data": {"detail": {**NODE, "actors": {"a": ACTOR}, "workers": [PROCESS]}},
    },
    "actors.list": {"result": True, "msg": "", "data": {"actors": {"a": ACTOR, "b": None}}},
    "actors.detail": {"result": True, "msg": "", "data": {"detail": ACTOR}},
    "serve.apps.get": SERVE,
}


@pytest.mark.parametrize("route", sorted(ANSWERS))
def test_a_planted_secret_is_not_in_what_others_see(route: str) -> None:
    assert SECRET in json.dumps(ANSWERS[route])
    for caller in (BOB, person("vic", Role.VIEWER), person("", Role.VIEWER)):
        assert SECRET not in json.dumps(filter_answer(route, ANSWERS[route], caller, MATRIX, owner_of))
    assert filter_answer(route, ANSWERS[route], OPS, MATRIX, owner_of) is ANSWERS[route]


OWNED = ("jobs.detail", "state.jobs", "state.actors", "state.tasks", "state.tasks_timeline", "actors.detail")


@pytest.mark.parametrize("route", OWNED)
def test_the_owner_sees_all_of_it(route: str) -> None:
    assert json.dumps(filter_answer(route, ANSWERS[route], ANN, MATRIX, owner_of)).count(SECRET) >= 1


def test_every_view_of_the_catalogue_has_its_rows() -> None:
    views = {route.name for route in load_routes("2.60.0").routes if route.view}
    others = {"events.list", "logs.list", "state.actors_summary", "state.tasks_summary", "data.datasets"}
    assert views == {*ANSWERS, *others}


def test_others_jobs_show_id_status_and_times_and_stay_readable_by_rays_client() -> None:
    seen = filter_answer("jobs.detail", JOB, BOB, MATRIX, owner_of)
    assert seen == {
        **dict.fromkeys(JOB),
        "type": "SUBMISSION",
        "job_id": "01000000",
        "submission_id": "ann-1",
        "status": "FAILED",
        "start_time": 1,
        "end_time": 2,
        "entrypoint": "",
        "message": "",
        "error_type": "",
        "driver_agent_http_address": "",
        "driver_node_id": "",
    }


def test_what_the_page_needs_of_nodes_and_actors_stays() -> None:
    detail = filter_answer("nodes.detail", ANSWERS["nodes.detail"], BOB, MATRIX, owner_of)
    node = detail["data"]["detail"]  # type: ignore[index]
    assert node["hostname"] == "h" and node["cmdline"] == [] and node["raylet"]["nodeId"] == "n"
    assert node["workers"][0]["cmdline"] == [] and node["workers"][0]["coreWorkerStats"] == [{"pid": 7, "x": ""}]
    assert node["actors"]["a"]["address"] == {"nodeId": "n"} and node["actors"]["a"]["exitDetail"] == ""
    own = filter_answer("nodes.detail", ANSWERS["nodes.detail"], ANN, MATRIX, owner_of)
    inner = own["data"]["detail"]  # type: ignore[index]
    assert inner["workers"][0]["cmdline"] == [SECRET] and inner["cmdline"] == []


def test_other_views_of_a_route_keep_only_the_envelope() -> None:
    names = {"result": True, "msg": "", "data": {"hostNameList": ["h"], "other": SECRET}}
    assert filter_answer("nodes.list", names, BOB, MATRIX, owner_of) == {
        "result": True,
        "msg": "",
        "data": {"hostNameList": ["h"]},
    }


@pytest.mark.parametrize("answer", [None, "text", 5, [1], [[JOB]], ["x"]])
def test_an_unknown_shape_is_not_passed_on(answer: object) -> None:
    with pytest.raises(UnknownShape):
        filter_answer("jobs.list", answer, BOB, MATRIX, owner_of)
    for route in ("state.tasks", "nodes.detail", "actors.list"):
        with pytest.raises(UnknownShape):
            filter_answer(route, answer, BOB, MATRIX, owner_of)


def test_events_by_job_and_of_one_job() -> None:
    by_job = {"result": True, "msg": "", "data": {"events": {"global": [EVENT], "x": []}}}
    of_one = {"result": True, "msg": "", "data": {"jobId": "x", "events": [EVENT]}}
    for answer in (by_job, of_one):
        assert SECRET not in json.dumps(filter_events(answer, BOB, MATRIX, owner_of))
        assert filter_events(answer, ANN, MATRIX, owner_of) == answer
        assert filter_events(answer, OPS, MATRIX, owner_of) is answer
    with pytest.raises(UnknownShape):
        filter_events({"data": {"events": {"global": SECRET}}}, BOB, MATRIX, owner_of)


def test_log_files_are_cut_to_ones_own() -> None:
    answer = {"result": True, "msg": "", "data": {"result": {"driver": ["job-driver-ann-1.log", "x"], "raylet": ["r"]}}}
    mine = filter_log_files(answer, ANN, lambda name: job_of_log_file(name) == "ann-1")
    assert mine == {"result": True, "msg": "", "data": {"result": {"driver": ["job-driver-ann-1.log"], "raylet": []}}}
    assert filter_log_files(answer, OPS, lambda name: False) is answer
    with pytest.raises(UnknownShape):
        filter_log_files({"data": {"result": {"driver": SECRET}}}, ANN, lambda name: True)


@pytest.mark.parametrize("rows", [{SECRET: {"func_or_class_name": SECRET}}, [{"name": SECRET, "children": []}]])
def test_summaries_keep_totals_only(rows: object) -> None:
    whole = {"summary": rows, "total_tasks": 3, "summary_by": "func_name", "unknown": SECRET}
    answer = state({})
    answer["data"]["result"]["result"] = {"node_id_to_summary": {"cluster": whole}}  # type: ignore[index]
    seen = filter_summary(answer)
    assert SECRET not in json.dumps(seen)
    cluster = seen["data"]["result"]["result"]["node_id_to_summary"]["cluster"]  # type: ignore[index]
    assert cluster == {"summary": type(rows)(), "total_tasks": 3, "summary_by": "func_name"}
    with pytest.raises(UnknownShape):
        filter_summary({"data": {"result": {"result": {"node_id_to_summary": {"cluster": SECRET}}}}})


def test_the_timelines_own_names_stay() -> None:
    row = {"name": "process_name", "ph": "M", "pid": 0, "args": {"name": "Node 0"}}
    assert filter_answer("state.tasks_timeline", [row], BOB, MATRIX, owner_of) == [row]


@pytest.mark.parametrize(
    ("name", "job"),
    [
        ("job-driver-ann-1.log", "ann-1"),
        ("worker-00ff-01000000-123.out", "01000000"),
        ("worker-00ff-01000000-123.err", "01000000"),
        ("job-driver-../x.log", None),
        ("old/job-driver-ann-1.log", None),
        ("job-driver-ann-1.log.1", None),
        ("gcs_server.out", None),
        ("", None),
    ],
)
def test_log_names(name: str, job: str | None) -> None:
    assert job_of_log_file(name) == job


def test_filters_on_withheld_fields_are_not_permitted() -> None:
    assert permitted_filters("task", ["state", "JOB_ID"], MATRIX)
    assert not permitted_filters("actor", ["state", "repr_name"], MATRIX)
    assert not permitted_filters("job", ["entrypoint"], MATRIX)
    assert permitted_filters("job", [], MATRIX)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.just(SECRET),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["env_vars", "metadata", "entrypoint", "x", "message", "cmdline"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(sorted(name for name, _ in MATRIX.visible_fields)), JSON)
def test_no_nesting_smuggles_a_secret_out(view: str, row: object) -> None:
    """Whatever lies below a withheld name is gone; only names of the matrix open anything."""
    try:
        seen = filter_row(view, row, BOB, MATRIX, owner_of)
    except UnknownShape:
        return
    assert SECRET not in json.dumps(seen)
