"""A runtime folder whose processes end with the test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rayfence.adapters.processes.keeper_control import stop_instance


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[Path]:
    """An empty runtime folder; whatever a keeper in it started is stopped afterwards."""
    folder = tmp_path / "g"
    folder.mkdir(mode=0o700)
    yield folder
    stop_instance(str(folder))
