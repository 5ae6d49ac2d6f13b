"""Desired against observed: an ordered, explained plan."""

from rayfence.plan.diff import diff

__all__ = ["diff"]
