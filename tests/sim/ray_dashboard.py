"""Ray's dashboard (port 8265) in memory: the Jobs API, packages, and as much of the state API as the gateway asks.

Statuses, shapes and the wording of errors copy Ray 2.60.0, tracebacks included; `tests/sim/test_ray_dashboard.py`
runs the same assertions against real Ray. An ASGI application: behind `httpx2.ASGITransport` in one process, behind
uvicorn in another. Every request is kept in `seen`, so that a test can prove that nothing reached Ray.
"""

import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

SUBMIT_FIELDS = (
    *("entrypoint", "submission_id", "job_id", "runtime_env", "metadata", "entrypoint_num_cpus", "entrypoint_num_gpus"),
    *("entrypoint_memory", "entrypoint_resources", "entrypoint_label_selector"),
)
TERMINAL = {"STOPPED", "SUCCEEDED", "FAILED"}
BROWSER_HEADERS = {"referer", "origin", "sec-fetch-mode", "sec-fetch-dest", "sec-fetch-site", "sec-fetch-user"}


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    """One answer. `text` for Ray's plain answers, `value` for its JSON ones."""

    status: int = 200
    value: object = None
    text: str = ""


def job_record(submission_id: str | None, **members: Any) -> dict[str, Any]:
    """A row of `/api/jobs/` with Ray's members in Ray's order."""
    record: dict[str, Any] = {
        "type": "SUBMISSION" if submission_id else "DRIVER",
        "job_id": None,
        "submission_id": submission_id,
        "driver_info": None,
        "status": "PENDING",
        "entrypoint": "",
        "message": "Job has not started yet.",
        "error_type": None,
        "start_time": int(time.time() * 1000),
        "end_time": None,
        "metadata": {},
        "runtime_env": {},
        "driver_agent_http_address": "http://127.0.0.1:52365",
        "driver_node_id": "a" * 56,
        "driver_exit_code": None,
    }
    return {**record, **members}


