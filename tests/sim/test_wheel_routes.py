"""The catalogue against the installed Ray wheel: every route of its dashboard is named, and no other.

The wheel's source is parsed, not imported. Agent processes (`*_agent.py`) listen elsewhere, on loopback, and have no
route through the gateway.
"""

import ast
import re
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from rayfence.catalog.routes import load_routes
from rayfence.model.routes import Route, Surface

VERBS = {"get": "GET", "post": "POST", "put": "PUT", "delete": "DELETE", "patch": "PATCH", "static": "GET"}
OTHER_VERBS = {"head", "options", "view", "route", "add_route", "add_get", "add_post", "add_static"}


def routes_of_source(source: str) -> Iterator[tuple[str, str]]:
    """(method, path shape) of each route a module declares by decorator or by `<table>.static`."""
    for node in ast.walk(ast.parse(source)):
        calls: list[ast.expr] = []
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            calls = node.decorator_list
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "static":
            calls = [node]
        for call in calls:
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
                continue
            first = call.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str) and first.value.startswith("/"):
                assert call.func.attr not in OTHER_VERBS, f"a way to declare routes we do not read: {ast.unparse(call)}"
                if call.func.attr in VERBS:
                    path = first.value.rstrip("/") + "/{rest}" if call.func.attr == "static" else first.value
                    yield VERBS[call.func.attr], shape(path)


def shape(path: str) -> str:
    """A template without the names of its parameters."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def wheel_routes() -> set[tuple[str, str]]:
    spec = find_spec("ray")
    assert spec is not None and spec.origin is not None
    dashboard = Path(spec.origin).parent / "dashboard"
    found: set[tuple[str, str]] = set()
    for file in sorted(dashboard.rglob("*.py")):
        if not file.name.endswith("_agent.py") and "tests" not in file.relative_to(dashboard).parts:
            found.update(routes_of_source(file.read_text(encoding="utf-8")))
    return found


def catalogued(route: Route) -> set[tuple[str, str]]:
    return {(method, shape(route.ray_path or route.path)) for method in route.methods}


OURS = {"login.discovery", "dashboard.session", "serve.data"}


def ray_routes() -> list[Route]:
    surfaces = {Surface.API, Surface.DASHBOARD}
    return [r for r in load_routes("2.60.0").routes if surfaces & set(r.surfaces) and r.name not in OURS]


def test_the_installed_ray_is_the_catalogued_one() -> None:
    assert version("ray") == "2.60.0"


def test_every_route_of_the_wheel_is_named() -> None:
    named = set().union(*(catalogued(route) for route in ray_routes()))
    assert sorted(wheel_routes() - named) == []


def test_every_named_route_is_in_the_wheel() -> None:
    there = wheel_routes()
    assert [route.name for route in ray_routes() if not catalogued(route) <= there] == []


def test_a_narrowed_path_is_within_rays_own() -> None:
    for route in ray_routes():
        if route.ray_path:
            segments, rays = route.path.split("/"), route.ray_path.split("/")
            assert len(segments) == len(rays), route.name
            assert all(own == theirs or theirs.startswith("{") for own, theirs in zip(segments, rays, strict=True))


def test_the_reader_sees_decorators_and_static_folders() -> None:
    source = """
class A:
    @routes.get("/a/{x}", resp_type=1)
    @other
    async def a(self): ...
    @tables.of.routes.put(
        "/b/"
    )
    def b(self): ...
    @cached.get("nothing")
    def c(self): ...
routes.static("/static", folder)
"""
    assert set(routes_of_source(source)) == {("GET", "/a/{}"), ("PUT", "/b/"), ("GET", "/static/{}")}
    assert len(wheel_routes()) > 60
