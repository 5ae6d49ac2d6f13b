"""The installed Ray, found without importing it."""

import sys
from importlib import metadata

import pytest

from rayfence.adapters.ray import install


def test_the_version_is_known_without_importing_ray() -> None:
    assert install.installed_version() == metadata.version("ray")
    assert "ray" not in sys.modules or sys.modules["ray"].__name__ == "ray"


def test_no_ray_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> str:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(metadata, "version", missing)
    assert install.installed_version() is None
