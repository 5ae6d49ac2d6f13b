"""The spec: versioned outside, one type inside."""

from rayfence.spec.load import DEFAULT_SPEC, json_schema, load

__all__ = ["DEFAULT_SPEC", "json_schema", "load"]
