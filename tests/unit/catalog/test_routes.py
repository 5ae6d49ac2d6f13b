"""The route catalogue: its loader's refusals, and properties of what ships."""

import pytest

from rayfence.catalog.matching import match, route_methods
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.roles import load_matrix
from rayfence.catalog.routes import build_catalog, load_routes, shipped_texts
from rayfence.errors import CatalogError
from rayfence.model.routes import Backend, Ownership, Right, Role, RoleMatrix, Route, RouteCatalog, Surface

CATALOG = load_routes("2.60.0")
MATRIX = RoleMatrix(permissions=(("p", Role.VIEWER),), visible_fields=(("job", ("status",)),))


def build(*items: str, matrix: RoleMatrix = MATRIX) -> RouteCatalog:
    return build_catalog("2.60.0", {"r.yaml": "routes:\n" + "\n".join(f"- {{{item}}}" for item in items)}, matrix)


@pytest.mark.parametrize("version", load_ray_versions().supported)
def test_every_shipped_route_is_reached_by_some_request(version: str) -> None:
    """`load_routes` leaves that to this test."""
    texts = shipped_texts(".".join(version.split(".")[:2]))
    assert build_catalog(version, texts, load_matrix()) == load_routes(version)


def test_a_short_route_is_read_with_safe_defaults() -> None:
    (route,) = build("name: a, path: /a, permission: p").routes
    assert route == Route(
        name="a",
        methods=("GET",),
        path="/a",
        permission="p",
        backend=Backend.RAY,
        surfaces=(Surface.API, Surface.DASHBOARD),
    )


