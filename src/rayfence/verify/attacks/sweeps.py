"""Every route of the catalogue, asked by nobody and by who stands one step too low.

Each has its control: the same request by the lowest role that may, passed on. So a route that Ray lacks, or that
answers 404 to what it is asked, still shows that the gateway refused and not Ray. Controls change nothing: they name
things that are not there, or send bodies that can't be used.
"""

import json
from collections.abc import Iterator
from typing import Final

from rayfence.catalog.paths import parse_template
from rayfence.catalog.roles import ROLE_ORDER
from rayfence.model.frozen import dataclass
from rayfence.model.routes import Backend, Ownership, Right, Role, Route, Surface
from rayfence.model.wire import Fields
from rayfence.verify.attack import FORBIDDEN, UNAUTHENTICATED, Attack, Control
from rayfence.verify.scene import EVERY_RIGHT, UPGRADE, Scene
from rayfence.verify.tokens.target import control as version_control

ANONYMOUS: Final = "anonymous"
ROLES: Final = "roles"
_SURFACES: Final = (Surface.API, Surface.DASHBOARD, Surface.LOGIN)
_ONLY_READS: Final = ("GET", "HEAD")
#: Bodies that reach whoever answers the route and can't be used there.
_BODIES: Final = {
    "serve.apps.put": b'{"applications": "none"}',
    "serve.scale": b'{"target_num_replicas": "none"}',
    "packages.put": b"PK\x05\x06" + bytes(18),  # an empty archive; Ray forgets what nobody uses
    "api.token": b'{"ttl": 1}',
    "api.logout": b'{"everywhere": "no such wish", "unknown": 1}',
}


@dataclass(frozen=True, slots=True)
class Subjects:
    """What controls may name. `job`: a real job's id. `serve_idle`: no application is deployed."""

    job: str
    serve_idle: bool


def anonymous_attacks(scene: Scene, subjects: Subjects) -> tuple[Attack, ...]:
    """No token at all, on every route that needs one."""
    return tuple(
        Attack(
            id=f"anonymous.{route.name}{_mark(surface)}",
            group=ANONYMOUS,
            title=f"{method} {route.path} without a token",
            shots=(
                scene.request(
                    method, target_of(route, scene, subjects), headers_of(route), shot_body(route), surface=surface
                ),
            ),
            expect=UNAUTHENTICATED,
            control=lowest_control(scene, route, surface, method, subjects),
            source="CVE-2023-48022" if route.name == "jobs.submit" else "",
        )
        for route, surface, method in guarded(scene)
    )


def role_attacks(scene: Scene, subjects: Subjects) -> tuple[Attack, ...]:
    """The role below, with every right; or every role without the one right."""
    return tuple(_too_low(scene, subjects))


def blocked_attacks(scene: Scene, subjects: Subjects) -> tuple[Attack, ...]:
    """Routes of Ray that are closed for everyone, asked by an administrator with every right."""
    admin = scene.token("blocked", role=Role.ADMIN, rights=EVERY_RIGHT)
    return tuple(
        Attack(
            id=f"blocked.{route.name.removeprefix('blocked.')}",
            group="closed routes",
            title=f"{route.methods[0]} {route.path} by an administrator",
            shots=(scene.request(route.methods[0], target_of(route, scene, subjects), (), b"", token=admin),),
            expect=FORBIDDEN,
            control=version_control(scene),
        )
        for route in scene.catalog.routes
        if route.permission is None and not route.public and Surface.API in route.surfaces
    )


def guarded(scene: Scene) -> Iterator[tuple[Route, Surface, str]]:
    """Routes that ask for something, with the surfaces and methods on which they exist."""
    for route in scene.catalog.routes:
        if route.permission is None or route.public:
            continue
        for surface in _SURFACES:
            methods = route.methods if surface is not Surface.DASHBOARD else _reads(route)
            if surface in route.surfaces and methods:
                yield route, surface, methods[0]