@dataclass
class SimRay:
    """The dashboard's state; tests read and change it directly."""

    token: str = "ray-token"
    session_name: str = "session_2026-11-25_15-00-00_000000_1"
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    drivers: list[dict[str, Any]] = field(default_factory=list)
    packages: dict[str, bytes] = field(default_factory=dict)
    states: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    actors: dict[str, dict[str, Any]] = field(default_factory=dict)
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    log_files: dict[str, list[str]] = field(default_factory=dict)
    timeline: list[dict[str, Any]] = field(default_factory=list)
    platform_events: list[dict[str, Any]] | None = None
    serve: dict[str, Any] = field(default_factory=lambda: {"applications": {}, "target_capacity": None})
    seen: list[Seen] = field(default_factory=list)
    failing: Answer | None = None  # answered to everything, when set

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        seen = Seen(scope["method"], scope["raw_path"].decode(), scope["query_string"].decode(), headers, body)
        self.seen.append(seen)
        answer = self.answer(seen)
        content = answer.text.encode() if answer.value is None else json.dumps(answer.value).encode()
        kind = b"text/plain; charset=utf-8" if answer.value is None else b"application/json; charset=utf-8"
        await send({"type": "http.response.start", "status": answer.status, "headers": [(b"content-type", kind)]})
        await send({"type": "http.response.body", "body": b"" if seen.method == "HEAD" else content})

    def writes(self) -> list[Seen]:
        """Requests that change something."""
        return [seen for seen in self.seen if seen.method not in {"GET", "HEAD"}]

    def answer(self, seen: Seen) -> Answer:  # noqa: PLR0912 - one case per route
        """What Ray would answer."""
        authorization = seen.headers.get("authorization")
        if authorization is None:
            return Answer(401, text="Unauthorized: Missing authentication token")
        if authorization != f"Bearer {self.token}":
            return Answer(403, text="Forbidden: Invalid authentication token")
        browser = seen.headers.get("user-agent", "").startswith("Mozilla") or bool(BROWSER_HEADERS & set(seen.headers))
        if browser and seen.method not in {"GET", "HEAD", "OPTIONS"}:
            return Answer(405, text=f"'{seen.method}' method not allowed for browser traffic.")
        if self.failing is not None:
            return self.failing
        parts = [unquote(part) for part in seen.path.split("/")[1:]]
        query = parse_qsl(seen.query, keep_blank_values=True)
        match (seen.method, parts):
            case ("GET", ["api", "version"]):
                return Answer(
                    value={
                        "version": "4",
                        "ray_version": "2.60.0",
                        "ray_commit": "c" * 40,
                        "session_name": self.session_name,
                    }
                )
            case (_, ["api", "jobs", *rest]):
                return self._jobs(seen, rest, browser)
            case (_, ["api", "packages", protocol, name]):
                return self._package(seen, f"{protocol}://{name}")
            case ("GET", ["api", "v0", *rest]):
                return self._state(rest, query, browser)
            case ("GET", ["logical", "actors", *rest]):
                return self._actors(rest, query)
            case ("GET", ["nodes", *rest]):
                return self._nodes(rest)
            case ("GET", ["api", "grafana_health" | "prometheus_health"]):
                return reply("Grafana healthcheck failed", status=500, exception="ClientConnectorError('127.0.0.1')")
            case ("GET", ["api", "data", "datasets", "noray"]):
                return Answer(503, text="No module named 'pandas'")
            case ("GET", ["api", "data", "datasets", job]):
                return Answer(value={"datasets": [{"dataset": f"of {job}", "operators": [{"operator": "s3cret"}]}]})
            case ("GET", ["events"]):
                return reply("All events fetched.", events=self.events)
            case (_, ["api", "serve", "applications", ""]):
                return self._serve(seen)
            case ("POST", ["api", "v1", "applications", _, "deployments", _, "scale"]):
                return Answer(503, value={"error": "Serve controller is not available"})
        return Answer(404, text="404: Not Found")

    def _jobs(self, seen: Seen, rest: list[str], browser: bool) -> Answer:
        match (seen.method, rest):
            case ("GET", [""]):
                rows = [*self.jobs.values(), *self.drivers]
                return Answer(value=[masked(row) if browser else row for row in rows])
            case ("POST", [""]):
                return self._submit(seen.body)
            case ("GET", [name]):
                found = self.find(name)
                if found is None:
                    return Answer(404, text=f"Job {name} does not exist")
                return Answer(value=masked(found) if browser else found)
            case ("POST", [name, "stop"]):
                return self._stop(name)
            case ("DELETE", [name]):
                return self._delete(name)
        return Answer(404, text="404: Not Found")

    def find(self, name: str) -> dict[str, Any] | None:
        """A job by submission id, or by the id of its driver; Ray takes both."""
        for row in self.drivers:
            if row["job_id"] == name:
                return row
        for row in self.jobs.values():
            if row["job_id"] == name:
                return row
        return self.jobs.get(name)

    def _submit(self, body: bytes) -> Answer:
        try:
            value = {key: item for key, item in json.loads(body).items() if item is not None}
        except ValueError:
            return Answer(500, text="500 Internal Server Error\n\nServer got itself in trouble")
        unknown = sorted(set(value) - set(SUBMIT_FIELDS))
        if unknown:
            return Answer(
                400,
                text=traced(
                    f"TypeError: JobSubmitRequest.__init__() got an unexpected keyword argument '{unknown[0]}'"
                ),
            )
        if not isinstance(value.get("entrypoint"), str):
            return Answer(
                400,
                text=traced(
                    "TypeError: JobSubmitRequest.__init__() missing 1 required positional argument: 'entrypoint'"
                ),
            )
        name = value.get("submission_id") or value.get("job_id") or f"raysubmit_{len(self.jobs):016d}"
        if name in self.jobs:
            return nested(
                400, f"ValueError: Job with submission_id {name} already exists. Please use a different submission_id."
            )
        self.jobs[name] = job_record(
            name,
            entrypoint=value["entrypoint"],
            metadata=value.get("metadata") or {},
            runtime_env=value.get("runtime_env") or {},
        )
        return Answer(value={"job_id": name, "submission_id": name})

    def _stop(self, name: str) -> Answer:
        found = self.find(name)
        if found is None:
            return Answer(404, text=f"Job {name} does not exist")
        if found["type"] != "SUBMISSION":
            return Answer(400, text="Can only stop submission type jobs")
        stopped = found["status"] not in TERMINAL
        if stopped:
            found.update(status="STOPPED", end_time=int(time.time() * 1000), message="Job was intentionally stopped.")
        return Answer(value={"stopped": stopped})

    def _delete(self, name: str) -> Answer:
        found = self.find(name)
        if found is None:
            return Answer(404, text=f"Job {name} does not exist")
        if found["type"] != "SUBMISSION":
            return Answer(400, text="Can only delete submission type jobs")
        if found["status"] not in TERMINAL:
            return nested(
                500,
                f"RuntimeError: Attempted to delete job '{name}', but it is in a non-terminal state {found['status']}.",
            )
        del self.jobs[found["submission_id"]]
        return Answer(value={"deleted": True})

    def _package(self, seen: Seen, uri: str) -> Answer:
        if seen.method == "PUT":
            self.packages[uri] = seen.body  # whatever was there before: Ray overwrites
            return Answer()
        return Answer() if uri in self.packages else Answer(404, text=f"Package {uri} does not exist")

    def _state(self, rest: list[str], query: list[tuple[str, str]], browser: bool) -> Answer:
        values = dict(reversed(query))
        match rest:
            case ["logs"]:
                if not values.get("node_id") and not values.get("node_ip"):
                    return reply(
                        "Both node id and node ip are not provided. Please provide at least one of them.",
                        status=400,
                        result=None,
                    )
                return reply("", result=self.log_files)
            case ["tasks", "timeline"]:
                return Answer(value=self.timeline)
            case ["tasks", "summarize"]:
                return summarized(self.states.get("tasks", []), "name", "func_name", "total_tasks")
            case ["actors", "summarize"]:
                return summarized(self.states.get("actors", []), "class_name", "class", "total_actors")
            case ["platform_events"]:
                if self.platform_events is None:
                    return Answer(404, text="404: Not Found")
                return reply("Retrieved platform events", events=self.platform_events)
            case ["jobs"]:
                return listing([*self.jobs.values(), *self.drivers], query, browser)
            case [kind]:
                return listing(self.states.get(kind, []), query, browser)
        return Answer(404, text="404: Not Found")

    def _actors(self, rest: list[str], query: list[tuple[str, str]]) -> Answer:
        if rest:
            if rest[0] not in self.actors:
                return reply("Actor details fetched.", detail=None)
            return reply("Actor details fetched.", detail=self.actors[rest[0]])
        wanted = dict(query).get("ids")
        rows = self.actors if wanted is None else {name: self.actors.get(name) for name in wanted.split(",")}
        return reply("All actors fetched.", actors=rows)

    def _nodes(self, rest: list[str]) -> Answer:
        if rest:
            return reply(
                "Node details fetched.", detail=self.nodes.get(rest[0], {"raylet": {}, "actors": {}, "workers": []})
            )
        summary = [
            {key: value for key, value in node.items() if key not in {"workers", "actors"}}
            for node in self.nodes.values()
        ]
        return reply("Node summary fetched.", summary=summary, nodeLogicalResources={})

    def _serve(self, seen: Seen) -> Answer:
        if seen.method == "GET":
            return Answer(value=self.serve)
        if seen.method == "DELETE":
            self.serve = {"applications": {}}
            return Answer()
        try:
            applications = json.loads(seen.body)["applications"]
        except (ValueError, KeyError, TypeError):
            problem = "applications\n  Field required [type=missing, input_value={'apps': []}, input_type=dict]"
            more = "    For further information visit https://errors.pydantic.dev/2.14/v/missing"
            return Answer(400, text=f"1 validation error for ServeDeploySchema\n{problem}\n{more}")
        self.serve = {"applications": {item["name"]: item for item in applications}}
        return Answer()