A = "name: a, path: /a, permission: p"


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ((A + ", colour: red",), "unknown"),
        (("name: a, path: /a",), "missing"),
        ((A, "name: a, path: /b, permission: p"), "used twice"),
        ((A, "name: b, path: /b, permission: q"), "without holder"),
        (("name: a, path: /a, permission: null, why: closed",), "without route"),
        ((A, "name: b, path: /a, permission: p"), "taken by earlier"),
        (("name: a, path: '/{rest...}', permission: p", "name: b, path: /b, permission: p"), "taken by earlier"),
        (("name: a, path: '/x/{y}', permission: p", "name: b, path: /x/z, permission: p"), "taken by earlier"),
        ((A, "name: b, path: /b, permission: null"), "says why"),
        ((A, "name: b, path: /b, permission: p, public: true"), "public"),
        ((A + ", methods: [POST]",), "only read"),
        ((A + ", methods: [HEAD]",), "HEAD follows GET"),
        ((A + ", methods: [get]",), "upper case"),
        ((A + ", methods: []",), "upper case"),
        ((A + ", surfaces: []",), "at least one"),
        ((A + ", surfaces: [api, api]",), "each once"),
        ((A + ", surfaces: [moon]",), "moon"),
        ((A + ", backend: fixed",), "fixed_body"),
        ((A + ", fixed_body: x",), "fixed_body"),
        ((A + ", view: job",), "needs the service"),
        ((A + ", backend: service, view: nothing",), "without visible fields"),
        ((A + ", ownership: job",), "submission_id"),
        (("name: a, path: '/{submission_id}', permission: p, backend: service, ownership: job",), "decides for itself"),
        ((A + ", write: true",), "neither writes"),
        ((A + ", max_body_bytes: 5",), "neither writes"),
        ((A + ", max_body_bytes: many",), "number of bytes"),
        ((A + ", max_body_bytes: true",), "number of bytes"),
        ((A + ", streaming: 1",), "true or false"),
        (("name: a, path: /a//b, permission: p",), "not normalised"),
        (("name: 5, path: /a, permission: p",), "string"),
    ],
)
def test_refuses(items: tuple[str, ...], said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        build(*items)


def test_unknown_versions_have_no_catalogue() -> None:
    for version in ("2.59.0", "2.60.1", "", "../2.60.0"):
        with pytest.raises(CatalogError, match="no route catalogue"):
            load_routes(version)


def test_loading_is_cached() -> None:
    assert load_routes("2.60.0") is CATALOG
    assert CATALOG.matrix is load_matrix()


def test_the_dashboard_surface_only_reads() -> None:
    for route in CATALOG.routes:
        if Surface.DASHBOARD in route.surfaces:
            assert set(route_methods(route)) == {"GET", "HEAD"} and not route.write, route.name


def test_every_method_that_changes_something_is_a_recorded_write_closed_or_a_call() -> None:
    for route in CATALOG.routes:
        if not set(route.methods) <= {"GET"}:
            calls = route.backend in {Backend.SERVE, Backend.RAY_CLIENT}
            closed = route.permission is None and not route.public
            assert route.write or calls or closed, route.name


def test_rays_writes_pass_through_the_service() -> None:
    """Ids, owners, packages and intents are the service's: no write reaches Ray from Envoy."""
    for route in CATALOG.routes:
        if route.backend is Backend.RAY and route.permission is not None:
            assert route.methods == ("GET",), route.name


def test_job_logs_are_asked_about_and_never_proxied_by_the_service() -> None:
    asked = {route.name: route.ownership for route in CATALOG.routes if route.ownership is not Ownership.NONE}
    assert asked == {
        "jobs.logs": Ownership.JOB,
        "jobs.tail": Ownership.JOB,
        "logs.file": Ownership.LOG_SELECTOR,
        "logs.stream": Ownership.LOG_SELECTOR,
        "ray-client.data": Ownership.CONNECT,
    }


#: Reads that Envoy passes to Ray for every viewer. Each was read in the wheel; a new name here needs the same.
LEAK_FREE = {
    *("ui.index", "ui.favicon", "ui.static", "ui.timezone", "ui.usage_stats", "version.api", "version.ray"),
    *("health.gcs", "cluster.status", "cluster.activities"),
    *("cluster.profiling_enabled", "state.nodes", "state.cluster_metadata", "state.runtime_env_redaction"),
}


def test_what_viewers_read_unfiltered_is_listed() -> None:
    """One planted env_vars value, entrypoint, metadata or log secret must be behind a view, an owner, or operators."""
    unfiltered = {
        route.name
        for route in CATALOG.routes
        if route.backend is Backend.RAY
        and route.ownership is Ownership.NONE
        and route.permission is not None
        and CATALOG.matrix.holder(route.permission) in {Role.VIEWER, Role.SUBMITTER}
    }
    assert unfiltered == LEAK_FREE


def test_reads_answered_by_the_service_for_viewers_are_filtered() -> None:
    ray_reads = [r for r in CATALOG.routes if r.path.startswith(("/api/", "/nodes", "/logical", "/events")) and r.view]
    served = {
        route.name
        for route in CATALOG.routes
        if route.backend is Backend.SERVICE and route.methods == ("GET",) and Surface.API in route.surfaces
    }
    assert served - {route.name for route in ray_reads} == {
        *("login.discovery", "packages.get", "health.prometheus", "health.grafana"),
    }


def test_code_execution_and_data_need_rights_of_their_own() -> None:
    for route in CATALOG.routes:
        if route.backend in {Backend.RAY_CLIENT, Backend.SERVE}:
            assert route.permission is not None
            assert isinstance(CATALOG.matrix.holder(route.permission), Right), route.name


CLOSED = {
    *("blocked.authenticate", "blocked.delay", "blocked.dump", "blocked.report_events"),
    *("blocked.task_events", "blocked.task_events_query"),
}


def test_closed_routes() -> None:
    assert {r.name for r in CATALOG.routes if r.permission is None and not r.public} == CLOSED


#: What the page asks by XHR, read in the built bundle of 2.60.0: all must be open to a viewer.
PAGE_ASKS = (
    *("/api/authentication_mode", "/timezone", "/nodes", "/nodes/abc", "/logical/actors", "/logical/actors/abc"),
    *("/api/jobs/", "/api/jobs/raysubmit-1", "/events", "/api/cluster_status", "/api/profiling_enabled"),
    *("/api/grafana_health", "/api/prometheus_health", "/api/serve/applications/", "/api/data/datasets/01000000"),
    *("/api/v0/nodes", "/api/v0/tasks", "/api/v0/tasks/summarize", "/api/v0/tasks/timeline", "/api/v0/logs"),
    *("/api/v0/placement_groups", "/api/v0/cluster_metadata", "/api/v0/runtime_env_redaction"),
    *("/api/v0/platform_events", "/", "/favicon.ico", "/static/js/main.js"),
)


@pytest.mark.parametrize("path", PAGE_ASKS)
def test_what_the_page_asks_is_open_to_viewers(path: str) -> None:
    found = match(CATALOG, Surface.DASHBOARD, "GET", path)
    assert found is not None and found[0].permission is not None
    assert CATALOG.matrix.holder(found[0].permission) is Role.VIEWER
