"""A real Kubernetes API server behind `ports.kubernetes`."""

from rayfence.adapters.kubernetes.connection import connect
from rayfence.adapters.kubernetes.server import Server

__all__ = ["Server", "connect"]
