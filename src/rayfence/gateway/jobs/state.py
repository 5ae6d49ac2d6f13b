"""Ray's state as callers may see it: asked of Ray as they asked, then cut to their own rows and everybody's harmless
fields.

1. Read the query; refuse filters on fields that are withheld: a match would answer a guess about them.
2. Ask Ray with the query written anew, so that Ray reads what was checked here.
3. Find each row's job, and the job's owner (`jobs.records`).
4. Filter (`access.views`). An answer of unknown shape is not passed on.

Leaves out jobs themselves (`jobs.read`) and log text, which never comes this way.
"""

import logging
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import QueryParams
from starlette.responses import Response

from rayfence.access.views import (
    OwnerOf,
    UnknownShape,
    filter_answer,
    filter_events,
    filter_log_files,
    filter_summary,
    job_of_row,
    permitted_filters,
)
from rayfence.gateway.answers import Refused, answer
from rayfence.gateway.jobs.records import Listing
from rayfence.gateway.ray import MASKED, RayAnswer, json_value
from rayfence.gateway.service import Call, Handler, Service
from rayfence.model.routes import Role, Surface

LOGGER = logging.getLogger(__name__)

#: Views whose rows name the submission; all others name the driver.
_BY_SUBMISSION: Final = frozenset({"job", "event"})

#: What Ray says about datasets where Ray Data is not installed.
_NO_RAY_DATA: Final = "No module named"

_DRIVER_LOG: Final = re.compile(r"job-driver-([A-Za-z0-9_-]+)\.log")


async def view_state(service: Service, call: Call) -> Response:
    """Any route with a `view` whose rows `access.views` knows."""
    result, listing = await _fetch(service, call)
    owner_of = _owners(listing)
    try:
        shown = filter_answer(call.route.name, json_value(result), call.caller, service.matrix, owner_of)
    except UnknownShape as error:
        raise unknown_shape(call, error) from error
    return answer(shown)


async def view_timeline(service: Service, call: Call) -> Response:
    """GET /api/v0/tasks/timeline, which browsers may download."""
    response = await view_state(service, call)
    if call.request.query_params.get("download") == "1":
        response.headers["content-disposition"] = 'attachment; filename="timeline.json"'
    return response


async def view_events(service: Service, call: Call) -> Response:
    """GET /events: lists by job, or one list."""
    result, listing = await _fetch(service, call)
    try:
        return answer(filter_events(json_value(result), call.caller, service.matrix, _owners(listing)))
    except UnknownShape as error:
        raise unknown_shape(call, error) from error


async def view_log_files(service: Service, call: Call) -> Response:
    """GET /api/v0/logs: the names of one's own jobs' logs; operators see all."""
    result, listing = await _fetch(service, call)

    def owned(name: str) -> bool:
        found = _DRIVER_LOG.fullmatch(name)
        return found is not None and listing.by_submission.get(found.group(1)) == call.caller.subject

    try:
        return answer(filter_log_files(json_value(result), call.caller, owned))
    except UnknownShape as error:
        raise unknown_shape(call, error) from error


async def view_summary(service: Service, call: Call) -> Response:
    """GET /api/v0/{tasks,actors}/summarize: whole where the query asks for one of the caller's own jobs."""
    result, listing = await _fetch(service, call)
    own = {job for job, owner in listing.by_driver.items() if owner == call.caller.subject}
    if call.caller.operator or own & set(_filtered_jobs(call.request.query_params)):
        return answer(json_value(result))
    try:
        return answer(filter_summary(json_value(result)))
    except UnknownShape as error:
        raise unknown_shape(call, error) from error


async def view_datasets(service: Service, call: Call) -> Response:
    """GET /api/data/datasets/{job_id}: of one's own jobs; of others' there are none."""
    if not call.caller.operator:
        listing = await service.records.listing()
        if listing.by_driver.get(call.params["job_id"]) != call.caller.subject:
            return answer({"datasets": []})
    try:
        result, _ = await _fetch(service, call)
    except Refused as refused:
        if _NO_RAY_DATA in refused.message:
            return answer({"datasets": []})  # the page of every job asks this every five seconds
        raise
    return answer(json_value(result))


async def view_health(service: Service, call: Call) -> Response:
    """GET /api/{grafana,prometheus}_health: that there is none is news of status 500 to Ray, and none to the page."""
    result = await service.ray.request("GET", call.request.url.path)
    if result.status == 500 and _says_no(result):
        return answer({"result": False, "msg": "not set up", "data": {}})
    result.refuse_failure()
    return answer(json_value(result))


def _says_no(result: RayAnswer) -> bool:
    try:
        value = json_value(result)
    except Refused:
        return False
    return isinstance(value, dict) and value.get("result") is False


def _filtered_jobs(query: QueryParams) -> list[str]:
    """Jobs that every row of the answer belongs to, by the query's filters: all filters must hold."""
    parts = zip(*(query.getlist(f"filter_{part}") for part in ("keys", "predicates", "values")), strict=False)
    return [value for key, predicate, value in parts if key == "job_id" and predicate == "="]


async def _fetch(service: Service, call: Call) -> tuple[RayAnswer, Listing]:
    query = checked_query(service, call)
    path = call.request.scope["raw_path"].decode("latin-1")
    headers = MASKED if call.surface is Surface.DASHBOARD else None
    result = await service.ray.request("GET", path, query=query, headers=headers)
    result.refuse_failure()
    # After Ray's answer: a job that is in it is in the list, too, or is shown as nobody's.
    return result, EMPTY if call.caller.operator else await service.records.listing()


def checked_query(service: Service, call: Call) -> str:
    """The query for Ray. Raises Refused: 400 when it can't be read, 403 for a filter on what the caller may not see."""
    raw = call.request.scope["query_string"]
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except (ValueError, UnicodeDecodeError) as error:
        raise Refused(400, "bad_request", "the query can't be read") from error
    if not call.caller.operator:
        keys = [value for name, value in pairs if name == "filter_keys"]
        if not permitted_filters(call.route.view, keys, service.matrix):
            raise Refused(
                403,
                "forbidden",
                "only operators may filter on fields that are hidden from others",
                required=Role.OPERATOR.value,
            )
    return urlencode(pairs)


def unknown_shape(call: Call, error: UnknownShape) -> Refused:
    """502: what Ray said is not what this version says; the reason goes to the log only."""
    LOGGER.error("Ray's answer to %s has an unknown shape: %s", call.route.name, error)
    return Refused(502, "ray_failed", "Ray's answer has an unknown shape and was not passed on")


def _owners(listing: Listing) -> OwnerOf:
    def owner_of(view: str, row: Mapping[str, object]) -> str | None:
        job = job_of_row(view, row)
        if job is None:
            return None
        return (listing.by_submission if view in _BY_SUBMISSION else listing.by_driver).get(job)

    return owner_of


EMPTY: Final = Listing((), (), {}, {})

HANDLERS: dict[str, Handler] = {
    "state.actors": view_state,
    "state.jobs": view_state,
    "state.actors_summary": view_summary,
    "state.tasks_summary": view_summary,
    "state.placement_groups": view_state,
    "data.datasets": view_datasets,
    "health.grafana": view_health,
    "health.prometheus": view_health,
    "state.workers": view_state,
    "state.tasks": view_state,
    "state.tasks_timeline": view_timeline,
    "state.cluster_events": view_state,
    "state.platform_events": view_state,
    "nodes.list": view_state,
    "nodes.detail": view_state,
    "actors.list": view_state,
    "actors.detail": view_state,
    "events.list": view_events,
    "logs.list": view_log_files,
    "serve.apps.get": view_state,
}
