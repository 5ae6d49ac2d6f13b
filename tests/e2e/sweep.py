"""Every GET route of the catalogue, with every id an operator knows and the queries that change what Ray answers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import httpx2

from rayfence.catalog.routes import load_routes
from rayfence.model.routes import Backend, Route, Surface
from tests.e2e.stack import Person

#: What Ray itself answers more or less by, found in its source.
QUERIES: Final[dict[str, tuple[str, ...]]] = {
    "nodes.list": ("", "view=summary", "view=hostNameList", "view=details"),
    "events.list": ("", "job_id={driver}", "job_id={job}"),
    "logs.list": tuple(f"node_id={{node}}{glob}" for glob in ("", "&glob=*", "&glob=**/*", "&glob=job-driver-*")),
    "serve.apps.get": ("", "api_type=declarative", "api_type=imperative"),
    "state.tasks_summary": tuple(
        f"{filtered}{by}"
        for filtered in ("", "filter_keys=job_id&filter_predicates=%3D&filter_values={driver}&")
        for by in ("", "summary_by=func_name", "summary_by=task_name", "summary_by=lineage")
    ),
    "train.runs": ("", "limit=1000"),
}
_STATE: Final = ("", "detail=1", "detail=true&limit=10000", "exclude_driver=0&detail=1", "exclude_driver=false&limit=1")
_BY_JOB: Final = ("filter_keys=job_id&filter_predicates=%3D&filter_values={driver}&detail=1", "job_id={driver}")
#: Selectors of `/api/v0/logs/{file,stream}`: each way to name one log.
_LOGS: Final = (
    "submission_id={job}",
    "submission_id={driver}",
    "job_id={driver}",
    "filename=job-driver-{job}.log&node_id={node}",
    "filename=./job-driver-{job}.log&node_id={node}",
    "filename=job-driver-{job}.log&filename=job-driver-x.log&node_id={node}",
    "actor_id={actor}",
    "actor_id={actor}&suffix=err",
    "task_id={task}",
    "task_id={task}&suffix=err",
    "pid={pid}&node_id={node}",
    "filename={file}&node_id={node}",
)


@dataclass(frozen=True)
class Known:
    """Ids as an operator finds them, by the name a path or a query uses for them."""

    ids: dict[str, tuple[str, ...]]

    def fill(self, template: str) -> Iterator[str]:
        """The template with each known value in place of each name."""
        names = re.findall(r"{(\w+)}", template)
        if not names:
            yield template
            return
        for value in self.ids.get(names[0], ()):
            yield from self.fill(template.replace(f"{{{names[0]}}}", quote(value, safe="")))


def rows(person: Person, path: str) -> list[dict[str, Any]]:
    """Of the state API."""
    answer = person.http.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]["result"]["result"]
    return found


def known_to(operator: Person, job: str) -> Known:
    """Everything that names `job`, its processes and its logs."""
    driver = str(operator.job(job)["job_id"])
    mine = f"filter_keys=job_id&filter_predicates=%3D&filter_values={driver}"
    actors = rows(operator, f"/api/v0/actors?detail=1&{mine}")
    tasks = rows(operator, f"/api/v0/tasks?detail=1&limit=10000&{mine}")
    nodes = [str(row["node_id"]) for row in rows(operator, "/api/v0/nodes")]
    files: set[str] = set()
    for node in nodes:
        listed = operator.http.get(f"/api/v0/logs?node_id={node}&glob=*{driver}*").json()["data"]["result"]
        files |= {name for names in listed.values() for name in names}
    ids = {
        "job": (job,),
        "driver": (driver,),
        "node": tuple(nodes),
        "actor": tuple(str(row["actor_id"]) for row in actors),
        "task": tuple(str(row["task_id"]) for row in tasks),
        "pid": tuple({str(row["pid"]) for row in actors if row["pid"]}),
        "file": tuple(sorted(files)),
    }
    assert all(ids.values()), {name: len(values) for name, values in ids.items()}
    aliases = {
        "submission_id": (job, driver),
        "job_id": (driver, job),
        "node_id": ids["node"],
        "actor_id": ids["actor"],
        "package_name": (),
    }
    return Known({**ids, **aliases})


def targets(known: Known, surface: Surface, *, endless: bool = True) -> Iterator[tuple[Route, str]]:
    """Route and path with query, everything that can be asked by GET on `surface`; `endless`: streams as well."""
    for route in load_routes("2.60.0").routes:
        if "GET" not in route.methods or surface not in route.surfaces or route.websocket:
            continue
        if route.name == "logs.stream" and not endless:
            continue
        if route.backend not in (Backend.RAY, Backend.SERVICE) or route.name.startswith(("ui.", "login", "session")):
            continue
        for path in known.fill(route.path.replace("{rest...}", "")):
            for query in _queries(route):
                for filled in known.fill(query):
                    yield route, f"{path}?{filled}" if filled else path


def _queries(route: Route) -> tuple[str, ...]:
    if route.name in ("logs.file", "logs.stream"):
        return _LOGS
    if route.name in QUERIES:
        return QUERIES[route.name]
    if route.name.startswith("state."):
        return (*_STATE, *_BY_JOB)
    return ("", "detail=1")


def read(client: httpx2.Client, target: str, route: Route) -> tuple[int, str]:
    """Status and text. A stream that is allowed has no end: its first piece says enough."""
    if route.name != "logs.stream":
        answer = client.get(target)
        return answer.status_code, answer.text
    with client.stream("GET", target) as streamed:
        return streamed.status_code, next(streamed.iter_text(), "")
