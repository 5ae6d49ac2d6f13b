"""What a caller sees of others' objects in Ray's JSON answers: rows are found by route, fields by the role matrix.

Fail closed: an answer that has not the known shape raises `UnknownShape` instead of passing, unknown fields are
withheld, and of an envelope only known keys are kept. A withheld text becomes "", a list [], anything else null: the
keys stay, so Ray's own readers (its Python client, the dashboard) keep working.

Leaves out: who owns a row. The caller passes `owner_of`; `job_of_row` says which job a row belongs to.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, cast

from rayfence.access.principal import Principal
from rayfence.model.routes import RoleMatrix

#: Owner of a row, None: nobody (operators only). The view's name comes along: rows of different views differ.
OwnerOf = Callable[[str, Mapping[str, object]], str | None]

#: Steps to the rows of a route's answer, a key or `*` for every item of a list or mapping, and the view of those rows.
_ROWS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "jobs.list": (("*",), "job"),
    "jobs.detail": ((), "job"),
    "state.jobs": (("data", "result", "result", "*"), "job"),
    "state.actors": (("data", "result", "result", "*"), "actor"),
    "state.tasks": (("data", "result", "result", "*"), "task"),
    "state.workers": (("data", "result", "result", "*"), "worker"),
    "state.placement_groups": (("data", "result", "result", "*"), "placement_group"),
    "state.cluster_events": (("data", "result", "result", "*"), "event"),
    "state.tasks_timeline": (("*",), "timeline"),
    "state.platform_events": (("data", "events", "*"), "platform_event"),
    "nodes.list": (("data", "summary", "*"), "node"),
    "nodes.detail": (("data", "detail"), "node"),
    "actors.list": (("data", "actors", "*"), "logical_actor"),
    "actors.detail": (("data", "detail"), "logical_actor"),
    "serve.apps.get": ((), "serve"),
}

#: Rows inside a row, by key: each is filtered by a view of its own before the row around it is.
_INNER: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "node": (("actors", "logical_actor"), ("workers", "worker_process")),
}

#: Keys beside the rows that Ray's envelopes carry and that tell nothing of a user: plain values, and composed ones.
_ENVELOPE: Final = frozenset(
    {"result", "msg", "total", "num_after_truncation", "num_filtered", "partial_failure_warning", "jobId"}
)
_ENVELOPE_PARTS: Final = frozenset({"warnings", "nodeLogicalResources", "hostNameList"})

#: What a summary tells besides names: numbers, and what it is by.
_TOTALS: Final = frozenset({"total_tasks", "total_actor_tasks", "total_actor_scheduled", "total_actors", "summary_by"})

_JOB_LOG: Final = re.compile(r"job-driver-([A-Za-z0-9_-]+)\.log")
_WORKER_LOG: Final = re.compile(r"worker-[0-9a-f]+-([0-9a-f]{8})-[0-9]+\.(?:out|err)")


class UnknownShape(ValueError):
    """Ray's answer is not of the form this version's catalogue knows; the gateway answers 502 instead."""


@dataclass(frozen=True, slots=True)
class _Fields:
    """A tree of visible names. `whole`: the value is shown as it is."""

    whole: bool
    children: tuple[tuple[str, "_Fields"], ...] = ()

    def child(self, key: str) -> "_Fields | None":
        """What is visible below `key`; None: nothing."""
        named = dict(self.children)
        return named.get(key, named.get("*"))


def filter_answer(route: str, answer: object, caller: Principal, matrix: RoleMatrix, owner_of: OwnerOf) -> object:
    """A copy of Ray's answer to `route` as `caller` may see it; operators see it all.

    Raises UnknownShape, and KeyError for a route that is not here; `events.list` and `logs.list` have functions of
    their own.
    """
    if caller.operator:
        return answer
    path, view = _ROWS[route]
    return _at(answer, path, lambda row: filter_row(view, row, caller, matrix, owner_of))


def filter_events(answer: object, caller: Principal, matrix: RoleMatrix, owner_of: OwnerOf) -> object:
    """`GET /events`: rows are a list for one job, or lists by job."""
    if caller.operator:
        return answer

    def rows(value: object) -> object:
        if isinstance(value, Mapping):
            return {key: rows(item) for key, item in value.items()}
        return _at(value, ("*",), lambda row: filter_row("event", row, caller, matrix, owner_of))

    return _at(answer, ("data", "events"), rows)


def filter_log_files(answer: object, caller: Principal, owned: Callable[[str], bool]) -> object:
    """`GET /api/v0/logs`: of each category's file names, those for which `owned` is true (all for operators)."""
    if caller.operator:
        return answer

    def mine(names: object) -> object:
        if not isinstance(names, Sequence) or isinstance(names, str):
            raise UnknownShape("log files are not a list")
        return [name for name in names if isinstance(name, str) and owned(name)]

    return _at(answer, ("data", "result", "*"), mine)


