"""Which route a request names."""

import pytest

from rayfence.catalog.matching import find_route, match, route_methods
from rayfence.catalog.paths import parse_template
from rayfence.catalog.routes import load_routes
from rayfence.model.routes import Surface

CATALOG = load_routes("2.60.0")


@pytest.mark.parametrize(
    ("surface", "method", "path", "name"),
    [
        (Surface.API, "GET", "/api/jobs/", "jobs.list"),
        (Surface.API, "HEAD", "/api/jobs/", "jobs.list"),
        (Surface.API, "POST", "/api/jobs/", "jobs.submit"),
        (Surface.API, "GET", "/api/jobs/x-1/logs/tail", "jobs.tail"),
        (Surface.API, "GET", "/api/v0/tasks/timeline", "state.tasks_timeline"),
        (Surface.API, "PATCH", "/serve/any/thing", "serve.data"),
        (Surface.DASHBOARD, "GET", "/", "ui.index"),
        (Surface.LOGIN, "GET", "/", "login.home"),
        (Surface.DASHBOARD, "GET", "/.rayfence/session", "dashboard.session"),
        (Surface.RAY_CLIENT, "POST", "/ray.rpc.RayletLogStreamer/Logstream", "ray-client.logs"),
    ],
)
def test_names_the_route(surface: Surface, method: str, path: str, name: str) -> None:
    found = match(CATALOG, surface, method, path)
    assert found is not None and found[0].name == name


@pytest.mark.parametrize(
    ("surface", "method", "path"),
    [
        (Surface.DASHBOARD, "POST", "/api/jobs/"),
        (Surface.DASHBOARD, "GET", "/serve/x"),
        (Surface.DASHBOARD, "GET", "/login"),
        (Surface.LOGIN, "GET", "/api/jobs/"),
        (Surface.API, "get", "/api/jobs/"),
        (Surface.API, "TRACE", "/api/jobs/"),
        (Surface.API, "CONNECT", "/api/jobs/"),
        (Surface.API, "HEAD", "/api/jobs/x/stop"),
        (Surface.API, "GET", "/log_proxy"),
        (Surface.API, "GET", "/api/v0/logs/other"),
        (Surface.API, "GET", "/api/packages/https/x.zip"),
        (Surface.RAY_CLIENT, "POST", "/ray.rpc.Other/X"),
        (Surface.RAY_CLIENT, "GET", "/api/version"),
    ],
)
def test_names_nothing(surface: Surface, method: str, path: str) -> None:
    assert match(CATALOG, surface, method, path) is None


def test_every_route_is_found_by_its_samples() -> None:
    for route in CATALOG.routes:
        for surface in route.surfaces:
            for method in route_methods(route):
                found = [match(CATALOG, surface, method, sample) for sample in parse_template(route.path).samples]
                assert any(pair is not None and pair[0] is route for pair in found), route.name


def test_find_route() -> None:
    assert find_route(CATALOG, "jobs.tail").websocket
    with pytest.raises(KeyError):
        find_route(CATALOG, "nothing")
