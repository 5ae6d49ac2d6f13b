"""Whose object is it: what Envoy asks the service on the few routes where a role does not decide (ext_authz over HTTP).

Fails closed: no answer is 503. The service's refusal goes to the client as it is.
"""

from typing import Final

from rayfence.model.routes import Ownership, Route
from rayfence.render.envoy.names import (
    AUTHZ_PREFIX,
    INTENT_HEADER,
    PAYLOAD_HEADER,
    ROUTE_HEADER,
    SERVICE_CLUSTER,
    SURFACE_HEADER,
    WORKLOAD_HEADER,
)
from rayfence.render.envoy.shape import Message, exact, switched_off, typed

#: Headers of the request that the service sees; method, path and query go along by Envoy's own rule.
ASKED_WITH: Final = (PAYLOAD_HEADER, ROUTE_HEADER, SURFACE_HEADER, WORKLOAD_HEADER, "x-request-id", "x-forwarded-for")
TIMEOUT_SECONDS: Final = 10


def ownership_filter() -> Message:
    """The filter of a listener; routes switch it off unless ownership matters."""
    return typed(
        "envoy.extensions.filters.http.ext_authz.v3.ExtAuthz",
        http_service={
            "server_uri": {"uri": "http://service", "cluster": SERVICE_CLUSTER, "timeout": f"{TIMEOUT_SECONDS}s"},
            "path_prefix": AUTHZ_PREFIX,
            "authorization_response": {
                "allowed_client_headers": {"patterns": [exact("content-type"), exact("retry-after")]},
                "dynamic_metadata_from_headers": {"patterns": [exact(INTENT_HEADER)]},
            },
        },
        allowed_headers={"patterns": [exact(name) for name in ASKED_WITH]},
        disallowed_headers={"patterns": [exact("authorization"), exact("cookie")]},
        failure_mode_allow=False,
        status_on_error={"code": "ServiceUnavailable"},
        max_denied_response_body_bytes=4096,
    )


def ownership_of_route(route: Route) -> Message | None:
    """The route's switch: off, unless the catalogue says that ownership decides."""
    return None if route.ownership is not Ownership.NONE else not_asked()


def not_asked() -> Message:
    """For answers that do not depend on who owns what: the filter is not even made for such a request."""
    return switched_off()
