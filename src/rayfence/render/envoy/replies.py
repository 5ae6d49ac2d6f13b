"""The gateway's own answers: every refusal that Envoy makes becomes `{"error","message","required","request_id"}`.

Envoy's texts name addresses, sockets and reasons of transport, so only those of jwt_authn are passed on; all else is
said in our words. `required` and the words of a direct answer come from the route's own metadata
(`%METADATA(ROUTE:rayfence:…)%`).
"""

from typing import Final

from rayfence.access.revocation import POLICY_PREFIX
from rayfence.model.gateway import GatewaySettings
from rayfence.render.envoy.names import REFUSAL_HEADER, ROUTE_METADATA
from rayfence.render.envoy.shape import Message, extension, header, set_header, typed

_CEL: Final = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"

_RAY_FAILED: Final = "rayfence_ray_failed"

#: Envoy's `%RESPONSE_CODE_DETAILS%`: expression, status (0: keep), error word, message.
_KNOWN: Final = (
    (
        "response.code_details.startsWith('jwt_authn_access_denied') && response.code == 403",
        0,
        "wrong-audience",
        "this token was made for another surface of the gateway (API, dashboard or log-in)",
    ),
    (
        "response.code_details.startsWith('jwt_authn_access_denied')",
        0,
        "unauthenticated",
        "%LOCAL_REPLY_BODY%: log in again, or get a token with `rayfence token`",
    ),
    (
        f"response.code_details.startsWith('rbac_access_denied_matched_policy[{POLICY_PREFIX}')",
        401,
        "revoked",
        "this token was revoked: log in again",
    ),
    ("response.code_details.startsWith('rbac_access_denied')", 0, "forbidden", "your roles do not open this route"),
    (
        "response.code_details == 'local_rate_limited'",
        0,
        "too-many-requests",
        "too many of these requests from you: wait a minute",
    ),
    (
        "response.code_details == 'ext_authz_error'",
        503,
        "unavailable",
        "the gateway could not check who owns this: try again",
    ),
    (
        f"response.code_details == '{_RAY_FAILED}'",
        0,
        "ray-failed",
        "Ray could not answer this request; the log of Ray's dashboard says why",
    ),
    (
        "response.code_details == 'absolute_path_rejected'",
        400,
        "bad-request",
        "the request target must be a path, not an absolute address",
    ),
    (
        "response.code_details == 'upgrade_failed'",
        0,
        "no-websocket",
        "this route opens no websocket, or not for pages of that Origin",
    ),
    ("response.code == 413", 0, "body-too-large", "this route takes no body of that size"),
    ("response.code == 426", 0, "upgrade-required", "HTTP/1.0 is not spoken here"),
    ("response.code == 431", 0, "headers-too-large", "the request's headers are too large or too many"),
    ("response.code == 408 || response.code == 504", 0, "timeout", "no answer in time"),
    ("response.code >= 500", 0, "unavailable", "what stands behind the gateway did not answer: try again"),
    ("response.code == 404", 0, "not-found", "the gateway knows no such route"),
    ("response.code >= 400", 0, "bad-request", "the gateway refuses a request of this form"),
)


def local_replies(settings: GatewaySettings) -> Message:
    """LocalReplyConfig of a listener; the first mapper that fits an answer rewrites it."""
    mappers = [_to_login(settings), _passed_on(), _by_route()]
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


def _to_login(settings: GatewaySettings) -> Message:
    """A person's browser without a valid session is sent to the log-in page instead of being shown JSON."""
    host = settings.hosts.dashboard
    page = (
        header(":method", string_match={"exact": "GET"}),
        header(
            ":authority", string_match={"safe_regex": {"regex": f"(?i){host.replace('.', chr(92) + '.')}(:[0-9]+)?"}}
        ),
        header("accept", string_match={"contains": "text/html"}),
    )
    revoked = f"response.code_details.startsWith('rbac_access_denied_matched_policy[{POLICY_PREFIX}')"
    nobody = f"(response.code_details.startsWith('jwt_authn_access_denied') && response.code == 401) || {revoked}"
    filters = [_when(nobody), *({"header_filter": {"header": matcher}} for matcher in page)]
    return {
        "filter": {"and_filter": {"filters": filters}},
        "status_code": 302,
        "headers_to_add": [set_header("location", login_address(settings)), set_header("cache-control", "no-store")],
        "body_format_override": refusal_body("unauthenticated", "log in first"),
    }


def login_address(settings: GatewaySettings) -> str:
    """Where a person logs in."""
    port = "" if settings.port == 443 else f":{settings.port}"
    return f"https://{settings.hosts.login}{port}/login"


def _when(expression: str) -> Message:
    return {
        "extension_filter": extension("envoy.access_loggers.extension_filters.cel", typed(_CEL, expression=expression))
    }
