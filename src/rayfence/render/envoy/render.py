"""Envoy's whole configuration for one instance.

The catalogue and the settings in, files out. Pure, stable order, no secret bytes.
"""

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
    CLUSTERS_FILE,
    JWT_FILE,
    LISTENERS_FILE,
    RAY_CLIENT_ROUTES_FILE,
    ROUTES_FILE,
    SECRETS_FILE,
)
from rayfence.render.envoy.routes import ray_client_routes_resource, routes_resource
from rayfence.render.envoy.secrets import ray_token_resource, secrets_resource
from rayfence.render.envoy.shape import to_text


def render_envoy(settings: GatewaySettings, catalog: RouteCatalog) -> tuple[ConfigFile, ...]:
    """Files of `settings.envoy_dir` in the order they should be written: what is referred to comes first.

    Not among them: leaves, the token's and the public keys' files, and the revocations, which belong to the service
    (`initial_revocations` is for an instance that has none).
    """
    contents = (
        (SECRETS_FILE, secrets_resource(settings)),
        (JWT_FILE, jwt_resource(settings)),
        (CLUSTERS_FILE, clusters_resource(settings)),
        (ROUTES_FILE, routes_resource(settings, catalog)),
        (RAY_CLIENT_ROUTES_FILE, ray_client_routes_resource(settings, catalog)),
        (LISTENERS_FILE, listeners_resource(settings, catalog)),
        (BOOTSTRAP_FILE, bootstrap(settings)),
    )
    token = ConfigFile(path=settings.ray_token_sds, content=to_text(ray_token_resource(settings)))
    files = (ConfigFile(path=f"{settings.envoy_dir}/{name}", content=to_text(value)) for name, value in contents)
    return (token, *files)


def initial_revocations(settings: GatewaySettings) -> ConfigFile:
    """The revocations of a fresh instance: none. Only the service writes this file afterwards."""
    return ConfigFile(path=f"{settings.envoy_dir}/{REVOCATIONS_FILE}", content=revocations_text())
