from rayfence.catalog.matching import find_route
from rayfence.model.routes import Ownership
from rayfence.render.envoy.ownership import not_asked, ownership_filter, ownership_of_route
from tests.unit.render.envoy.example import CATALOG, at


def test_it_fails_closed_and_shows_the_service_no_credential() -> None:
    found = ownership_filter()
    assert found["failure_mode_allow"] is False
    assert at(found, "status_on_error", "code") == "ServiceUnavailable"
    assert {at(one, "exact") for one in at(found, "disallowed_headers", "patterns")} == {"authorization", "cookie"}  # type: ignore[attr-defined]
    assert at(found, "http_service", "path_prefix") == "/authz"


def test_it_is_off_wherever_a_role_decides() -> None:
    for route in CATALOG.routes:
        expected = not_asked() if route.ownership is Ownership.NONE else None
        assert ownership_of_route(route) == expected
    assert ownership_of_route(find_route(CATALOG, "jobs.tail")) is None
