"""Names that several files of Envoy's configuration must agree on: files, resources, filters, clusters, headers."""

from typing import Final

from rayfence.access.revocation import REVOCATIONS_FILE, REVOCATIONS_FILTER
from rayfence.access.signing_keys import JWT_FILE
from rayfence.model.gateway import GatewaySettings

__all__ = ["JWT_FILE", "REVOCATIONS_FILE", "REVOCATIONS_FILTER"]

# Files in GatewaySettings.envoy_dir
BOOTSTRAP_FILE: Final = "bootstrap.yaml"
LISTENERS_FILE: Final = "lds.yaml"
ROUTES_FILE: Final = "rds.yaml"
RAY_CLIENT_ROUTES_FILE: Final = "rds_ray_client.yaml"  # Envoy takes one table per file
CLUSTERS_FILE: Final = "cds.yaml"
SECRETS_FILE: Final = "sds.yaml"
CLIENT_SECRET_FILE: Final = "sds_client.yaml"  # noqa: S105 - a file; Envoy takes one secret from each
SIDECARS_SECRET_FILE: Final = "sds_sidecars.yaml"  # noqa: S105

# Resources
FRONT: Final = "front"  # listener, route table, stat prefix
RAY_CLIENT: Final = "ray_client"
SERVER_SECRET: Final = "server"  # noqa: S105 - a resource's name
RAY_TOKEN_SECRET: Final = "ray_token"  # noqa: S105
CLIENT_TOKEN_SECRET: Final = "ray_token_of_client"  # noqa: S105
CLIENT_SECRET: Final = "client"  # noqa: S105 - the certificate that sidecars of heads ask for
SIDECARS_SECRET: Final = "sidecars"  # noqa: S105 - the authority that signs theirs

# Filters. Each route's configuration is keyed by these.
TOKEN_FORM_FILTER: Final = "rayfence.token_form"  # noqa: S105 - a filter's name
JWT_FILTER: Final = "envoy.filters.http.jwt_authn"
CALLER_FILTER: Final = "rayfence.caller"
ORIGIN_FILTER: Final = "rayfence.origin"
RBAC_FILTER: Final = "envoy.filters.http.rbac"
EXT_AUTHZ_FILTER: Final = "envoy.filters.http.ext_authz"
RATE_LIMIT_FILTER: Final = "envoy.filters.http.local_ratelimit"
CUSTOM_RESPONSE_FILTER: Final = "envoy.filters.http.custom_response"
IDENTITY_FILTER: Final = "rayfence.identity"
ROUTER_FILTER: Final = "envoy.filters.http.router"

# Clusters
RAY_CLUSTER: Final = "ray"
SERVE_CLUSTER: Final = "serve"
RAY_CLIENT_CLUSTER: Final = "ray_client"
SERVICE_CLUSTER: Final = "service"

#: Key of a route's own metadata (`%METADATA(ROUTE:rayfence:…)%`).
ROUTE_METADATA: Final = "rayfence"

#: Prefix of every header by which Envoy speaks to the service. Stripped from clients and never sent to Ray.
HEADER_PREFIX: Final = "x-rayfence-"
PAYLOAD_HEADER: Final = "x-rayfence-payload"
#: The subject alone, where requests are counted by it.
SUBJECT_HEADER: Final = "x-rayfence-subject"
ROUTE_HEADER: Final = "x-rayfence-route"
SURFACE_HEADER: Final = "x-rayfence-surface"
INTENT_HEADER: Final = "x-rayfence-intent"
#: Which Ray object a request is for, where a gateway serves several.
WORKLOAD_HEADER: Final = "x-rayfence-workload"
#: Set on every answer that the gateway itself made: tells its refusal from Ray's.
REFUSAL_HEADER: Final = "x-rayfence-refusal"

#: Path prefix under which the service answers Envoy's ownership questions.
AUTHZ_PREFIX: Final = "/authz"


def client_token_file(settings: GatewaySettings) -> str:
    """Where Ray Client's cluster learns of the token, beside `ray_token_sds`."""
    return settings.ray_token_sds.replace(".yaml", "_client.yaml")


def of_workload(name: str, settings: GatewaySettings) -> str:
    """A cluster's or virtual host's name: told apart by Ray object where a gateway serves several."""
    return f"{name}.{settings.workload}" if settings.workload else name


#: Any cookie whose name begins so carries a rayfence token.
COOKIE_PREFIX: Final = "__Host-rayfence"
DASHBOARD_COOKIE: Final = "__Host-rayfence"
LOGIN_COOKIE: Final = "__Host-rayfence-login"
