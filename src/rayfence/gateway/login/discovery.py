"""What a client may know before it logs in, and whether the service works."""

from starlette.responses import Response

from rayfence.gateway.answers import answer
from rayfence.gateway.service import Call, Handler, Service


async def discover(service: Service, call: Call) -> Response:  # noqa: ARG001 - the handlers' common form
    """GET /.well-known/rayfence: issuer, addresses, ways to log in. Nothing that isn't on the log-in page anyway."""
    settings = service.settings
    return answer(
        {
            "instance": settings.instance,
            "issuer": settings.issuer,
            "login": service.login_origin,
            "dashboard": service.dashboard_origin,
            "api": [f"https://{host}:{settings.port}" for host in settings.hosts.api],
            "ray_client_port": settings.ray_client_port,
            "serve_prefix": settings.serve_prefix,
            "ways": ["password", "operator_key"],
            "token_seconds": settings.limits.token_seconds,
            "max_token_seconds": settings.limits.max_token_seconds,
        }
    )


async def health(service: Service, call: Call) -> Response:  # noqa: ARG001 - the handlers' common form
    """GET /v1/health: the service answers; whether Ray does is told, too.

    `trail` is there only when something is wrong with it: decisions lost, outcomes unknown, writes refused.
    """
    trail = service.recorder.gauges()
    ray = "ok" if await service.ray.alive() else "down"
    return answer({"status": "ok", "ray": ray, **({"trail": trail} if trail else {})})


HANDLERS: dict[str, Handler] = {"login.discovery": discover, "api.health": health}
