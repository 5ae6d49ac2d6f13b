"""The service's own addresses, and a call without a caller."""

import pytest
from starlette.requests import Request

from rayfence.access.principal import Principal
from rayfence.catalog.matching import find_route
from rayfence.catalog.routes import load_routes
from rayfence.gateway.answers import Refused
from rayfence.gateway.service import Call
from rayfence.model.routes import Role, Surface
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio


def call(principal: Principal | None) -> Call:
    """A call of `principal`."""
    route = find_route(load_routes("2.60.0"), "api.whoami")
    return Call(Request({"type": "http", "headers": []}), route, {}, Surface.LOGIN, principal, "r", "s")


async def test_origins(gateway: SimGateway) -> None:
    assert gateway.service.login_origin == "https://login.test.localhost:8443"
    assert gateway.service.dashboard_origin == "https://dashboard.test.localhost:8443"


def test_nobody_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        _ = call(None).caller
    assert refused.value.status == 401


def test_a_role_is_required_by_name() -> None:
    alice = Principal("alice", frozenset({Role.VIEWER, Role.SUBMITTER}), frozenset())
    assert call(alice).require(Role.SUBMITTER) is alice
    with pytest.raises(Refused) as refused:
        call(alice).require(Role.OPERATOR)
    assert (refused.value.status, refused.value.required) == (403, "operator")
