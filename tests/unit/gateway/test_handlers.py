"""Every route that the service is to answer has a handler, and no handler has no route."""

from rayfence.catalog.routes import load_routes
from rayfence.gateway.handlers import HANDLERS, JUDGES
from rayfence.model.routes import Backend, Ownership


def test_every_service_route_has_a_handler_and_no_handler_is_idle() -> None:
    routes = {route.name for route in load_routes("2.60.0").routes if route.backend is Backend.SERVICE}
    assert set(HANDLERS) == routes


def test_every_ownership_question_has_a_judge() -> None:
    assert set(JUDGES) == set(Ownership) - {Ownership.NONE}
