"""The gateway of one tenant as Kubernetes runs it: two replicas, their disruption budget and their Services.

A StatefulSet, not a Deployment: each replica writes a chain of the trail on a volume of its own, which must outlive the
pod and be found again by the replica that takes its place. Price: an update takes one replica away before it brings
the next, so one serves alone meanwhile. See docs/adr/0014-gateway-replicas-keep-volumes.md.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.gateway.hosts import host_services
from rayfence.render.kubernetes.gateway.pod import TRAIL_VOLUME, gateway_pod
from rayfence.render.kubernetes.gateway.site import Site
from rayfence.render.kubernetes.names import APP, GATEWAY_APP, GATEWAY_CLIENT, TENANT, gateway_namespace
from rayfence.render.kubernetes.shape import MANAGED_BY, Json, resource

#: Digest of what is read at start only: another one replaces the pods, one after the other.
RESTART: Final = "rayfence.dev/read-at-start"
#: Of the trail and Envoy's log: a year of a busy tenant's decisions, compressed segments included.
_TRAIL_SIZE: Final = "10Gi"


def gateway_objects(
    tenant: ClusterTenant, resolution: ClusterResolution, image: str, site: Site, read_at_start: str
) -> tuple[Json, ...]:
    """StatefulSet and disruption budget. `read_at_start`: digest of the configuration that a change must restart."""
    namespace, labels = gateway_namespace(tenant.name), _labels(tenant)
    selector: Json = {"matchLabels": dict(labels)}
    pod: Json = {
        "metadata": {"labels": labels, "annotations": {RESTART: read_at_start}},
        "spec": gateway_pod(image, site, selector),
    }
    replicas: Json = {
        "replicas": 2,
        "serviceName": "gateway",
        "selector": selector,
        "podManagementPolicy": "Parallel",
        "updateStrategy": {"type": "RollingUpdate"},
        # The trail stays when the set goes or shrinks; only with the namespace does it go.
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        "template": pod,
        "volumeClaimTemplates": [_claim(labels, resolution.kubernetes.spill_class)],
    }
    budget: Json = {"maxUnavailable": 1, "selector": selector}
    return (
        resource("apps/v1", "StatefulSet", "gateway", namespace, labels=labels, spec=replicas),
        resource("policy/v1", "PodDisruptionBudget", "gateway", namespace, labels=labels, spec=budget),
    )


def gateway_services(tenant: ClusterTenant, site: Site) -> tuple[Json, ...]:
    """Services inside the cluster, one for each host: TLS by the gateway, and Ray Client where an API is."""
    return tuple(_service(tenant, name) for name in ("gateway", *host_services(site)))


def gateway_selector(tenant: ClusterTenant) -> dict[str, str]:
    """Labels of the gateway's pods, for Services of other renderers."""
    return _labels(tenant)


def _service(tenant: ClusterTenant, name: str) -> Json:
    ports: list[Json] = [
        {"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP", "appProtocol": "HTTPS"},
        {"name": "ray-client", "port": GATEWAY_CLIENT, "targetPort": "ray-client", "protocol": "TCP"},
    ]
    spec: Json = {"type": "ClusterIP", "selector": _labels(tenant), "ports": ports}
    return resource("v1", "Service", name, gateway_namespace(tenant.name), labels=_labels(tenant), spec=spec)


def _labels(tenant: ClusterTenant) -> dict[str, str]:
    return {APP: GATEWAY_APP, TENANT: tenant.name}


def _claim(labels: Mapping[str, str], storage_class: str | None) -> Json:
    spec: Json = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": _TRAIL_SIZE}}}
    if storage_class is not None:
        spec["storageClassName"] = storage_class
    return {"metadata": {"name": TRAIL_VOLUME, "labels": {MANAGED_BY: "rayfence", **labels}}, "spec": spec}
