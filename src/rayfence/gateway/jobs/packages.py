"""Packages under their owner's names, streamed between client and Ray.

Ray trusts a package's name and stores what comes; the name is therefore mapped into the caller's namespace, where
nobody else can put anything. The name's hash is over the files inside, not over the bytes sent, so it is not checked
here: who lies about it deceives only themselves.
"""

from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response

from rayfence.access.packages import PackageRefused, map_package
from rayfence.gateway.answers import NO_STORE, Refused
from rayfence.gateway.bodies import too_large
from rayfence.gateway.ray import segment
from rayfence.gateway.service import Call, Handler, Service


async def get_package(service: Service, call: Call) -> Response:
    """GET /api/packages/gcs/{package_name}: 200 if the caller uploaded it, 404 (upload it) if not."""
    result = await service.ray.request("GET", _path(service, call))
    if result.status == 404:
        raise Refused(404, "not_found", f"Package gcs://{call.params['package_name']} does not exist")
    result.refuse_failure()
    return Response(headers=NO_STORE)


async def put_package(service: Service, call: Call) -> Response:
    """PUT /api/packages/gcs/{package_name}: the zip, at most `limits.max_package_bytes`."""
    limit = service.settings.limits.max_package_bytes
    announced = call.request.headers.get("content-length")
    if announced is not None and (not announced.isdigit() or int(announced) > limit):
        raise too_large(limit)
    path = _path(service, call)
    detail: dict[str, str | int] = {"bytes": int(announced)} if announced else {}
    headers = {"content-type": "application/octet-stream"}
    if announced is not None:
        headers["content-length"] = announced
    target = call.params["package_name"]
    async with service.recorder.write(call.caller.subject, "package.put", target, call.request_id, detail):
        body = _bounded(call.request, limit)
        (await service.ray.request("PUT", path, body=body, headers=headers, writes=True)).refuse_failure()
    return Response(headers=NO_STORE)


def _path(service: Service, call: Call) -> str:
    try:
        name = map_package(service.stamps.namespace(call.caller.subject), call.params["package_name"])
    except PackageRefused as error:
        raise Refused(400, "bad_request", str(error)) from error
    return f"/api/packages/gcs/{segment(name)}"


async def _bounded(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body part by part. Raises Refused 413 in the middle: Ray stores nothing of a body that breaks off."""
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise too_large(limit)
        yield part


HANDLERS: dict[str, Handler] = {"packages.get": get_package, "packages.put": put_package}
