from dataclasses import replace

from rayfence.catalog.matching import find_route
from rayfence.model.gateway import Limits
from rayfence.render.envoy.limits import (
    body_filter_name,
    body_filters,
    body_limit_of_route,
    no_rate_limit,
    overload_manager,
    rate_limit_of_route,
)
from tests.unit.render.envoy.example import CATALOG, SETTINGS, at


def test_there_is_a_filter_for_every_size_and_only_the_smallest_is_on() -> None:
    found = {str(one["name"]): one["disabled"] for one in body_filters(CATALOG)}
    sizes = {route.max_body_bytes for route in CATALOG.routes if route.max_body_bytes > 0}
    assert set(found) == {body_filter_name(size) for size in {1, *sizes}}
    assert [name for name, disabled in found.items() if not disabled] == [body_filter_name(1)]


def test_a_route_switches_its_own_size_on() -> None:
    submit = find_route(CATALOG, "jobs.submit")
    switches = body_limit_of_route(submit)
    assert at(switches, body_filter_name(1), "disabled") is True
    assert "config" in str(switches[body_filter_name(submit.max_body_bytes)])


def test_no_body_is_the_default_and_endless_ones_are_named() -> None:
    assert body_limit_of_route(find_route(CATALOG, "version.api")) == {}
    for name in ("serve.data", "jobs.tail"):
        assert set(body_limit_of_route(find_route(CATALOG, name))) == {body_filter_name(1)}


def test_submissions_are_counted_by_subject() -> None:
    submit = find_route(CATALOG, "jobs.submit")
    found = rate_limit_of_route(submit, replace(Limits(), submits_per_minute=7))
    assert at(found, "descriptors", 0, "entries", 0) == {"key": "sub"}  # without a value: a bucket each
    assert at(found, "descriptors", 0, "token_bucket", "max_tokens") == 7
    assert rate_limit_of_route(find_route(CATALOG, "version.api"), Limits()) is None
    assert "token_bucket" not in no_rate_limit()


def test_connections_are_bounded() -> None:
    monitor = at(overload_manager(SETTINGS), "resource_monitors", 0, "typed_config")
    assert at(monitor, "max_active_downstream_connections") == SETTINGS.limits.max_connections
