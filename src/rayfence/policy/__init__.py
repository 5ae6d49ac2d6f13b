"""Every setting of a platform decided, each with value, reason and source."""

from rayfence.policy.resolve import refuse_conflicts, resolve

__all__ = ["refuse_conflicts", "resolve"]
