"""Secrets by file name (SDS): the server's leaf, and the form in which Ray's token is kept for Envoy.

Only names of files: rendered files never hold secret bytes.
"""

from rayfence.model.gateway import GatewaySettings
from rayfence.render.envoy.names import RAY_TOKEN_SECRET, SERVER_SECRET
from rayfence.render.envoy.shape import Message, discovery, typed

_SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - a message type


def secrets_resource(settings: GatewaySettings) -> Message:
    """Content of sds.yaml.

    New files renamed over the old ones (key first, then certificate) are used without restart.
    """
    directory = {"path": settings.server_certificate.rpartition("/")[0]}
    leaf: Message = {
        "certificate_chain": {"filename": settings.server_certificate},
        "private_key": {"filename": settings.server_key},
        "watched_directory": directory,
    }
    return discovery([typed(_SECRET, name=SERVER_SECRET, tls_certificate=leaf)])


def ray_token_resource(settings: GatewaySettings) -> Message:
    """Content of `ray_token_sds`: where Ray's token lies, never the token."""
    directory = {"path": settings.ray_token.rpartition("/")[0]}
    secret: Message = {"secret": {"filename": settings.ray_token, "watched_directory": directory}}
    return discovery([typed(_SECRET, name=RAY_TOKEN_SECRET, generic_secret=secret)])
