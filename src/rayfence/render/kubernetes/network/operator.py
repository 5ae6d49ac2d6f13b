"""Network policies of the operator's namespace, where the operator is ours."""

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.render.kubernetes.names import (
    APP,
    DASHBOARD_PORT,
    METRICS_PORT,
    NAMESPACE_NAME,
    OPERATOR_APP,
    PLATFORM,
    RAY_NODE_TYPE_LABEL,
    ROLE,
    SCRAPER,
    SERVE_PORT,
)
from rayfence.render.kubernetes.network.flows import default_deny, into, namespaces, out_to, policy, tcp
from rayfence.render.kubernetes.network.services import api_server, dns, flagged
from rayfence.render.kubernetes.shape import Json


def operator_policies(resolution: ClusterResolution) -> tuple[Json, ...]:
    """Default deny; names, the API server, heads of this platform's tenants; metrics in."""
    settings = resolution.kubernetes
    name, operator = settings.operator_namespace, {APP: OPERATOR_APP}
    tenants = {PLATFORM: resolution.platform.name, ROLE: "tenant"}
    heads = namespaces(tenants, {RAY_NODE_TYPE_LABEL: "head"})
    home = "gmp-system" if settings.on_gke else "monitoring"
    scrapers = [namespaces({NAMESPACE_NAME: home}), namespaces({SCRAPER: "true"})]
    found = (
        default_deny(name),
        dns(name, settings),
        api_server(name, operator, settings),
        policy("allow-ray-heads", name, operator, egress=[out_to([heads], tcp(DASHBOARD_PORT, SERVE_PORT))]),
        policy("allow-metrics", name, operator, ingress=[into(scrapers, tcp(METRICS_PORT))]),
    )
    return flagged(found, settings)
