"""The VPC Service Controls perimeter around the platform and its data."""

from rayfence.render.gcp.perimeter.perimeter import perimeter_lookups, perimeter_resources

__all__ = ["perimeter_lookups", "perimeter_resources"]
