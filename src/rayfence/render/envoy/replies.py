"""The gateway's own answers: every refusal that Envoy makes becomes `{"error","message","required","request_id"}`.

Envoy's texts name addresses, sockets and reasons of transport, so only those of jwt_authn are passed on; all else is
said in our words. `required` and the words of a direct answer come from the route's own metadata
(`%METADATA(ROUTE:rayfence:…)%`).
"""

from typing import Final

from rayfence.access.authorize import MESSAGES
from rayfence.access.revocation import POLICY_PREFIX
from rayfence.model.gateway import GatewaySettings
from rayfence.render.envoy.names import REFUSAL_HEADER, ROUTE_METADATA
from rayfence.render.envoy.rbac import FOREIGN_ORIGIN
from rayfence.render.envoy.shape import Message, extension, header, one_of, regex, set_header, typed
from rayfence.render.envoy.tokenform import MALFORMED_TOKEN

_CEL: Final = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"


def _denied_by(policy: str) -> str:
    return f"response.code_details.startsWith('rbac_access_denied_matched_policy[{policy}')"


_RAY_FAILED: Final = "rayfence_ray_failed"

#: Envoy's `%RESPONSE_CODE_DETAILS%`: expression, status (0: keep), error word, message.
_KNOWN: Final = (
    (
        "response.code_details.startsWith('jwt_authn_access_denied') && response.code == 403",
        0,
        "wrong_audience",
        MESSAGES["wrong_audience"],
    ),
    (
        "response.code_details.startsWith('jwt_authn_access_denied')",
        401,
        "unauthenticated",
        MESSAGES["unauthenticated"] + " (%LOCAL_REPLY_BODY%.)",
    ),
    (_denied_by(POLICY_PREFIX), 401, "revoked", "This token was revoked; log in again with `rayfence login`."),
    (_denied_by(MALFORMED_TOKEN), 401, "unauthenticated", MESSAGES["unauthenticated"]),
    (_denied_by(FOREIGN_ORIGIN), 0, "foreign_origin", MESSAGES["foreign_origin"]),
    ("response.code_details.startsWith('rbac_access_denied')", 0, "forbidden", MESSAGES["forbidden"]),
    ("response.code_details == 'upgrade_failed'", 0, "upgrade_refused", MESSAGES["upgrade_refused"]),
    (
        "response.code_details == 'local_rate_limited'",
        0,
        "too_many_requests",
        "Too many of these requests from you; wait a minute.",
    ),
    (
        "response.code_details == 'ext_authz_error'",
        503,
        "unavailable",
        "The gateway could not find out who owns this; try again.",
    ),
    (
        f"response.code_details == '{_RAY_FAILED}'",
        0,
        "ray_failed",
        "Ray could not answer this request; the log of Ray's dashboard says why.",
    ),
    ("response.code == 413", 0, "body_too_large", "This route takes no body of that size."),
    ("response.code == 426", 0, "upgrade_required", "HTTP/1.0 is not spoken here."),
    ("response.code == 431", 0, "headers_too_large", "The request's headers are too large or too many."),
    ("response.code == 408 || response.code == 504", 0, "timeout", "No answer in time."),
    ("response.code >= 500", 0, "unavailable", "What stands behind the gateway did not answer; try again."),
    ("response.code_details == 'absolute_path_rejected'", 400, "malformed", MESSAGES["malformed"]),
    ("response.code == 404", 403, "unknown_route", MESSAGES["unknown_route"]),
    ("response.code >= 400", 0, "malformed", MESSAGES["malformed"]),
)


def local_replies(*served: GatewaySettings) -> Message:
    """LocalReplyConfig of a listener; the first mapper that fits an answer rewrites it.

    `served`: settings of each Ray object; the log-in is the first one's.
    """
    mappers = [_to_login(served), _passed_on(), _by_route()]
    mappers += [_mapper(*known) for known in _KNOWN]
    return {"mappers": mappers}


