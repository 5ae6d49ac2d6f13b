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
            "api": [settings.origin(host) for host in settings.hosts.api],
            "ray_client_port": settings.ray_client_port,
            "serve_prefix": settings.serve_prefix,
            "ways": ways(service),
            "token_seconds": settings.limits.token_seconds,
            "max_token_seconds": settings.limits.max_token_seconds,
        }
    )


def ways(service: Service) -> list[str]:
    """How one may log in here."""
    if service.members is not None:
        return ["cluster_token", "service_account_token"]
    return ["password", "operator_key"] if service.settings.operator_key else []


async def health(service: Service, call: Call) -> Response:  # noqa: ARG001 - the handlers' common form
    """GET /v1/health: the service answers; whether Ray does is told, too.

    `trail` is there only when something is wrong with it: decisions lost, outcomes unknown, writes refused.
    `shared_seconds`: how long ago this replica last saw what all of them share.
    """
    trail = service.recorder.gauges()
    ray = "ok" if await service.ray.alive() else "down"
    shared = {} if service.shared is None else {"shared_seconds": int(service.shared.stale_seconds)}
    return answer({"status": "ok", "ray": ray, **({"trail": trail} if trail else {}), **shared})


HANDLERS: dict[str, Handler] = {"login.discovery": discover, "api.health": health}
