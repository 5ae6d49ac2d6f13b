"""Strict reading of numbers in the catalogue: YAML's `true` is no 1, and nothing is negative or not a number."""

import math

from rayfence.errors import CatalogError


def as_number(value: object, where: str) -> float:
    """`value` as a finite number of at least 0. Raises CatalogError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise CatalogError(f"a number of at least 0 is wanted, not {value!r}", where=where)
    return float(value)


def as_count(value: object, where: str) -> int:
    """`value` as a whole number of at least 0. Raises CatalogError."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise CatalogError(f"a whole number of at least 0 is wanted, not {value!r}", where=where)
    return value