def _too_low(scene: Scene, subjects: Subjects) -> Iterator[Attack]:
    for route, surface, method in guarded(scene):
        holder = scene.catalog.matrix.holder(route.permission or "")
        if holder is None:
            continue  # whoever is logged in may: there is nothing below
        role, rights = below(holder)
        label = f"low-{route.name}{_mark(surface)}"
        token = scene.token(label, surface=surface, role=role, rights=rights)
        target = target_of(route, scene, subjects)
        yield Attack(
            id=f"role.{route.name}{_mark(surface)}",
            group=ROLES,
            title=f"{method} {route.path} by {role.value if role else 'nobody'}, needs {holder.value}",
            shots=(scene.request(method, target, headers_of(route), shot_body(route), surface=surface, token=token),),
            expect=FORBIDDEN,
            control=lowest_control(scene, route, surface, method, subjects),
            source="CVE-2026-27482" if method == "DELETE" else "",
        )


def below(holder: Role | Right) -> tuple[Role | None, tuple[Right, ...]]:
    """The most one can have without what `holder` has."""
    if isinstance(holder, Right):
        return Role.ADMIN, tuple(right for right in Right if right is not holder)
    place = ROLE_ORDER.index(holder)
    return (ROLE_ORDER[place - 1] if place else None), EVERY_RIGHT


def lowest_control(scene: Scene, route: Route, surface: Surface, method: str, subjects: Subjects) -> Control:
    """The same request by who holds just enough."""
    holder = scene.catalog.matrix.holder(route.permission or "")
    right = (holder,) if isinstance(holder, Right) else ()
    role = holder if isinstance(holder, Role) else Role.VIEWER
    subject = ""
    if route.ownership is not Ownership.NONE:
        role = Role.OPERATOR  # the job named is another's
    if route.name == "api.token":
        subject = scene.settings.operator_subject  # only an account mints
    harmful = route.name == "serve.apps.delete" and not subjects.serve_idle
    body = b"{}" if harmful else body_of(route)
    return scene.control(
        f"{route.name}{_mark(surface)}",
        method,
        target_of(route, scene, subjects),
        role=role,
        rights=right,
        subject=subject,
        surface=surface,
        headers=headers_of(route),
        body=body,
        # Applications are running: the body stops the request after the role has let it pass.
        statuses=frozenset({413}) if harmful else frozenset(),
        says=("authentication_mode",) if route.backend is Backend.FIXED else (),
        reaches=route.backend is not Backend.FIXED and not harmful,
        seconds=4.0 if route.streaming else 15.0,
    )


def target_of(route: Route, scene: Scene, subjects: Subjects) -> str:
    """A path that the route answers, naming nothing that matters."""
    template = parse_template(route.path)
    if route.ownership is Ownership.LOG_SELECTOR:
        return f"{route.path}?node_ip=127.0.0.1&filename=job-driver-{subjects.job}.log"
    path = route.path
    values = {"submission_id": f"verify-none-{scene.run}", "package_name": f"_ray_pkg_{scene.run * 2}.zip"}
    if route.ownership is Ownership.JOB:
        values["submission_id"] = subjects.job
    for name in template.parameters:
        path = path.replace("{" + name + "}", values.get(name, f"verify-none-{scene.run}"))
    return path.split("{", 1)[0]


def headers_of(route: Route) -> Fields:
    """A live tail is a websocket; the data plane's routes may be one, and are asked plainly."""
    return UPGRADE if route.websocket and route.backend is Backend.RAY else ()


def body_of(route: Route) -> bytes:
    """A body for a write."""
    if not route.write or not route.max_body_bytes:
        return b""
    return _BODIES.get(route.name, json.dumps({"verify": "not a body you know"}).encode())


def shot_body(route: Route) -> bytes:
    """The attack's body. A deletion has one too, which no deletion takes: if the role check fails, the size check
    still saves the applications that run.
    """
    return b"{}" if route.name == "serve.apps.delete" else body_of(route)


def _reads(route: Route) -> tuple[str, ...]:
    return tuple(method for method in route.methods if method in _ONLY_READS)


def _mark(surface: Surface) -> str:
    return "" if surface is Surface.API else f"@{surface}"
