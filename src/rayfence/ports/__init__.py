"""Protocols between the stages and the world. Implementations live in `adapters`; simulators in `tests/sim`."""
