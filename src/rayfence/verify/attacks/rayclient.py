"""Ray Client's door: gRPC, where a connection is code execution.

Attacks say they speak JSON, so that Envoy answers in HTTP's own status; its decision looks at neither. The control
speaks gRPC and is answered by Ray.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.access.claims import GRANT
from rayfence.model.routes import Right, Role, Surface
from rayfence.model.wire import Fields, Shot
from rayfence.verify.attack import FORBIDDEN, MALFORMED, UNAUTHENTICATED, Attack, Control, Expect
from rayfence.verify.jws import signing_input
from rayfence.verify.scene import EVERY_RIGHT, Scene, changed
from rayfence.verify.tokens.target import control as version_control

GROUP: Final = "Ray Client"
_METHOD: Final = "/ray.rpc.RayletDriver/ClusterInfo"
_EMPTY: Final = b"\0\0\0\0\0"  # a gRPC message of no bytes
_CLOSED: Final = Expect(frozenset({401, 403, 404}))


def rayclient_attacks(scene: Scene) -> tuple[Attack, ...]:
    """All of them."""
    return (*_tokens(scene), *_services(scene), *_front(scene))


def _call(scene: Scene, path: str, headers: Fields, *, kind: str = "application/json", host: str = "") -> Shot:
    port = scene.settings.ray_client_port
    name = scene.host(Surface.API)
    usual = (("host", host or f"{name}:{port}"), ("content-type", kind), ("te", "trailers"))
    return Shot(port, "POST", path, (*usual, *headers), _EMPTY, http2=True, server_name=name, seconds=8)


def _bearer(token: str) -> Fields:
    return (("authorization", f"Bearer {token}"),)


def _control(scene: Scene) -> Control:
    token = scene.token("ray-client", rights=(Right.RAY_CLIENT,))
    headers = (*_bearer(token), ("client_id", f"verify{scene.run}"))
    shot = _call(scene, _METHOD, headers, kind="application/grpc")
    return Control("ray-client", shot, scene.token_id("ray-client"), frozenset({200}))


def _held(claims: dict[str, object], authority: str) -> dict[str, object]:
    """The claims with another authority in their grant."""
    audience, _, rest = str(claims[GRANT]).split(" ", 2)
    return changed(claims, **{GRANT: f"{audience} {authority} {rest}"})


def _tokens(scene: Scene) -> Iterator[Attack]:
    right = _control(scene)
    claims = scene.claims("rc", role=Role.ADMIN, rights=EVERY_RIGHT)
    good = scene.signer.token(claims)
    rows: dict[str, tuple[Fields, Expect]] = {
        "nobody": ((), UNAUTHENTICATED),
        "no-right": (_bearer(scene.token("rc-low", role=Role.ADMIN, rights=(Right.SERVE_CALL,))), FORBIDDEN),
        "right-as-role": (_bearer(scene.signer.token(_held(claims, "ray-client"))), FORBIDDEN),
        "right-in-upper-case": (_bearer(scene.signer.token(_held(claims, "admin,RAY-CLIENT"))), FORBIDDEN),
        "dashboard-token": (_bearer(scene.token("rc-d", surface=Surface.DASHBOARD, rights=EVERY_RIGHT)), _CLOSED),
        "login-token": (_bearer(scene.token("rc-l", surface=Surface.LOGIN, rights=EVERY_RIGHT)), _CLOSED),
        "expired": (_bearer(scene.signer.token(changed(claims, exp=scene.now - 60))), UNAUTHENTICATED),
        "stranger": (_bearer(scene.stranger.token(claims)), UNAUTHENTICATED),
        "alg-none": (_bearer(f"{signing_input({'alg': 'none'}, claims)}."), UNAUTHENTICATED),
        "ray-token": (_bearer(scene.ray_token), UNAUTHENTICATED),
        "two": ((*_bearer(good), *_bearer(scene.ray_token)), UNAUTHENTICATED),
        "x-ray": ((("x-ray-authorization", f"Bearer {scene.ray_token}"),), UNAUTHENTICATED),
        "cookie": ((("cookie", f"__Host-rayfence={good}"),), UNAUTHENTICATED),
        "cookie-ray": ((("cookie", f"ray-authentication-token={scene.ray_token}"),), UNAUTHENTICATED),
        "payload": ((("x-rayfence-payload", good.split(".")[1]),), UNAUTHENTICATED),
    }
    for name, (headers, expect) in rows.items():
        shot = _call(scene, _METHOD, headers)
        yield Attack(f"ray-client.{name}", GROUP, f"a connection with {name}", (shot,), expect, right)


def _services(scene: Scene) -> Iterator[Attack]:
    """Other services of Ray, asked through this door by someone who may connect."""
    right = _control(scene)
    headers = _bearer(scene.token("rc-services", role=Role.ADMIN, rights=EVERY_RIGHT))
    for path in (
        "/ray.rpc.InternalKVGcsService/InternalKVGet",
        "/ray.rpc.JobInfoGcsService/GetAllJobInfo",
        "/ray.rpc.NodeManagerService/RequestWorkerLease",
        "/ray.rpc.CoreWorkerService/PushTask",
        "/grpc.health.v1.Health/Check",
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/ray.rpc.RayletDriver/../InternalKVGcsService/InternalKVGet",
        "/ray.rpc.RayletDriver",
        "/api/jobs/",
    ):
        shot = _call(scene, path, headers)
        name = path.strip("/").replace("/", "-").lower()
        yield Attack(f"ray-client.path-{name}", GROUP, f"{path} with every right", (shot,), _CLOSED, right)
    shot = _call(scene, _METHOD, headers, host="attacker.example")
    wrong_host = Expect(frozenset({421}))
    yield Attack("ray-client.host", GROUP, "a foreign Host", (shot,), wrong_host, right, "CVE-2025-62593")
    shot = Shot(scene.settings.ray_client_port, "POST", _METHOD, (("Host", "localhost"), *headers), _EMPTY, seconds=6)
    yield Attack("ray-client.http1", GROUP, "HTTP/1.1 at this door", (shot,), MALFORMED, right)


def _front(scene: Scene) -> Iterator[Attack]:
    """The front door over HTTP/2 decides as over HTTP/1.1."""
    right = version_control(scene)
    port, name = scene.settings.port, scene.host(Surface.API)
    usual: Fields = (("host", f"{name}:{port}"),)
    bad = _bearer(scene.stranger.token(scene.claims("h2")))
    low = _bearer(scene.token("h2-low"))
    admin = _bearer(scene.token("h2", role=Role.ADMIN, rights=EVERY_RIGHT))
    rows: dict[str, tuple[str, str, Fields, Expect]] = {
        "nobody": ("GET", "/api/version", usual, UNAUTHENTICATED),
        "stranger": ("GET", "/api/version", (*usual, *bad), UNAUTHENTICATED),
        "ray-token": ("GET", "/api/version", (*usual, *_bearer(scene.ray_token)), UNAUTHENTICATED),
        "submit": ("POST", "/api/jobs/", (*usual, *low), FORBIDDEN),
        "host": ("GET", "/api/version", (("host", "attacker.example"), *admin), Expect(frozenset({421}))),
        "traversal": ("GET", "/api/../test/dump", (*usual, *admin), _CLOSED),
        "connection": ("GET", "/api/version", (*usual, *admin, ("connection", "close")), MALFORMED),
        "te": ("GET", "/api/version", (*usual, *admin, ("transfer-encoding", "chunked")), MALFORMED),
        "newline": ("GET", "/api/version", (*usual, *admin, ("x-a", "b\r\nx-c: d")), MALFORMED),
        "newline-path": ("GET", "/api/version HTTP/1.1\r\nx: y", (*usual, *admin), MALFORMED),
        "method": ("GET /test/dump HTTP/1.1", "/api/version", (*usual, *admin), MALFORMED),
    }
    for key, (method, path, headers, expect) in rows.items():
        shot = Shot(port, method, path, headers, http2=True, server_name=name, seconds=6)
        yield Attack(
            f"http2.{key}", "HTTP/2", f"{method[:20]} {path[:40]!r} over HTTP/2: {key}", (shot,), expect, right
        )
