"""Stopping and deleting a job: its owner or an operator, by canonical id, recorded before Ray is asked."""

from typing import Final

from starlette.responses import Response

from rayfence.gateway.answers import Refused, answer
from rayfence.gateway.jobs.ownership import own_job
from rayfence.gateway.ray import json_object, segment
from rayfence.gateway.service import Call, Handler, Service

#: States a job does not leave.
TERMINAL: Final = frozenset({"STOPPED", "SUCCEEDED", "FAILED"})


async def stop_job(service: Service, call: Call) -> Response:
    """POST /api/jobs/{submission_id}/stop -> Ray's `{"stopped": bool}`."""
    return await _control(service, call, "job.stop", "POST", "/stop")


async def delete_job(service: Service, call: Call) -> Response:
    """DELETE /api/jobs/{submission_id} -> Ray's `{"deleted": bool}`. Refuses (409) a job that has not ended."""
    return await _control(service, call, "job.delete", "DELETE", "")


async def _control(service: Service, call: Call, action: str, method: str, suffix: str) -> Response:
    name = call.params["submission_id"]
    record = await own_job(service, call, name, fresh=True)
    if method == "DELETE" and record.get("status") not in TERMINAL:
        # Ray would refuse it with a 500 and a traceback.
        raise Refused(409, "not_ended", f"job {name} is {record.get('status')}; stop it first")
    owner = await service.records.owner(record) or "(no owner)"
    detail = {"owner": owner, "status": str(record.get("status"))}
    async with service.recorder.write(call.caller.subject, action, name, call.request_id, detail):
        path = f"/api/jobs/{segment(name)}{suffix}"
        try:
            result = (await service.ray.request(method, path, writes=True)).refuse_failure()
        finally:
            service.records.changed()
    return answer(json_object(result))


HANDLERS: dict[str, Handler] = {"jobs.stop": stop_job, "jobs.delete": delete_job}
