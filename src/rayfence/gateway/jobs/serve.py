"""Serve's control plane: deploying, deleting and scaling applications, each recorded before Ray is asked.

Who may do it is the catalogue's matter. Leaves out calls to applications (Envoy passes them) and the view of their
details (`jobs.views`).
"""

import json

from starlette.responses import Response

from rayfence.access.packages import PackageRefused, map_runtime_env
from rayfence.gateway.answers import NO_STORE, Refused
from rayfence.gateway.bodies import parse_object, read_body
from rayfence.gateway.ray import RayAnswer
from rayfence.gateway.recorder import Detail
from rayfence.gateway.service import Call, Handler, Service


async def deploy(service: Service, call: Call) -> Response:
    """PUT /api/serve/applications/: Ray's deploy schema, passed on with packages in the caller's namespace."""
    schema = parse_object(await read_body(call.request, call.route.max_body_bytes))
    applications = schema.get("applications")
    body = json.dumps(_with_own_packages(schema, service.stamps.namespace(call.caller.subject))).encode()
    names = (
        [str(item.get("name", "default")) for item in applications if isinstance(item, dict)]
        if isinstance(applications, list)
        else []
    )
    detail = {"applications": " ".join(names)[:200]}
    return await _write(service, call, "serve.deploy", "applications", body, detail)


async def delete(service: Service, call: Call) -> Response:
    """DELETE /api/serve/applications/: everything Serve runs on this cluster."""
    return await _write(service, call, "serve.delete", "applications", None, {})


async def scale(service: Service, call: Call) -> Response:
    """POST …/scale: Ray's scale request, passed on as it came."""
    body = await read_body(call.request, call.route.max_body_bytes)
    replicas = parse_object(body).get("target_num_replicas")
    target = f"{call.params['application_name']}/{call.params['deployment_name']}"
    return await _write(service, call, "serve.deploy", target, body, {"replicas": str(replicas)[:20]})


async def _write(
    service: Service, call: Call, action: str, target: str, body: bytes | None, detail: Detail
) -> Response:
    path = call.request.scope["raw_path"].decode("latin-1")
    headers = {"content-type": "application/json"} if body is not None else {}
    async with service.recorder.write(call.caller.subject, action, target, call.request_id, detail) as write:
        result = await service.ray.request(call.request.method, path, body=body, headers=headers, writes=True)
        result.refuse_failure()
        write.ended(result.status)
    return passed(result)


def _with_own_packages(schema: dict[str, object], namespace: str) -> dict[str, object]:
    """The schema with every runtime environment's packages renamed, as for jobs. Raises Refused 400."""
    try:
        return {key: _renamed(value, namespace) if key == "applications" else value for key, value in schema.items()}
    except PackageRefused as error:
        raise Refused(400, "bad_request", str(error)) from error


def _renamed(value: object, namespace: str) -> object:
    """Environments of applications, and of the actors of their deployments; arguments and configuration are theirs."""
    if isinstance(value, list):
        return [_renamed(item, namespace) for item in value]
    if not isinstance(value, dict):
        return value
    inner = {"deployments", "ray_actor_options"}
    return {
        key: map_runtime_env(namespace, item)
        if key == "runtime_env"
        else _renamed(item, namespace)
        if key in inner
        else item
        for key, item in value.items()
    }


def passed(result: RayAnswer) -> Response:
    """Ray's successful answer as it is."""
    return Response(result.body, status_code=result.status, media_type=result.content_type or None, headers=NO_STORE)


HANDLERS: dict[str, Handler] = {"serve.apps.put": deploy, "serve.apps.delete": delete, "serve.scale": scale}
