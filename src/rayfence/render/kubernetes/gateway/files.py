"""Envoy's files of a tenant's gateway, from the same code as a local instance's.

The tables are large (a route of the catalogue carries its own decision) and differ between tenants by names alone, so
they are rendered once for each form of site, with placeholders where names stand, and named afterwards. Placeholders
are letters and digits, and names add dashes, which mean nothing to JSON, YAML or the expressions they may stand in: no
name can end a string or change an expression. `tests/.../test_files.py` holds that against the direct way.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final

from rayfence.catalog.routes import load_routes
from rayfence.errors import CatalogError, RenderError
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import RouteCatalog
from rayfence.render.envoy.compact import compact
from rayfence.render.envoy.names import (
    CLIENT_TOKEN_SECRET,
    LISTENERS_FILE,
    RAY_CLIENT_ROUTES_FILE,
    ROUTES_FILE,
    client_token_file,
)
from rayfence.render.envoy.render import envoy_resources
from rayfence.render.envoy.secrets import ray_token_resource
from rayfence.render.envoy.shape import Message, to_text
from rayfence.render.kubernetes.gateway.settings import TOKENS_PATH, served_settings, token_file
from rayfence.render.kubernetes.gateway.site import RayObject, Site

#: Written with anchors; the others are small, and one of them is read by the service as JSON.
_LARGE: Final = frozenset({ROUTES_FILE, RAY_CLIENT_ROUTES_FILE, LISTENERS_FILE})
_NAME: Final = re.compile(r"[a-z]([a-z0-9-]*[a-z0-9])?")
_PLACEHOLDER: Final = re.compile("zq(platform|tenant|name[0-9]+|version)zq")
_VERSION: Final = "zqversionzq"


def envoy_files(site: Site) -> dict[str, str]:
    """File name to content. Raises RenderError for a Ray version without a route catalogue."""
    names = {"platform": site.platform, "tenant": site.tenant}
    names |= {f"name{number}": one.name for number, one in enumerate(site.objects)}
    for name in names.values():
        if not _NAME.fullmatch(name) or _PLACEHOLDER.search(name):
            raise RenderError(f"{name!r} can't be part of a host name")
    for one in site.objects:
        _routes(one)  # refused by its own name
    objects = tuple(RayObject(one.kind, f"zqname{number}zq", one.version) for number, one in enumerate(site.objects))
    form = Site("zqplatformzq", "zqtenantzq", site.limits, site.public, objects, site.people)
    names |= {"version": _VERSION}  # known when all else is
    return {_named(file, names): _versioned(_named(text, names)) for file, text in _form(form)}


def _named(form: Sequence[str], names: Mapping[str, str]) -> str:
    """`form`: text and what stands for a name, in turn."""
    return "".join([names[part] if number % 2 else part for number, part in enumerate(form)])


def _versioned(text: str) -> str:
    """With its own digest as the version by which Envoy says what it has taken."""
    return text.replace(_VERSION, hashlib.sha256(text.encode()).hexdigest()[:16])


@lru_cache(maxsize=64)
def _form(site: Site) -> Sequence[tuple[Sequence[str], Sequence[str]]]:
    """Name and content of each file, divided where names stand."""
    found = []
    for name, message in site_resources(site).items():
        if "version_info" in message:
            message = {**message, "version_info": _VERSION}  # noqa: PLW2901 - the same message, not yet named
        text = f"{compact(message)}\n" if name in _LARGE else to_text(message)
        found.append((_PLACEHOLDER.split(name), _PLACEHOLDER.split(text)))
    return found


def site_resources(site: Site) -> dict[str, Message]:
    """File name to content, by the direct way. Raises RenderError."""
    served = [(served_settings(site, one), _routes(one)) for one in site.objects]
    (settings, catalog), *more = served
    found = dict(envoy_resources(settings, catalog, more))
    for one, _ in served:
        mounted = _with_mounted_token(one)
        found[token_file(one.workload)] = ray_token_resource(mounted)
        if one.sidecar is not None and one.sidecar.client_port:
            found[client_token_file(one).rpartition("/")[2]] = ray_token_resource(mounted, CLIENT_TOKEN_SECRET)
    return found


def _with_mounted_token(settings: GatewaySettings) -> GatewaySettings:
    """Envoy reads the token where Kubernetes puts it; the service has a copy of its own."""
    return replace(settings, ray_token=f"{TOKENS_PATH}/{settings.workload}")


def _routes(one: RayObject) -> RouteCatalog:
    try:
        return load_routes(one.version)
    except CatalogError as error:
        raise RenderError(
            f"the gateway has no routes for Ray {one.version} ({one.kind} {one.name!r}), and would refuse everything",
            hint="use a supported version of Ray, or leave out images.gateway",
        ) from error
