import re

from rayfence.catalog.matching import find_route
from rayfence.model.routes import Surface
from rayfence.render.envoy.guards import blocked, guards, hosts_of, metadata, misdirected, unknown
from rayfence.render.envoy.names import JWT_FILTER
from tests.unit.render.envoy.example import CATALOG, SETTINGS, at


def test_refusals_before_the_catalogue_need_no_token() -> None:
    found = guards(SETTINGS, Surface.API)
    assert [(one["name"], at(one, "direct_response", "status")) for one in found] == [
        ("refused.host", 421),
        ("refused.carriers", 400),
        ("refused.body", 413),
    ]
    assert all(at(one, "typed_per_filter_config", JWT_FILTER, "disabled") is True for one in found)


def test_streams_of_ray_client_may_have_bodies() -> None:
    assert [one["name"] for one in guards(SETTINGS, Surface.RAY_CLIENT)] == ["refused.host", "refused.carriers"]


def test_the_port_of_a_host_must_be_digits() -> None:
    matcher = at(guards(SETTINGS, Surface.API)[0], "match", "headers", 0)
    expression = re.compile(str(at(matcher, "string_match", "safe_regex", "regex")))
    assert at(matcher, "invert_match") is True
    assert all(expression.fullmatch(host) for host in ("localhost", "LOCALHOST:1", "[::1]:8443", "127.0.0.1:65535"))
    assert not any(expression.fullmatch(host) for host in ("localhost:", "localhost:http", "127x0.0.1", "a@localhost"))


def test_what_no_route_names_is_told_only_to_callers_with_a_token() -> None:
    found = unknown(Surface.DASHBOARD)
    assert at(found, "typed_per_filter_config", JWT_FILTER, "requirement_name") == "dashboard"
    assert at(found, "direct_response", "status") == 403


def test_a_blocked_route_says_why() -> None:
    route = find_route(CATALOG, "blocked.dump")
    found = blocked(route, {"path": route.path}, Surface.API)
    assert route.why in str(at(found, "metadata", "filter_metadata", "rayfence", "message"))
    assert found["name"] == "blocked.dump"


def test_every_other_host_is_misdirected() -> None:
    assert misdirected()["domains"] == ["*"]
    assert at(misdirected(), "routes", 0, "direct_response", "status") == 421


def test_hosts_and_metadata() -> None:
    assert hosts_of(SETTINGS, Surface.DASHBOARD) == ("dashboard.demo.localhost",)
    assert hosts_of(SETTINGS, Surface.RAY_CLIENT) == SETTINGS.hosts.api
    words = metadata(Surface.LOGIN, required="", error="x")
    assert at(words, "filter_metadata", "rayfence") == {"surface": "login", "error": "x"}
