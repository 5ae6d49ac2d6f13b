"""Who may do something to one job: its owner, or an operator. By its canonical submission id only.

Ray also finds jobs by the id of their driver. Such an alias changes with every driver a job starts, and job code can
influence it; so it opens nothing here, and its owner is told the right name.
"""

from rayfence.gateway.answers import Refused
from rayfence.gateway.jobs.records import Record
from rayfence.gateway.service import Call, Service
from rayfence.model.routes import Role


async def own_job(service: Service, call: Call, name: str, *, fresh: bool) -> Record:
    """The record of `name`, which the caller owns or may operate. Raises Refused 403 or 404.

    `fresh`: ask Ray now (writes); else a second old will do. Between this and what follows the job may end or vanish,
    but no other job can take its place: its id was minted here and is never used twice.
    """
    records = service.records
    record = await (records.fresh(name) if fresh else records.recent(name))
    if record is None:
        raise no_such_job(name)
    owner = await records.owner(record)
    allowed = call.caller.operator or (owner is not None and owner == call.caller.subject)
    canonical = record.get("submission_id")
    if record.get("type") != "SUBMISSION" or canonical != name:
        if allowed and canonical:
            raise Refused(404, "not_found", f"Job {name} is a driver of a submission; the job's own id is {canonical}")
        raise no_such_job(name)
    if not allowed:
        raise Refused(
            403,
            "forbidden",
            f"job {name} is not yours; its owner or an operator may do this",
            required=Role.OPERATOR.value,
        )
    return record


def no_such_job(name: str) -> Refused:
    """404 in Ray's own words, which its clients print."""
    return Refused(404, "not_found", f"Job {name} does not exist")
