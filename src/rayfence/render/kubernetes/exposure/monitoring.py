"""Managed Prometheus on a tenant's Ray pods. Source: monitoring.googleapis.com/v1 PodMonitoring.

Ray's metrics ports have no authentication: network policy lets the collectors in and nobody else.
"""

from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import (
    AUTOSCALER_METRICS_PORT,
    DASHBOARD_METRICS_PORT,
    METRICS_PORT,
    RAY_NODE_TYPE_LABEL,
)
from rayfence.render.kubernetes.shape import Json, resource

_INTERVAL = "30s"


def pod_monitorings(tenant: ClusterTenant) -> tuple[Json, ...]:
    """One for heads (three ports), one for workers (one port)."""
    heads = (METRICS_PORT, AUTOSCALER_METRICS_PORT, DASHBOARD_METRICS_PORT)
    return tuple(_monitoring(tenant, kind, ports) for kind, ports in (("head", heads), ("worker", (METRICS_PORT,))))


def _monitoring(tenant: ClusterTenant, kind: str, ports: tuple[int, ...]) -> Json:
    spec: Json = {
        "selector": {"matchLabels": {RAY_NODE_TYPE_LABEL: kind}},
        "endpoints": [{"port": port, "interval": _INTERVAL} for port in ports],
        "targetLabels": {"fromPod": [{"from": "ray.io/cluster", "to": "ray_cluster"}]},
    }
    return resource("monitoring.googleapis.com/v1", "PodMonitoring", f"ray-{kind}", tenant.name, spec=spec)
