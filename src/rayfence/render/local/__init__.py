"""A local platform as folders, secret requests, certificates, files and processes."""

from rayfence.render.local.desired import render

__all__ = ["render"]
