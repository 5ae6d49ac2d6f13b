"""Which job's log a request for `/api/v0/logs/{file,stream}` selects, if that can be told from the request alone.

Ray takes, in this order: `actor_id`, `task_id`, `submission_id`, `pid`, `filename`; the first one given wins,
silently. So one selector is readable and two are an attempt. Ray also decodes the query in its own way, therefore a
query is only understood here when there is nothing to decode in it.
"""

import re
from typing import Final

#: Names that choose a log. Any other name only shapes the answer.
SELECTORS: Final = frozenset({"actor_id", "task_id", "submission_id", "job_id", "pid", "filename", "glob", "worker_id"})

#: What Ray 2.60 reads besides, and what the dashboard sends: where the file lies, and how much of it to show.
SHAPES: Final = frozenset(
    {
        "node_id",
        "node_ip",
        "timeout",
        "lines",
        "interval",
        "suffix",
        "attempt_number",
        "download_filename",
        "format",
        "filter_ansi_code",
        "media_type",
    }
)

_PAIR: Final = re.compile(r"([a-z_]+)=([A-Za-z0-9._-]*)")
_DRIVER_LOG: Final = re.compile(r"job-driver-([A-Za-z0-9_-]+)\.log")
_SUBMISSION: Final = re.compile(r"[A-Za-z0-9_-]+")


def selected_job(query: str) -> str | None:
    """The submission id whose driver log the raw `query` selects; None when it is anything else, or not plain.

    `submission_id=X` and `filename=job-driver-X.log` name a job. Everything else (workers' logs, globs, a doubled
    name, an unknown name, an escaped character) can reach other people's logs and is for operators.
    """
    values: dict[str, str] = {}
    for pair in query.split("&"):
        found = _PAIR.fullmatch(pair)
        if found is None or found.group(1) in values or found.group(1) not in SELECTORS | SHAPES:
            return None
        values[found.group(1)] = found.group(2)
    chosen = SELECTORS & values.keys()
    if len(chosen) != 1:
        return None
    (name,) = chosen
    if name == "submission_id" and _SUBMISSION.fullmatch(values[name]):
        return values[name]
    if name == "filename":
        driver = _DRIVER_LOG.fullmatch(values[name])
        return driver.group(1) if driver else None
    return None
