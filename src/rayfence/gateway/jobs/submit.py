"""Submitting a job: the client's wishes, checked; id, owner and package names, the gateway's.

1. Bound the rate per principal and the size of the body.
2. Read the body strictly and take out what could claim another's job (`access.submission`).
3. Mint the id and stamp the owner, for the session Ray runs now.
4. Record the intent, ask Ray, record the outcome.

When Ray does not answer in 4, one look at Ray tells whether the job exists: the id is nobody else's.
"""

import secrets

from starlette.responses import Response

from rayfence.access.minting import mint_submission_id
from rayfence.access.submission import SubmissionRefused, parse_submission
from rayfence.gateway.answers import Refused, answer
from rayfence.gateway.bodies import read_body
from rayfence.gateway.ray import json_object
from rayfence.gateway.recorder import OutcomeUnknown
from rayfence.gateway.service import Call, Handler, Service


async def submit_job(service: Service, call: Call) -> Response:
    """POST /api/jobs/ -> Ray's `{"job_id", "submission_id"}`, both the minted id."""
    subject = call.caller.subject
    wait = service.submits.take(subject)  # 1
    if wait:
        service.recorder.refused(subject, "job.submit", "jobs", 429)
        limit = service.settings.limits.submits_per_minute
        message = f"at most {limit} jobs may be submitted per minute"
        raise Refused(429, "rate_limited", message, headers={"retry-after": str(wait)})
    limit = service.settings.limits.max_job_body_bytes
    body = await read_body(call.request, limit)
    try:
        submission = parse_submission(body, limit)  # 2
        name = mint_submission_id(submission.wish, secrets.choice)  # 3
        stamp = service.stamps.sign(subject, name, await service.ray.session_name())
        sent = submission.to_body(namespace=service.stamps.namespace(subject), submission_id=name, stamp=stamp)
    except SubmissionRefused as error:
        raise Refused(400, "bad_request", str(error)) from error
    detail: dict[str, str | int] = {"bytes": len(body)}
    if submission.dropped:
        detail["dropped"] = " ".join(submission.dropped)[:200]
    async with service.recorder.write(subject, "job.submit", name, call.request_id, detail):  # 4
        result = await _send(service, name, sent)
    return answer(result)


async def _send(service: Service, name: str, body: bytes) -> dict[str, object]:
    try:
        headers = {"content-type": "application/json"}
        result = await service.ray.request("POST", "/api/jobs/", body=body, headers=headers, writes=True)
        return json_object(result.refuse_failure())
    except OutcomeUnknown:
        try:
            found = await service.records.fresh(name)
        except Refused:
            found = None
        if found is None:  # it may still come: Ray works on it, or is gone
            raise
        return {"job_id": name, "submission_id": name}
    finally:
        service.records.changed()


HANDLERS: dict[str, Handler] = {"jobs.submit": submit_job}
