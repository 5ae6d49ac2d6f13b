"""Secrets by file name (SDS): the server's leaf, and the form in which Ray's token is kept for Envoy.

Only names of files: rendered files never hold secret bytes.
"""

from rayfence.model.gateway import GatewaySettings
from rayfence.render.envoy.names import CLIENT_SECRET, RAY_TOKEN_SECRET, SERVER_SECRET, SIDECARS_SECRET
from rayfence.render.envoy.shape import Message, discovery, typed

_SECRET = "envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 - a message type


def secrets_resource(settings: GatewaySettings) -> Message:
    """Content of sds.yaml.

    New files renamed over the old ones (key first, then certificate) are used without restart.
    """
    leaf = _leaf(settings.server_certificate, settings.server_key)
    return discovery([typed(_SECRET, name=SERVER_SECRET, tls_certificate=leaf)])


def client_resource(settings: GatewaySettings) -> Message:
    """Content of sds_client.yaml: the certificate that sidecars of heads ask for; used anew when it changes."""
    leaf = _leaf(settings.ray_client_certificate, settings.ray_client_key)
    return discovery([typed(_SECRET, name=CLIENT_SECRET, tls_certificate=leaf)])


def sidecars_resource(settings: GatewaySettings) -> Message:
    """Content of sds_sidecars.yaml: the authority behind the sidecars' certificates. Their names are the clusters'."""
    trusted: Message = {"trusted_ca": {"filename": settings.node_ca}, "watched_directory": _folder(settings.node_ca)}
    return discovery([typed(_SECRET, name=SIDECARS_SECRET, validation_context=trusted)])


def ray_token_resource(settings: GatewaySettings, name: str = RAY_TOKEN_SECRET) -> Message:
    """Content of `ray_token_sds`: where Ray's token lies, never the token. `name` of the secret."""
    secret: Message = {"secret": {"filename": settings.ray_token, "watched_directory": _folder(settings.ray_token)}}
    return discovery([typed(_SECRET, name=name, generic_secret=secret)])


def _leaf(certificate: str, key: str) -> Message:
    return {
        "certificate_chain": {"filename": certificate},
        "private_key": {"filename": key},
        "watched_directory": _folder(certificate),
    }


def _folder(path: str) -> Message:
    return {"path": path.rpartition("/")[0]}
