"""Plans made true, step by step."""

from rayfence.apply.steps import execute

__all__ = ["execute"]
