from rayfence.catalog.matching import find_route
from rayfence.model.routes import Backend, Surface
from rayfence.render.envoy.names import EXT_AUTHZ_FILTER, JWT_FILTER, RBAC_FILTER
from rayfence.render.envoy.routes import ray_client_routes_resource, routes_resource, virtual_host
from tests.unit.render.envoy.example import CATALOG, SETTINGS, at, objects
from tests.unit.render.envoy.pods import ANSWERS, TRAIN

API = objects(virtual_host(SETTINGS, CATALOG, Surface.API), "routes")
DASHBOARD = objects(virtual_host(SETTINGS, CATALOG, Surface.DASHBOARD), "routes")


def named(routes: list[dict[str, object]], name: str) -> list[dict[str, object]]:
    """Envoy's routes of one route."""
    return [one for one in routes if one["name"] == name]


def test_every_route_carries_its_own_decision() -> None:
    for surface in Surface:
        for one in objects(virtual_host(SETTINGS, CATALOG, surface), "routes"):
            filters = one["typed_per_filter_config"]
            assert isinstance(filters, dict)
            assert {JWT_FILTER, RBAC_FILTER} <= set(filters), one["name"]


def test_the_catalogues_order_is_kept_and_the_rest_refused() -> None:
    wanted = [route.name for route in CATALOG.routes if Surface.API in route.surfaces]
    found = [str(one["name"]) for one in API if not str(one["name"]).startswith("refused.")]
    assert list(dict.fromkeys(found)) == wanted
    assert API[-1]["name"] == "refused.unknown"


def test_the_dashboards_cookie_never_writes() -> None:
    for one in DASHBOARD:
        methods = str(at(one, "match", "headers", 0)) if "headers" in str(one["match"]) else ""
        if not str(one["name"]).startswith("refused."):
            assert not any(word in methods for word in ("POST", "PUT", "DELETE", "PATCH")), one["name"]


def test_paths_are_exact_prefix_or_one_expression() -> None:
    assert at(named(API, "version.api")[0], "match", "path") == "/api/version"
    assert at(named(API, "ui.static")[0], "match", "prefix") == "/static/"
    tail = at(named(API, "jobs.tail")[0], "match", "safe_regex", "regex")
    assert tail == "/api/jobs/[A-Za-z0-9_-]+/logs/tail"


def test_only_a_get_opens_a_socket_and_only_where_the_catalogue_says() -> None:
    opening = [one for one in API if "upgrade_configs" in str(one.get("route"))]
    assert {str(one["name"]) for one in opening} == {route.name for route in CATALOG.routes if route.websocket}
    assert all("'exact': 'GET'" in str(one["match"]) for one in opening)


def test_ownership_is_asked_where_the_catalogue_says() -> None:
    tail, version = named(API, "jobs.tail")[0], named(API, "version.api")[0]
    assert EXT_AUTHZ_FILTER not in str(tail["typed_per_filter_config"])
    assert at(version, "typed_per_filter_config", EXT_AUTHZ_FILTER, "disabled") is True


def test_log_tails_are_not_cut_but_end_with_the_longest_token() -> None:
    action = named(API, "jobs.tail")[0]["route"]
    assert at(action, "timeout") == "0s"
    assert at(action, "max_stream_duration", "max_stream_duration") == f"{SETTINGS.limits.max_token_seconds}s"
    assert at(named(API, "version.api")[0], "route", "timeout") == "60s"


def test_ray_takes_reads_for_a_browsers_and_writes_never() -> None:
    for one in API:
        cluster = str(one.get("route", {}))
        if f"'cluster': '{Backend.RAY}'" in cluster:
            reads = "POST" not in str(one["match"])
            assert ("sec-fetch-site" in str(one.get("request_headers_to_add"))) == reads


def test_serve_loses_its_prefix() -> None:
    assert at(named(API, "serve.data")[0], "route", "prefix_rewrite") == "/"


def test_a_fixed_answer_is_given_by_envoy() -> None:
    found = named(API, "ui.authentication_mode")[0]
    body = at(found, "direct_response", "body", "inline_string")
    assert body == find_route(CATALOG, "ui.authentication_mode").fixed_body


def test_two_tables_and_a_host_for_all_other_names() -> None:
    front = at(routes_resource(SETTINGS, CATALOG), "resources", 0)
    client = at(ray_client_routes_resource(SETTINGS, CATALOG), "resources", 0)
    assert [one["name"] for one in objects(front, "virtual_hosts")] == ["api", "dashboard", "login", "misdirected"]
    assert [one["name"] for one in objects(client, "virtual_hosts")] == ["ray-client", "misdirected"]
    assert at(front, "ignore_port_in_host_matching") is True


def test_several_ray_objects_have_hosts_of_their_own_and_one_log_in() -> None:
    front = at(routes_resource(TRAIN, CATALOG, [(ANSWERS, CATALOG)]), "resources", 0)
    hosts = {str(one["name"]): one for one in objects(front, "virtual_hosts")}
    assert list(hosts) == ["api.train", "dashboard.train", "api.answers", "dashboard.answers", "login", "misdirected"]
    domains = [name for one in hosts.values() for name in one["domains"]]  # type: ignore[attr-defined]
    assert len(domains) == len(set(domains))
    for name, workload in (("api.train", "train"), ("dashboard.answers", "answers")):
        ray = [one for one in objects(hosts[name], "routes") if "'cluster': 'ray" in str(one.get("route"))]
        assert ray
        assert {at(one, "route", "cluster") for one in ray} == {f"ray.{workload}"}
        assert {at(one, "metadata", "filter_metadata", "rayfence", "workload") for one in ray} == {workload}
    assert "workload" not in str(hosts["login"])


def test_only_what_a_ray_object_has_is_offered() -> None:
    front = at(routes_resource(TRAIN, CATALOG, [(ANSWERS, CATALOG)]), "resources", 0)
    offered = [{str(route["name"]) for route in objects(one, "routes")} for one in objects(front, "virtual_hosts")]
    assert "serve.data" not in offered[0] and "serve.data" in offered[2]
    client = at(ray_client_routes_resource(TRAIN, CATALOG, [(ANSWERS, CATALOG)]), "resources", 0)
    assert [one["name"] for one in objects(client, "virtual_hosts")] == ["ray-client.train", "misdirected"]
