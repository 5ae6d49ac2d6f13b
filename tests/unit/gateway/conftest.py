"""A gateway service with everything around it simulated, for the tests of this room."""

from collections.abc import AsyncIterator

import pytest

from tests.sim.gateway import SimGateway, sim_gateway


@pytest.fixture
def anyio_backend() -> str:
    """The service runs on asyncio only."""
    return "asyncio"


@pytest.fixture
async def gateway() -> AsyncIterator[SimGateway]:
    """A running gateway with an empty Ray behind it."""
    async with sim_gateway() as running:
        yield running
