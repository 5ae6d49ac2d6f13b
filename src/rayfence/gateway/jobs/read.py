"""Job lists and details: everything to owners and operators, to others that a job exists, its state and its times."""

import json

from starlette.responses import Response

from rayfence.access.views import UnknownShape, filter_answer, filter_row
from rayfence.gateway.answers import JSON_TYPE, NO_STORE, answer
from rayfence.gateway.jobs.masking import masked
from rayfence.gateway.jobs.ownership import no_such_job
from rayfence.gateway.jobs.records import Listing, Record
from rayfence.gateway.jobs.state import unknown_shape
from rayfence.gateway.service import Call, Handler, Service
from rayfence.model.routes import Surface


async def list_jobs(service: Service, call: Call) -> Response:
    """GET /api/jobs/: Ray's list, at most a second old."""
    listing = await service.records.listing()
    shown = masked if call.surface is Surface.DASHBOARD else dict
    if call.caller.operator:
        rows = [_encode(shown(record)) for record in listing.records]
    else:
        hidden = _hidden(service, call, listing)
        subject = call.caller.subject
        rows = [
            _encode(shown(record)) if owner == subject else foreign
            for record, owner, foreign in zip(listing.records, listing.owners, hidden, strict=True)
        ]
    return Response(f"[{','.join(rows)}]", media_type=JSON_TYPE, headers=NO_STORE)


async def job_detail(service: Service, call: Call) -> Response:
    """GET /api/jobs/{submission_id}: Ray's record now. A driver's id is answered, too: what is shown depends on the
    record.
    """
    name = call.params["submission_id"]
    record = await service.records.fresh(name)
    if record is None:
        raise no_such_job(name)
    owner = await service.records.owner(record)
    shown = masked(record) if call.surface is Surface.DASHBOARD else record
    try:
        return answer(filter_answer("jobs.detail", shown, call.caller, service.matrix, lambda *_: owner))
    except UnknownShape as error:
        raise unknown_shape(call, error) from error


def _hidden(service: Service, call: Call, listing: Listing) -> list[str]:
    """Every row as a stranger sees it. The same for all callers, so it is made once per list."""
    if not listing.hidden:
        try:
            listing.hidden.extend(
                _encode(filter_row("job", record, call.caller, service.matrix, lambda *_: None))
                for record in listing.records
            )
        except UnknownShape as error:
            raise unknown_shape(call, error) from error
    return listing.hidden


def _encode(row: Record | object) -> str:
    return json.dumps(row, separators=(",", ":"))


HANDLERS: dict[str, Handler] = {"jobs.list": list_jobs, "jobs.detail": job_detail}
