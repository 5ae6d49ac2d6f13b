"""The reference decision, by tables and by properties over the whole catalogue."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.authorize import MESSAGES, Decision, Gate, Outcome, authorize, required_holder
from rayfence.access.principal import Principal
from rayfence.access.request import Listener, Request
from rayfence.catalog.matching import route_methods
from rayfence.catalog.paths import parse_template
from rayfence.catalog.roles import expand_role
from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import Audiences, Hosts
from rayfence.model.routes import Backend, Ownership, Right, Role, Route, Surface

CATALOG = load_routes("2.60.0")
GATE = Gate(
    hosts=Hosts(("localhost", "127.0.0.1", "[::1]"), "dashboard.default.localhost", "login.default.localhost"),
    audiences=Audiences("aud-api", "aud-dashboard", "aud-login"),
    port=8443,
)
BEARER = (("authorization", "Bearer t"),)
COOKIE = (("cookie", "__Host-rayfence=t"),)
ENTRY = {
    Surface.API: ("localhost:8443", BEARER, "aud-api", Listener.FRONT),
    Surface.DASHBOARD: ("dashboard.default.localhost:8443", COOKIE, "aud-dashboard", Listener.FRONT),
    Surface.LOGIN: ("login.default.localhost:8443", BEARER, "aud-login", Listener.FRONT),
    Surface.RAY_CLIENT: ("localhost:8444", BEARER, "aud-api", Listener.RAY_CLIENT),
}


def person(role: Role | None, *rights: Right, surface: Surface = Surface.API) -> Principal:
    roles = frozenset(expand_role(role)) if role else frozenset()
    return Principal("bob", roles, frozenset(rights), audience=ENTRY[surface][2])


def ask(
    method: str, target: str, *headers: tuple[str, str], surface: Surface = Surface.API, carried: bool = True
) -> Request:
    host, token, _, listener = ENTRY[surface]
    return Request(method, target, host, (*token, *headers) if carried else headers, listener)


def decide(
    role: Role | None, method: str, target: str, *headers: tuple[str, str], surface: Surface = Surface.API
) -> Decision:
    return authorize(person(role, surface=surface), ask(method, target, *headers, surface=surface), CATALOG, GATE)


@pytest.mark.parametrize(
    ("role", "method", "target", "outcome", "route"),
    [
        (Role.VIEWER, "GET", "/api/version", Outcome.ALLOW, "version.api"),
        (Role.VIEWER, "HEAD", "/api/version", Outcome.ALLOW, "version.api"),
        (Role.VIEWER, "GET", "/api/jobs/?x=1", Outcome.ALLOW, "jobs.list"),
        (Role.SUBMITTER, "POST", "/api/jobs/", Outcome.ALLOW, "jobs.submit"),
        (Role.SUBMITTER, "GET", "/api/jobs/x-1/logs", Outcome.ASK, "jobs.logs"),
        (Role.OPERATOR, "GET", "/api/jobs/x-1/logs", Outcome.ASK, "jobs.logs"),
        (Role.SUBMITTER, "GET", "/static/..//api/./version", Outcome.ALLOW, "version.api"),
        (Role.OPERATOR, "PUT", "/api/serve/applications/", Outcome.ALLOW, "serve.apps.put"),
    ],
)
def test_allows(role: Role, method: str, target: str, outcome: Outcome, route: str) -> None:
    assert decide(role, method, target) == Decision(outcome, route)


@pytest.mark.parametrize(
    ("role", "method", "target", "status", "error", "required"),
    [
        (Role.VIEWER, "POST", "/api/jobs/", 403, "forbidden", "submitter"),
        (Role.VIEWER, "GET", "/api/jobs/x-1/logs", 403, "forbidden", "submitter"),
        (Role.SUBMITTER, "DELETE", "/api/serve/applications/", 403, "forbidden", "operator"),
        (Role.SUBMITTER, "GET", "/api/v0/runtime_envs", 403, "forbidden", "operator"),
        (Role.ADMIN, "GET", "/serve/app", 403, "forbidden", "serve:call"),
        (None, "GET", "/api/version", 403, "forbidden", "viewer"),
        (Role.ADMIN, "POST", "/api/authenticate", 403, "blocked", ""),
        (Role.ADMIN, "GET", "/api/v0/delay/5", 403, "blocked", ""),
        (Role.ADMIN, "GET", "/test/dump", 403, "blocked", ""),
        (Role.ADMIN, "GET", "/log_proxy?url=http://x", 403, "unknown_route", ""),
        (Role.ADMIN, "GET", "/api/jobs", 403, "unknown_route", ""),
        (Role.ADMIN, "GET", "/API/jobs/", 403, "unknown_route", ""),
        (Role.ADMIN, "TRACE", "/api/jobs/", 403, "unknown_route", ""),
        (Role.ADMIN, "GET", "/api/jobs/..%2fx", 400, "malformed", ""),
    ],
)
def test_denies(role: Role | None, method: str, target: str, status: int, error: str, required: str) -> None:
    decision = decide(role, method, target)
    assert (decision.outcome, decision.status, decision.error) == (Outcome.DENY, status, error)
    assert decision.required == required
    assert error in MESSAGES


def test_a_method_override_changes_nothing() -> None:
    for name in ("x-http-method-override", "x-http-method", "x-method-override"):
        assert decide(Role.VIEWER, "GET", "/api/jobs/", (name, "POST")).route == "jobs.list"


def test_underscored_header_names_are_refused_in_front_and_needed_by_ray_client() -> None:
    assert decide(Role.ADMIN, "GET", "/api/version", ("x_user", "root")).error == "malformed"
    request = ask("POST", "/ray.rpc.RayletDataStreamer/Datapath", ("client_id", "1"), surface=Surface.RAY_CLIENT)
    found = authorize(person(None, Right.RAY_CLIENT), request, CATALOG, GATE)
    assert found == Decision(Outcome.ASK, "ray-client.data")


def test_foreign_hosts_are_refused_before_anything_is_told() -> None:
    request = replace(ask("GET", "/api/version"), host="rebound.example")
    assert authorize(person(Role.ADMIN), request, CATALOG, GATE).status == 421
    absolute = ask("GET", "https://rebound.example/api/version")
    assert authorize(person(Role.ADMIN), absolute, CATALOG, GATE).outcome is Outcome.DENY


def test_two_credentials_are_refused_whoever_they_name() -> None:
    assert decide(Role.ADMIN, "GET", "/api/version", ("cookie", "__Host-rayfence=x")).error == "two_credentials"
    request = ask("GET", "/login", ("cookie", "__Host-rayfence-login=x"), surface=Surface.LOGIN)
    assert authorize(None, request, CATALOG, GATE).error == "two_credentials"


def test_without_a_token_nothing_but_public_routes() -> None:
    for route in CATALOG.routes:
        for surface in route.surfaces:
            request = ask(route.methods[0], parse_template(route.path).samples[0], surface=surface, carried=False)
            for principal in (None, person(Role.ADMIN, *Right, surface=surface)):
                decision = authorize(principal, request, CATALOG, GATE)
                assert (decision.outcome is Outcome.DENY) != route.public, route.name
                assert route.public or decision.status == 401


def test_a_browser_is_sent_to_the_login_page_and_a_program_is_not() -> None:
    page = ask("GET", "/", ("accept", "text/html,*/*"), surface=Surface.DASHBOARD, carried=False)
    assert authorize(None, page, CATALOG, GATE).status == 302
    xhr = ask("GET", "/api/jobs/", ("accept", "application/json"), surface=Surface.DASHBOARD, carried=False)
    assert authorize(None, xhr, CATALOG, GATE).status == 401
    api = ask("GET", "/api/jobs/", ("accept", "text/html"), carried=False)
    assert authorize(None, api, CATALOG, GATE).status == 401


def test_a_token_opens_only_its_own_surface() -> None:
    for surface, target in ((Surface.API, "/api/version"), (Surface.LOGIN, "/v1/whoami"), (Surface.DASHBOARD, "/")):
        for other in (Surface.API, Surface.DASHBOARD, Surface.LOGIN):
            decision = authorize(person(Role.ADMIN, surface=other), ask("GET", target, surface=surface), CATALOG, GATE)
            assert (decision.outcome is Outcome.ALLOW) == (surface is other)
            assert surface is other or decision.error == "wrong_audience"


ORIGINS = ("null", "https://evil.example", "https://dashboard.default.localhost:8443", "http://localhost:8443")


@pytest.mark.parametrize("origin", ORIGINS)
def test_foreign_origins_may_read_but_not_write(origin: str) -> None:
    assert decide(Role.ADMIN, "GET", "/api/jobs/", ("origin", origin)).outcome is Outcome.ALLOW
    for route in CATALOG.routes:
        if route.write:
            surface = route.surfaces[0]
            request = ask(route.methods[0], parse_template(route.path).samples[0], ("origin", origin), surface=surface)
            assert authorize(person(Role.ADMIN, *Right, surface=surface), request, CATALOG, GATE).status == 403


def test_own_origins_may_write() -> None:
    assert decide(Role.SUBMITTER, "POST", "/api/jobs/", ("origin", "https://localhost:8443")).outcome is Outcome.ALLOW
    assert "https://localhost" in replace(GATE, port=443).origins(Surface.API)
    assert GATE.origins(Surface.RAY_CLIENT) == frozenset()


UPGRADE = (("connection", "Upgrade"), ("upgrade", "websocket"))


def test_upgrades_only_where_the_catalogue_has_them() -> None:
    tail = "/api/jobs/x-1/logs/tail"
    assert decide(Role.SUBMITTER, "GET", tail, *UPGRADE).outcome is Outcome.ASK
    assert decide(Role.SUBMITTER, "GET", tail, *UPGRADE, ("origin", "https://evil")).error == "foreign_origin"
    assert decide(Role.SUBMITTER, "GET", tail, UPGRADE[0], ("upgrade", "irc")).error == "upgrade_refused"
    assert decide(Role.ADMIN, "GET", "/api/version", *UPGRADE).error == "upgrade_refused"


ROLES = (None, *Role)


@pytest.mark.parametrize("route", CATALOG.routes, ids=lambda route: route.name)
def test_each_route_opens_to_its_holder_and_above_and_to_nobody_else(route: Route) -> None:
    holder = required_holder(route, CATALOG)
    for surface in route.surfaces:
        for method in route_methods(route):
            request = ask(method, parse_template(route.path).samples[0], surface=surface)
            for role in ROLES:
                for rights in ((), (Right.RAY_CLIENT,), (Right.SERVE_CALL,)):
                    caller = person(role, *rights, surface=surface)
                    decision = authorize(caller, request, CATALOG, GATE)
                    allowed = route.public or (holder is not None and caller.holds(holder))
                    assert (decision.outcome is not Outcome.DENY) == allowed
                    assert decision.route == route.name
                    if allowed:
                        assert (decision.outcome is Outcome.ASK) == (route.ownership is not Ownership.NONE)


TARGETS = st.lists(
    st.sampled_from(
        ["/", "api", "jobs", "v0", "logs", "..", ".", "%2e", "%2f", "x-1", "serve", "static", "?", ";", "test"]
    ),
    max_size=9,
).map(lambda pieces: "/" + "".join(pieces))
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "get", ""])
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["origin", "cookie", "authorization", "upgrade", "connection", "x-a", "x_a", "accept"]),
        st.sampled_from(["", "null", "Bearer t", "__Host-rayfence=t", "websocket", "Upgrade", "text/html"]),
    ),
    max_size=4,
).map(tuple)


@given(METHODS, TARGETS, HEADERS, st.sampled_from(list(Surface)))
def test_more_roles_never_lose_and_no_role_never_passes(
    method: str, target: str, headers: tuple[tuple[str, str], ...], surface: Surface
) -> None:
    host, _, _, listener = ENTRY[surface]
    request = Request(method, target, host, headers, listener)
    passed = [authorize(person(role, surface=surface), request, CATALOG, GATE).outcome for role in ROLES]
    allowed = [outcome is not Outcome.DENY for outcome in passed]
    assert allowed == sorted(allowed)
    anonymous = authorize(None, request, CATALOG, GATE)
    if anonymous.outcome is not Outcome.DENY:
        assert next(route for route in CATALOG.routes if route.name == anonymous.route).public
    else:
        assert anonymous.status in {302, 400, 401, 403, 421} and anonymous.error in MESSAGES


@given(METHODS, TARGETS, HEADERS)
def test_the_dashboard_never_passes_anything_but_reads(
    method: str, target: str, headers: tuple[tuple[str, str], ...]
) -> None:
    request = ask(method, target, *headers, surface=Surface.DASHBOARD)
    decision = authorize(person(Role.ADMIN, *Right, surface=Surface.DASHBOARD), request, CATALOG, GATE)
    if decision.outcome is not Outcome.DENY:
        found = next(route for route in CATALOG.routes if route.name == decision.route)
        assert method in {"GET", "HEAD"} and not found.write and found.backend is not Backend.SERVE
