"""A Ray that the tests of one module share; each test leaves it running and ready."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from rayfence.adapters.processes.keeper_control import stop_instance
from tests.local.ray_instance import RayInstance, make


@pytest.fixture(scope="module")
def instance() -> Iterator[RayInstance]:
    """Started and ready; afterwards nothing of it is left."""
    root = Path(tempfile.mkdtemp(prefix="rf", dir="/tmp"))
    made = make(root)
    try:
        made.start()
        yield made
    finally:
        stop_instance(made.runtime)
        shutil.rmtree(root, ignore_errors=True)