def filter_summary(answer: object) -> object:
    """`GET /api/v0/{tasks,actors}/summarize` for strangers: totals only. Rows are named after functions and classes of
    anybody's code.
    """

    def totals(row: object) -> object:
        names = row.get("summary") if isinstance(row, Mapping) else None
        if not isinstance(row, Mapping) or not isinstance(names, dict | list):
            raise UnknownShape("a summary has no rows")
        kept = {key: value for key, value in row.items() if key in _TOTALS and not isinstance(value, dict | list)}
        return {"summary": type(names)(), **kept}

    return _at(answer, ("data", "result", "result", "node_id_to_summary", "*"), totals)


def filter_row(view: str, row: object, caller: Principal, matrix: RoleMatrix, owner_of: OwnerOf) -> object:
    """One row: whole for its owner, else only visible fields. A null row stays null. Raises UnknownShape."""
    if row is None:
        return None
    if not isinstance(row, Mapping):
        raise UnknownShape(f"a row of view {view} is not an object")
    found = cast(Mapping[str, object], row)
    if caller.operator or owner_of(view, found) == caller.subject:
        return row
    if view == "timeline" and found.get("ph") == "M":
        return row  # Ray's own names of a node or process: what the rows of one's own tasks are drawn in
    inner = {
        key: _at(found[key], ("*",), partial(filter_row, name, caller=caller, matrix=matrix, owner_of=owner_of))
        for key, name in _INNER.get(view, ())
        if found.get(key) is not None
    }
    return _visible({**found, **inner}, _tree(matrix.fields(view)))


def permitted_filters(view: str, keys: Sequence[str], matrix: RoleMatrix) -> bool:
    """Whether a query may filter on `keys`: matching on a withheld field would answer guesses about it."""
    visible = {name.split(".")[0] for name in matrix.fields(view)}
    return all(key.lower() in visible for key in keys)


def job_of_row(view: str, row: Mapping[str, object]) -> str | None:
    """The submission id or driver job id a row belongs to; None: it belongs to no job (nodes, Serve)."""
    places: Mapping[str, tuple[tuple[str, ...], ...]] = {
        "job": (("submission_id",),),
        "task": (("job_id",),),
        "actor": (("job_id",),),
        "placement_group": (("creator_job_id",),),
        "timeline": (("args", "job_id"),),
        "logical_actor": (("jobId",),),
        "worker_process": (("jobId",),),
        "event": (
            ("customFields", "submissionId"),
            ("custom_fields", "submission_id"),
            ("customFields", "submission_id"),
        ),
    }
    for path in places.get(view, ()):
        value: object = row
        for key in path:
            value = value.get(key) if isinstance(value, Mapping) else None
        if isinstance(value, str) and value:
            return value
    return None


def job_of_log_file(name: str) -> str | None:
    """The submission id or driver job id whose log a file of this name is; None: nobody's, or not told by the name."""
    for pattern in (_JOB_LOG, _WORKER_LOG):
        found = pattern.fullmatch(name)
        if found is not None:
            return found.group(1)
    return None


@cache
def _tree(names: tuple[str, ...]) -> _Fields:
    groups: dict[str, list[str]] = {}
    whole: set[str] = set()
    for name in names:
        head, dot, rest = name.partition(".")
        if dot:
            groups.setdefault(head, []).append(rest)
        else:
            whole.add(head)
    children = {head: _tree(tuple(rests)) for head, rests in groups.items()}
    children.update({head: _Fields(whole=True) for head in whole})
    return _Fields(whole=False, children=tuple(children.items()))


def _visible(value: object, fields: _Fields) -> object:
    if fields.whole or value is None:
        return value
    if isinstance(value, Mapping):
        shown: dict[str, object] = {}
        for key, item in value.items():
            below = fields.child(key)
            shown[key] = _withheld(item) if below is None else _visible(item, below)
        return shown
    if isinstance(value, list):
        return [_visible(item, fields) for item in value]
    return _withheld(value)  # a scalar where an object was expected


def _withheld(value: object) -> object:
    if isinstance(value, str):
        return ""
    return [] if isinstance(value, list) else None


def _at(value: object, path: tuple[str, ...], change: Callable[[object], object]) -> object:
    """A copy of `value` with `change` applied at `path`; of siblings on the way only the envelope's known keys stay."""
    if not path:
        return change(value)
    step, rest = path[0], path[1:]
    if step == "*":
        if isinstance(value, list):
            return [_at(item, rest, change) for item in value]
        if isinstance(value, Mapping):
            return {key: _at(item, rest, change) for key, item in value.items()}
        raise UnknownShape("rows are neither a list nor a mapping")
    if not isinstance(value, Mapping):
        raise UnknownShape(f"no object around {step!r}")
    if step not in value:
        # another view of the same route (`/nodes?view=hostNameList`), or an error without rows: only the envelope
        return {key: item for key, item in value.items() if _envelope(key, item)}
    return {
        key: _at(item, rest, change) if key == step else item
        for key, item in value.items()
        if key == step or _envelope(key, item)
    }


def _envelope(key: str, value: object) -> bool:
    return key in _ENVELOPE_PARTS or (key in _ENVELOPE and not isinstance(value, dict | list))