def upstream_errors() -> Message:
    """Filter of Ray's routes.

    Ray's 5xx bodies carry tracebacks and paths, so the client gets the status and a JSON body without them.
    """
    # The answer itself is made by the mapper for these details, as every other refusal is.
    policy = typed(
        "envoy.extensions.http.custom_response.local_response_policy.v3.LocalResponsePolicy",
        response_code_details=_RAY_FAILED,
    )
    status: Message = {
        "input": {
            "name": "status",
            "typed_config": typed("envoy.type.matcher.v3.HttpResponseStatusCodeClassMatchInput"),
        },
        "value_match": {"exact": "5xx"},
    }
    ours: Message = {
        "input": {
            "name": "refusal",
            "typed_config": typed("envoy.type.matcher.v3.HttpResponseHeaderMatchInput", header_name=REFUSAL_HEADER),
        },
        "value_match": {"safe_regex": {"google_re2": {}, "regex": ".+"}},
    }
    rays: Message = {
        "and_matcher": {"predicate": [{"single_predicate": status}, {"not_matcher": {"single_predicate": ours}}]}
    }
    action: Message = {"action": {"name": "replace", "typed_config": policy}}
    matcher: Message = {"matcher_list": {"matchers": [{"predicate": rays, "on_match": action}]}}
    return typed("envoy.extensions.filters.http.custom_response.v3.CustomResponse", custom_response_matcher=matcher)


def refusal_body(error: str, message: str) -> Message:
    """The JSON shape of every refusal. `required` is null where no role would help."""
    return {
        "json_format": {
            "error": error,
            "message": message,
            "required": f"%METADATA(ROUTE:{ROUTE_METADATA}:required)%",
            "request_id": "%STREAM_ID%",
        },
        "content_type": "application/json",
    }


def _mapper(expression: str, status: int, error: str, message: str) -> Message:
    mapped: Message = {
        "filter": _when(expression),
        "body_format_override": refusal_body(error, message),
        "headers_to_add": [set_header(REFUSAL_HEADER, error), set_header("cache-control", "no-store")],
    }
    if status:
        mapped["status_code"] = status
    return mapped


def _by_route() -> Message:
    """Direct answers of refusal routes: the route says which error and why."""
    error, message = f"%METADATA(ROUTE:{ROUTE_METADATA}:error)%", f"%METADATA(ROUTE:{ROUTE_METADATA}:message)%"
    return _mapper("response.code_details == 'direct_response' && response.code >= 400", 0, error, message)


def _passed_on() -> Message:
    """The service's own refusal, asked through ext_authz: already in this shape."""
    text: Message = {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}, "content_type": "application/json"}
    return {
        "filter": _when("response.code_details == 'ext_authz_denied'"),
        "body_format_override": text,
        "headers_to_add": [set_header(REFUSAL_HEADER, "owner"), set_header("cache-control", "no-store")],
    }


def _to_login(served: tuple[GatewaySettings, ...]) -> Message:
    """A person's browser without a valid session is sent to the log-in page instead of being shown JSON."""
    hosts = "|".join(dict.fromkeys([*map(_dashboard, served), _dots(served[0].hosts.login)]))
    page = (
        header(":method", string_match=one_of(("GET", "HEAD"))),
        header(":authority", string_match=regex(f"(?i)({hosts})(:[0-9]+)?")),
        header("accept", string_match={"contains": "text/html"}),
    )
    nobody = "response.code_details.startsWith('jwt_authn_access_denied') && response.code == 401"
    refused = " || ".join(_denied_by(policy) for policy in (POLICY_PREFIX, MALFORMED_TOKEN))
    filters = [_when(f"({nobody}) || {refused}")]
    filters += [{"header_filter": {"header": matcher}} for matcher in page]
    return {
        "filter": {"and_filter": {"filters": filters}},
        "status_code": 302,
        "headers_to_add": [
            set_header("location", login_address(served[0])),
            set_header(REFUSAL_HEADER, "login_required"),
            set_header("cache-control", "no-store"),
        ],
        "body_format_override": refusal_body("login_required", MESSAGES["login_required"]),
    }


def _dashboard(settings: GatewaySettings) -> str:
    """An expression for the host of a dashboard.

    For any name where the Ray object's would stand: objects that come and go must not change, and so drain, a listener.
    """
    host = _dots(settings.hosts.dashboard)
    return host.replace(settings.workload, "[a-z0-9-]+") if settings.workload else host


def _dots(host: str) -> str:
    return host.replace(".", "\\.")


def login_address(settings: GatewaySettings) -> str:
    """Where a person logs in."""
    return f"{settings.origin(settings.hosts.login)}/login"


def _when(expression: str) -> Message:
    return {
        "extension_filter": extension("envoy.access_loggers.extension_filters.cel", typed(_CEL, expression=expression))
    }
