"""Network policies of a tenant's namespace.

Covers: default deny; DNS; each Ray object's own mesh; the gateway to the sidecars of heads; the operator to heads of
jobs and services; metrics; the API server for autoscalers; Redis; Google. Leaves out the VPC firewall (`render/gcp`)
and whether the datapath enforces anything. Two Ray objects of one tenant do not reach each other either.
"""

from rayfence.model.cluster_platform import OperatorSource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import (
    API_CLIENT,
    APP,
    AUTOSCALER_METRICS_PORT,
    DASHBOARD_METRICS_PORT,
    DASHBOARD_PORT,
    GATEWAY_APP,
    METRICS_PORT,
    NAMESPACE_NAME,
    RAY_CLUSTER_LABEL,
    RAY_NODE_TYPE_LABEL,
    SCRAPER,
    SERVE_PORT,
    WORKLOAD,
    gateway_namespace,
)
from rayfence.render.kubernetes.network.flows import default_deny, into, namespaces, out_to, pods, policy, tcp
from rayfence.render.kubernetes.network.packages import packages
from rayfence.render.kubernetes.network.redis import redis
from rayfence.render.kubernetes.network.services import api_server, dns, flagged, google
from rayfence.render.kubernetes.shape import Json
from rayfence.render.kubernetes.workloads.listing import Kind, Workload, workloads


def tenant_policies(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Every policy of the tenant's namespace, the default deny first."""
    settings = resolution.kubernetes
    found = [default_deny(tenant.name), dns(tenant.name, settings)]
    listed = workloads(tenant)
    for workload in listed:
        found.append(_mesh(workload, tenant))
        if resolution.platform.images.gateway is not None:
            found.append(_from_gateway(workload, tenant))
        if workload.kind is not Kind.CLUSTER:
            found.append(_from_operator(workload, tenant, resolution))
        found += redis(workload, tenant)
    found.append(_metrics(tenant, resolution))
    if any(workload.autoscaled for workload in listed):
        found.append(api_server(tenant.name, {API_CLIENT: "true"}, settings))
    found += google(tenant, resolution)
    found += packages(tenant, resolution)
    return flagged(tuple(found), settings)


def _members(workload: Workload) -> dict[str, str]:
    """Labels of a Ray object's pods. Users can't give them to pods of their own (`admission/membership.py`)."""
    own = {WORKLOAD: workload.label}
    return {RAY_CLUSTER_LABEL: workload.name, **own} if workload.kind is Kind.CLUSTER else own


def _head(workload: Workload) -> dict[str, str]:
    return {**_members(workload), RAY_NODE_TYPE_LABEL: "head"}


def _mesh(workload: Workload, tenant: ClusterTenant) -> Json:
    """All ports among the pods of one Ray object: Ray chooses many of them at random."""
    members = _members(workload)
    every: list[Json] = [{"protocol": "TCP", "port": 1, "endPort": 65535}]
    peers = [pods(members)]
    rules_in, rules_out = [into(peers, every)], [out_to(peers, every)]
    return policy(f"mesh-{workload.label}", tenant.name, members, ingress=rules_in, egress=rules_out)


def _from_gateway(workload: Workload, tenant: ClusterTenant) -> Json:
    """The tenant's own gateway to the sidecar of the head, which asks for its certificate. Never 8265 or 10001."""
    gateway = pods({APP: GATEWAY_APP}, gateway_namespace(tenant.name))
    rule = into([gateway], tcp(*workload.sidecar_ports))
    return policy(f"gateway-{workload.label}", tenant.name, _head(workload), ingress=[rule])


def _from_operator(workload: Workload, tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    """KubeRay submits jobs and Serve's configuration on 8265, and asks Serve's proxy on 8000 for its health.

    GKE's add-on may run outside of the cluster: its calls arrive through the control plane's tunnel.
    """
    peers = [pods({}, resolution.kubernetes.operator_namespace)]
    if resolution.platform.operator.source is OperatorSource.ADDON:
        peers.append(pods({"k8s-app": "konnectivity-agent"}, "kube-system"))
    ports = (DASHBOARD_PORT, SERVE_PORT) if workload.kind is Kind.SERVICE else (DASHBOARD_PORT,)
    rule = into(peers, tcp(*ports))
    return policy(f"operator-{workload.label}", tenant.name, _head(workload), ingress=[rule])


def _metrics(tenant: ClusterTenant, resolution: ClusterResolution) -> Json:
    """Scrapers, on Ray's three metrics ports; these have no authentication, so nobody else."""
    home = "gmp-system" if resolution.kubernetes.on_gke else "monitoring"
    peers = [namespaces({NAMESPACE_NAME: home}), namespaces({SCRAPER: "true"})]
    rule = into(peers, tcp(METRICS_PORT, AUTOSCALER_METRICS_PORT, DASHBOARD_METRICS_PORT))
    return policy("allow-metrics", tenant.name, {"ray.io/is-ray-node": "yes"}, ingress=[rule])
