"""The spec: versioned outside, one internal form for each kind of platform."""

from rayfence.spec.load import DEFAULT_SPEC, load, load_local
from rayfence.spec.schema import json_schema

__all__ = ["DEFAULT_SPEC", "json_schema", "load", "load_local"]
