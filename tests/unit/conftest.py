"""Fixtures for the twins."""

from tests.sim.door import ada, as_ada, door

__all__ = ["ada", "as_ada", "door"]
