"""Envoy's access log: one JSON line per request, read by the service into the trail.

`grant` says who called. It comes from a header that jwt_authn writes only after it has verified a token; on any other
line it is null. No query string, no header of the client besides the method: both may hold secrets.
"""

from typing import Final

from rayfence.access.claims import GRANT_HEADER
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Surface
from rayfence.render.envoy.names import EXT_AUTHZ_FILTER, INTENT_HEADER, ROUTE_METADATA
from rayfence.render.envoy.shape import Message, extension, typed

_STATE: Final = "rayfence.grant"


def caller_filter() -> Message:
    """Keeps who called until the line is written: the header that says so is gone by then (`clusters`)."""
    kept: Message = {
        "object_key": _STATE,
        "factory_key": "envoy.string",
        "format_string": {
            "text_format_source": {"inline_string": f"%REQUEST_HEADER({GRANT_HEADER})%"},
            "omit_empty_values": True,
        },
        "skip_if_empty": True,
    }
    return typed("envoy.extensions.filters.http.set_filter_state.v3.Config", on_request_headers=[kept])


def access_log(settings: GatewaySettings, surface: Surface | None = None) -> Message:
    """The logger of one listener. `surface`: set where the whole listener is one; else the route's metadata says it."""
    line: Message = {
        "ts": "%START_TIME%",
        "id": "%STREAM_ID%",
        "grant": f"%FILTER_STATE({_STATE}:PLAIN)%",
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
    if settings.workload:
        line["workload"] = f"%METADATA(ROUTE:{ROUTE_METADATA}:workload)%"
    return extension(
        "envoy.access_loggers.file",
        typed(
            "envoy.extensions.access_loggers.file.v3.FileAccessLog",
            path=settings.access_log,
            log_format={"json_format": line},
        ),
    )
