"""Rules that compare fields with each other. Each reads the document, so they hold whatever else is wrong in it."""

from rayfence.spec.v1alpha1.rules.every import problems

__all__ = ["problems"]
