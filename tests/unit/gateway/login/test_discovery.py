"""What is known before log-in, and the service's health.

Subject: `rayfence.gateway.login.discovery`, driven through the whole service.
"""

import pytest

from rayfence.model.routes import Surface
from tests.sim.gateway import SimGateway
from tests.sim.ray_dashboard import Answer

pytestmark = pytest.mark.anyio


async def test_discovery_names_addresses_and_nothing_of_the_machine(gateway: SimGateway) -> None:
    for surface in (Surface.LOGIN, Surface.API):
        found = (await gateway.request("GET", "/.well-known/rayfence", surface=surface)).json()
        assert found["login"] == "https://login.test.localhost:8443"
        assert found["api"] == ["https://localhost:8443", "https://127.0.0.1:8443"]
        assert found["ways"] == ["password", "operator_key"]
        assert not any("rf-gw-" in str(value) for value in found.values())


async def test_health_tells_of_ray(gateway: SimGateway) -> None:
    ask = ("GET", "/v1/health")
    assert (await gateway.request(*ask, surface=Surface.LOGIN)).json()["ray"] == "ok"
    gateway.ray.failing = Answer(500, text="boom")
    gateway.service.ray._session = (0.0, "")
    assert (await gateway.request(*ask, surface=Surface.LOGIN)).json()["ray"] == "down"


async def test_health_tells_when_the_trail_is_not_well(gateway: SimGateway) -> None:
    ask = ("GET", "/v1/health")
    assert "trail" not in (await gateway.request(*ask, surface=Surface.LOGIN)).json()
    gateway.journal.failing = True
    assert (await gateway.request(*ask, surface=Surface.LOGIN)).json()["trail"] == {"refuses_writes": 1}
