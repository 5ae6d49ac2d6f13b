"""Envoy's access log: one JSON line per request, read by the service into the trail.

`sub`, `jti`, `roles` come from metadata that jwt_authn writes only after it has verified a token; on any other line
they are empty. No query string, no header of the client besides the method: both may hold secrets.
"""

from typing import Final

from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Surface
from rayfence.render.envoy.names import EXT_AUTHZ_FILTER, INTENT_HEADER, JWT_FILTER, JWT_METADATA, ROUTE_METADATA
from rayfence.render.envoy.shape import Message, extension, typed

_CLAIM: Final = f"%DYNAMIC_METADATA({JWT_FILTER}:{JWT_METADATA}:"


def access_log(settings: GatewaySettings, surface: Surface | None = None) -> Message:
    """The logger of one listener. `surface`: set where the whole listener is one; else the route's metadata says it."""
    line: Message = {
        "ts": "%START_TIME%",
        "id": "%STREAM_ID%",
        "sub": f"{_CLAIM}sub)%",
        "jti": f"{_CLAIM}jti)%",
        "surface": str(surface) if surface else f"%METADATA(ROUTE:{ROUTE_METADATA}:surface)%",
        "route": "%ROUTE_NAME%",
        "method": "%REQUEST_HEADER(:METHOD)%",
        "path": "%PATH(NQ)%",
        "code": "%RESPONSE_CODE%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "flags": "%RESPONSE_FLAGS%",
        "ms": "%DURATION%",
        "upstream_ms": "%RESPONSE_DURATION%",
        "bytes": "%BYTES_SENT%",
        "peer": "%DOWNSTREAM_REMOTE_ADDRESS%",
        "intent": f"%DYNAMIC_METADATA({EXT_AUTHZ_FILTER}:{INTENT_HEADER})%",
    }
    return extension(
        "envoy.access_loggers.file",
        typed(
            "envoy.extensions.access_loggers.file.v3.FileAccessLog",
            path=settings.access_log,
            log_format={"json_format": line},
        ),
    )
