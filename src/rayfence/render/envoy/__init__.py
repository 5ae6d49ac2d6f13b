"""Envoy's configuration from the catalogue and the settings."""

from rayfence.render.envoy.bootstrap import envoy_argv
from rayfence.render.envoy.render import initial_revocations, render_envoy

__all__ = ["envoy_argv", "initial_revocations", "render_envoy"]
