"""Header hygiene: what of a request reaches Ray, Serve and the service, and what of an answer reaches a client.

Covers three places, outermost first: `on_arrival` (before anything looks at the request), `identity_filter` (what the
gateway says about the caller, after the decision), `upstream_mutations` (the last word, bound to the cluster so that
no route can forget it). Leaves out underscores in names, refused by the front listener's protocol options, and Ray's
token (`clusters`).
"""

from collections.abc import Iterable
from typing import Final

from rayfence.model.routes import Surface
from rayfence.render.envoy.names import ROUTE_HEADER, ROUTE_METADATA, SURFACE_HEADER, WORKLOAD_HEADER
from rayfence.render.envoy.shape import Message, default_header, set_header, typed

#: Client headers that claim an identity, an address or another request than the one made. Nobody behind the gateway
#: may see them.
SPOOFABLE: Final = (
    r"x-rayfence-.*",
    r"x-envoy-.*",  # would steer Envoy itself: timeouts, retries, rewritten paths
    r"x-forwarded-.*",
    r"forwarded",
    r"x-request-id",  # a chosen id would make two lines of the trail one
    r"x-(real|client|original|cluster-client|remote|true-client)-.*",
    r"(true-client|client|cf-connecting|fastly-client)-ip",
    r"x-(auth|authenticated|user|remote|gw|webauth|jwt|goog-iap|goog-authenticated|amzn-oidc|ms-client-principal|ms-token)-?.*",
    r"x-ray-authorization",  # Ray's second carrier of its token
    r"(remote|proxy|auth|www)-.*",
    r"x-http-method.*",
    r"x-method-override",
    r"x-(original|rewrite)-(url|uri|host|method)",
    r"via|early-data",
)

#: Every `x-` header but x-request-id (and what begins like it), which is ours and names the line in the log.
NOT_REQUEST_ID: Final = r"x-([^r]|r[^e]|re[^q]).*|x-(re?)?"

#: Further headers that never reach Ray's dashboard server. Ray asks nothing of a client beyond body, path and query.
NEVER_TO_RAY: Final = (
    r"authorization",
    r"cookie",
    NOT_REQUEST_ID,
    r"[a-z0-9-]*auth.*",  # not `.*auth.*`: that would take `:authority` away too
    # Ray takes a request with any of these for a browser's and answers writes with 405; the gateway has checked
    # Origin itself.
    r"origin",
    r"referer",
    r"sec-(ch|gpc|purpose).*",
    r"sec-fetch-([^s]|s[^i]).*",  # see `fetch_metadata`
    r"access-control-.*",
    r"te",
)

#: Serve's applications may use headers of their own, but no credential of the gateway may reach code of a job.
NEVER_TO_SERVE: Final = (
    r"authorization",
    r"cookie",
    r"x-rayfence-.*",
    r"x-envoy-.*",
    r"x-forwarded-.*",
)

#: Answer headers by which a job could act on the browser of whoever looks at its output.
NEVER_TO_CLIENT: Final = (
    "set-cookie",
    "clear-site-data",
    "service-worker-allowed",
    "x-powered-by",
    "access-control-allow-origin",  # without it the other headers of its family say nothing
    "access-control-allow-credentials",
    "strict-transport-security",
    "alt-svc",
    "refresh",
    "link",
    "x-rayfence-refusal",  # only the gateway says what the gateway refused
    "x-rayfence-intent",
)

#: The dashboard is one bundle of scripts and styles of its own origin; its styles are inserted at run time.
DASHBOARD_CSP: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; worker-src 'none'"
)
#: Answers of the API are data, never a page.
API_CSP: Final = "default-src 'none'; frame-ancestors 'none'"


def on_arrival() -> Message:
    """Early header mutation: runs before routing, so that no matcher and no filter ever sees a spoofed header."""
    return _extension_of(_removals(SPOOFABLE))


def identity_filter(surface_of_listener: Surface | None = None, *, several: bool = False) -> Message:
    """What the service is told about a request.

    Set here, behind the decision; the payload itself is set by jwt_authn. `several`: also for which Ray object it is.
    """
    surface = str(surface_of_listener) if surface_of_listener else f"%METADATA(ROUTE:{ROUTE_METADATA}:surface)%"
    told = [
        set_header(ROUTE_HEADER, "%ROUTE_NAME%"),
        set_header(SURFACE_HEADER, surface),
        set_header("x-forwarded-for", "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%"),
    ]
    if several:
        told.append(set_header(WORKLOAD_HEADER, f"%METADATA(ROUTE:{ROUTE_METADATA}:workload)%"))
    mutations: Message = {"request_mutations": [{"append": option} for option in told]}
    return typed("envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", mutations=mutations)


def upstream_mutations(patterns: Iterable[str]) -> Message:
    """A filter of a cluster: removes names that match one of the patterns, whatever route the request came by."""
    mutations: Message = {"request_mutations": _removals(patterns)}
    return typed("envoy.extensions.filters.http.header_mutation.v3.HeaderMutation", mutations=mutations)


def fetch_metadata(*, reads: bool) -> Message:
    """A route's settings for `Sec-Fetch-Site`, the one header of that family that the cluster's filter lets through.

    On reads Ray is to take every request for a browser's, so that it masks env_vars; on a write it would answer a
    browser with 405. A client's own value never arrives.
    """
    if reads:
        return {"request_headers_to_add": [set_header("sec-fetch-site", "none")]}
    return {"request_headers_to_remove": ["sec-fetch-site"]}


def answer_headers(surface: Surface, *, public_host: bool) -> list[Message]:
    """Headers added to every answer of a surface.

    `public_host`: HSTS too (never on localhost, where it would bind other ports).
    """
    added = [set_header("x-content-type-options", "nosniff")]
    if surface is not Surface.API:  # what a browser may embed or open; the API's answers are data
        added.append(set_header("cross-origin-resource-policy", "same-origin"))
        added.append(set_header("cross-origin-opener-policy", "same-origin"))
    if surface is Surface.DASHBOARD:
        # same-origin, not no-referrer: the latter makes browsers send `Origin: null`, which the Origin check refuses
        added += [set_header("content-security-policy", DASHBOARD_CSP), set_header("referrer-policy", "same-origin")]
    elif surface is Surface.LOGIN:  # the service knows its own page better
        added += [default_header("content-security-policy", API_CSP), default_header("referrer-policy", "same-origin")]
        added += [default_header("cache-control", "no-store")]
    else:
        added += [set_header("content-security-policy", API_CSP), default_header("cache-control", "no-store")]
    if public_host:
        added.append(set_header("strict-transport-security", "max-age=31536000"))
    return added


def _removals(patterns: Iterable[str]) -> list[Message]:
    # Envoy lower-cases names before matching; RE2 must match the whole name. One expression for all patterns: Envoy
    # tries each expression on each header of each request.
    together = "|".join(f"(?:{pattern})" for pattern in patterns)
    return [{"remove_on_match": {"key_matcher": {"safe_regex": {"regex": together}}}}]


def _extension_of(mutations: list[Message]) -> Message:
    config = typed("envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation", mutations=mutations)
    return {"name": "envoy.http.early_header_mutation.header_mutation", "typed_config": config}
