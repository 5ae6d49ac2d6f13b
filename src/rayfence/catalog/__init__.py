"""Data shipped with rayfence (routes, roles, Ray versions) and its strict loaders."""

from rayfence.catalog.matching import find_route, match, route_methods
from rayfence.catalog.paths import Template, match_template, parse_template
from rayfence.catalog.ray_versions import Advisory, RayVersions, load_ray_versions, version_key
from rayfence.catalog.roles import ROLE_ORDER, expand_role, load_matrix
from rayfence.catalog.routes import build_catalog, load_routes

__all__ = [
    "ROLE_ORDER",
    "Advisory",
    "RayVersions",
    "Template",
    "build_catalog",
    "expand_role",
    "find_route",
    "load_matrix",
    "load_ray_versions",
    "load_routes",
    "match",
    "match_template",
    "parse_template",
    "route_methods",
    "version_key",
]
