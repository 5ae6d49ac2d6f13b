"""A tenant's gateway that answers, in front of a simulated cluster."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sim.kubernetes.gateway import SimDoor, gateway_door


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SimDoor]:
    """See `gateway_door`."""
    with gateway_door(monkeypatch, tmp_path) as found:
        yield found