def reply(message: str, *, status: int = 200, **data: object) -> Answer:
    """The envelope of Ray's REST answers."""
    return Answer(status, value={"result": status == 200, "msg": message, "data": data})


def listing(rows: list[dict[str, Any]], query: list[tuple[str, str]], browser: bool) -> Answer:
    """A list of the state API, filtered as Ray filters: `=` and `!=`, case-insensitive."""
    keys, predicates, values = (
        [value for name, value in query if name == f"filter_{part}"] for part in ("keys", "predicates", "values")
    )
    kept = rows
    for key, predicate, value in zip(keys, predicates, values, strict=False):
        equal = predicate == "="
        kept = [row for row in kept if (str(row.get(key.lower())).lower() == value.lower()) is equal]
    shown = [masked(row) if browser else row for row in kept]
    result = {"total": len(rows), "num_after_truncation": len(rows), "num_filtered": len(kept), "result": shown}
    return reply("", result={**result, "partial_failure_warning": "", "warnings": None})


def summarized(rows: list[dict[str, Any]], field: str, by: str, total: str) -> Answer:
    """Counts of the state API by the name in `field`."""
    names: dict[str, Any] = {row[field]: {"state_counts": {}} for row in rows}
    cluster = {"summary": names, total: len(names), "summary_by": by}
    return reply("", result={"total": len(names), "result": {"node_id_to_summary": {"cluster": cluster}}})


def masked(row: dict[str, Any]) -> dict[str, Any]:
    """A row as browsers see it: the values of `env_vars` blanked."""
    environment = row.get("runtime_env")
    if not isinstance(environment, dict) or not isinstance(environment.get("env_vars"), dict):
        return row
    return {**row, "runtime_env": {**environment, "env_vars": dict.fromkeys(environment["env_vars"], "<redacted>")}}


def traced(last: str) -> str:
    """A traceback as Ray puts it into bodies."""
    place = '  File "/opt/venv/lib/python3.11/site-packages/ray/x.py", line 9, in f'
    return f"Traceback (most recent call last):\n{place}\n    g()\n{last}\n"


def nested(status: int, last: str) -> Answer:
    """The head's 500 around the agent's answer."""
    return Answer(500, text=traced(f"RuntimeError: Request failed with status code {status}: {traced(last)}."))


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
