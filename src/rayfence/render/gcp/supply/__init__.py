"""Where images come from and which may run: repositories and Binary Authorization."""

from rayfence.render.gcp.supply.admission import admission_lookups, admission_resources
from rayfence.render.gcp.supply.registries import registry_resources

__all__ = ["admission_lookups", "admission_resources", "registry_resources"]
