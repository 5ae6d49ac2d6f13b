"""Envoy's whole configuration for one instance.

The catalogue and the settings in, files out. Pure, stable order, no secret bytes.
"""

from collections.abc import Mapping, Sequence

from rayfence.access.revocation import REVOCATIONS_FILE, revocations_text
from rayfence.model.desired import ConfigFile
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import RouteCatalog
from rayfence.render.envoy.bootstrap import bootstrap
from rayfence.render.envoy.clusters import clusters_resource
from rayfence.render.envoy.jwt import jwt_resource
from rayfence.render.envoy.listeners import listeners_resource
from rayfence.render.envoy.names import (
    BOOTSTRAP_FILE,
    CLIENT_SECRET_FILE,
    CLUSTERS_FILE,
    JWT_FILE,
    LISTENERS_FILE,
    RAY_CLIENT_ROUTES_FILE,
    ROUTES_FILE,
    SECRETS_FILE,
    SIDECARS_SECRET_FILE,
)
from rayfence.render.envoy.routes import Served, ray_client_routes_resource, routes_resource
from rayfence.render.envoy.secrets import client_resource, ray_token_resource, secrets_resource, sidecars_resource
from rayfence.render.envoy.shape import Message, to_text


def render_envoy(settings: GatewaySettings, catalog: RouteCatalog) -> tuple[ConfigFile, ...]:
    """Files of `settings.envoy_dir` in the order they should be written: what is referred to comes first.

    Not among them: leaves, the token's and the public keys' files, and the revocations, which belong to the service
    (`initial_revocations` is for an instance that has none).
    """
    token = ConfigFile(path=settings.ray_token_sds, content=to_text(ray_token_resource(settings)))
    contents = envoy_resources(settings, catalog).items()
    files = (ConfigFile(path=f"{settings.rendered_dir}/{name}", content=to_text(value)) for name, value in contents)
    return (token, *files)


def envoy_resources(
    settings: GatewaySettings, catalog: RouteCatalog, more: Sequence[Served] = ()
) -> Mapping[str, Message]:
    """Name to content of the files that one Envoy reads, without those of Ray's tokens; `more`: further Ray objects."""
    others = [one for one, _ in more]
    found: dict[str, Message] = {SECRETS_FILE: secrets_resource(settings)}
    if settings.sidecar is not None:
        found[CLIENT_SECRET_FILE] = client_resource(settings)
        found[SIDECARS_SECRET_FILE] = sidecars_resource(settings)
    return {
        **found,
        JWT_FILE: jwt_resource(settings),
        CLUSTERS_FILE: clusters_resource(settings, others),
        ROUTES_FILE: routes_resource(settings, catalog, more),
        RAY_CLIENT_ROUTES_FILE: ray_client_routes_resource(settings, catalog, more),
        LISTENERS_FILE: listeners_resource(settings, catalog, more),
        BOOTSTRAP_FILE: bootstrap(settings),
    }


def initial_revocations(settings: GatewaySettings) -> ConfigFile:
    """The revocations of a fresh instance: none. Only the service writes this file afterwards."""
    return ConfigFile(path=f"{settings.envoy_dir}/{REVOCATIONS_FILE}", content=revocations_text())
