"""Envoy's questions: may this caller reach that object? Log bytes then flow past the service.

An answer of 200 passes the request on; any refusal raised here is what the caller sees.
"""

from typing import Final

from starlette.responses import Response

from rayfence.gateway.answers import Refused
from rayfence.gateway.jobs.ownership import own_job
from rayfence.gateway.jobs.selector import selected_job
from rayfence.gateway.service import Call, Handler, Service
from rayfence.model.routes import Ownership, Role

#: Towards Envoy's access log, whose line about the connection then completes the intent.
INTENT_HEADER: Final = "x-rayfence-intent"


async def judge_job(service: Service, call: Call) -> Response:
    """Logs and live tail of one job: owner or operator."""
    await own_job(service, call, call.params["submission_id"], fresh=False)
    return Response()


async def judge_log_selector(service: Service, call: Call) -> Response:
    """A log file by selector: operators any; others the driver log of a job of their own, named by the one selector."""
    if call.caller.operator:
        return Response()
    name = selected_job(call.request.scope["query_string"].decode("latin-1"))
    if name is None:
        raise Refused(
            403,
            "forbidden",
            "only operators may read logs other than those of one's own jobs",
            required=Role.OPERATOR.value,
        )
    await own_job(service, call, name, fresh=False)
    return Response()


async def judge_connect(service: Service, call: Call) -> Response:
    """A Ray Client connection: the right was checked; what remains is to record it before it begins."""
    intent = await service.recorder.intent(
        call.caller.subject, "ray-client.connect", service.settings.instance, call.request_id, {"source": call.source}
    )
    return Response(headers={INTENT_HEADER: intent})


JUDGES: dict[Ownership, Handler] = {
    Ownership.JOB: judge_job,
    Ownership.LOG_SELECTOR: judge_log_selector,
    Ownership.CONNECT: judge_connect,
}
