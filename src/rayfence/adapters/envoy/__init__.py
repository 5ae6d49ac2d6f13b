"""The running Envoy: its admin socket, its files, its installation."""

from rayfence.adapters.envoy.admin import EnvoyAdmin
from rayfence.adapters.envoy.configuration import difference, replace_configuration, write_files

__all__ = ["EnvoyAdmin", "difference", "replace_configuration", "write_files"]
