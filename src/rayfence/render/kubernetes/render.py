"""`render(ClusterResolution) -> tuple[Manifest, ...]`: every Kubernetes object of a platform. Pure, deterministic.

Guards stand before what they guard: namespaces (0), admission, network and bounds (1), accounts (2), operator (3),
gateways (4), Ray (5), exposure (6).
"""

from collections.abc import Iterator
from dataclasses import replace

from rayfence.model.cluster_platform import OperatorSource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.kubernetes import Manifest
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.admission.pods import membership_guard, pods_guard, ray_pods_guard, services_guard
from rayfence.render.kubernetes.admission.policies import admission_objects
from rayfence.render.kubernetes.admission.rayobjects import ray_guards
from rayfence.render.kubernetes.admission.routes import routes_guard
from rayfence.render.kubernetes.admission.scaling import scaling_guard
from rayfence.render.kubernetes.exposure.iap import distinct_hosts, shared_gateway, tenant_route
from rayfence.render.kubernetes.exposure.internal import internal_service
from rayfence.render.kubernetes.exposure.legacy import legacy_ingress
from rayfence.render.kubernetes.exposure.monitoring import pod_monitorings
from rayfence.render.kubernetes.gateway.config import gateway_config, read_at_start, shared_state
from rayfence.render.kubernetes.gateway.replicas import gateway_objects, gateway_services
from rayfence.render.kubernetes.gateway.rights import review_binding, review_role, state_rights
from rayfence.render.kubernetes.gateway.site import site_of
from rayfence.render.kubernetes.names import (
    GATEWAY_ACCOUNT,
    PLATFORM,
    exposure_namespace,
    gateway_namespace,
    tenant_group,
)
from rayfence.render.kubernetes.network.flows import default_deny
from rayfence.render.kubernetes.network.gateway import gateway_policies
from rayfence.render.kubernetes.network.operator import operator_policies
from rayfence.render.kubernetes.network.services import flagged
from rayfence.render.kubernetes.network.tenant import tenant_policies
from rayfence.render.kubernetes.operator.deployment import operator_deployment
from rayfence.render.kubernetes.operator.features import demand
from rayfence.render.kubernetes.operator.rights import operator_rights
from rayfence.render.kubernetes.shape import manifests
from rayfence.render.kubernetes.tenant.accounts import autoscaler_rights, service_account, tenant_accounts
from rayfence.render.kubernetes.tenant.namespaces import limits, namespace, quota, tenant_namespaces
from rayfence.render.kubernetes.tenant.people import people, reaching
from rayfence.render.kubernetes.tenant.storage import local_queue, spill_class
from rayfence.render.kubernetes.workloads.objects import ray_objects

_ADMISSION = "Admission"
_OPERATOR = "Operator"
_EXPOSURE = "Exposure"
_CLUSTER = "Cluster"


def render(resolution: ClusterResolution) -> tuple[Manifest, ...]:
    """Everything, ordered by stage.

    Raises RenderError for what the operator can't do (versions, gates), and for an image or address that says nothing
    definite.
    """
    demand(resolution)
    gke = resolution.gke
    if gke is not None and gke.iap is not None:
        distinct_hosts(resolution, gke.iap)
    found = [*_shared(resolution), *_operator(resolution), *_exposure(resolution)]
    for tenant in resolution.platform.tenants:
        found += _tenant(tenant, resolution)
        found += _gateway(tenant, resolution)
    ours = (_labelled(manifest, resolution.platform.name) for manifest in found)
    return tuple(sorted(ours, key=lambda manifest: manifest.stage))


def _labelled(manifest: Manifest, platform: str) -> Manifest:
    """An object of the whole cluster says whose it is; one in a namespace is of its namespace's platform."""
    metadata = manifest.object["metadata"]
    if not isinstance(metadata, dict) or "namespace" in metadata or PLATFORM in metadata["labels"]:
        return manifest
    labels = dict(sorted({**metadata["labels"], PLATFORM: platform}.items()))
    return replace(manifest, object={**manifest.object, "metadata": {**metadata, "labels": labels}})


def _shared(resolution: ClusterResolution) -> Iterator[Manifest]:
    guards = (
        pods_guard(resolution),
        ray_pods_guard(),
        membership_guard(resolution),
        services_guard(),
        *ray_guards(resolution),
        scaling_guard(),
        *routes_guard(resolution),
    )
    yield from manifests(_ADMISSION, 1, admission_objects(resolution.platform.name, guards))
    yield from manifests(_CLUSTER, 1, spill_class(resolution.kubernetes))
    platform = resolution.platform
    if platform.images.gateway is not None:
        yield from manifests(_CLUSTER, 2, review_role(platform.name, platform.tenants, people=resolution.gke is None))


def _operator(resolution: ClusterResolution) -> Iterator[Manifest]:
    """Nothing where the operator is GKE's or somebody else's: its namespace is not ours to guard."""
    if resolution.platform.operator.source is not OperatorSource.MANIFESTS:
        return
    home = resolution.kubernetes.operator_namespace
    yield from manifests(_OPERATOR, 0, [namespace(home, resolution.platform.name, "operator")])
    yield from manifests(_OPERATOR, 1, operator_policies(resolution))
    yield from manifests(_OPERATOR, 2, operator_rights(resolution))
    yield from manifests(_OPERATOR, 3, [operator_deployment(resolution)])


def _tenant(tenant: ClusterTenant, resolution: ClusterResolution) -> Iterator[Manifest]:
    name = tenant.name
    yield from manifests(tenant_group(name, "namespaces"), 0, tenant_namespaces(resolution.platform.name, tenant))
    yield from manifests(tenant_group(name, "network"), 1, tenant_policies(tenant, resolution))
    yield from manifests(tenant_group(name, "bounds"), 1, [quota(tenant), limits(name), *local_queue(tenant)])
    accounts = [*tenant_accounts(tenant, resolution), *autoscaler_rights(tenant), *people(tenant, resolution)]
    yield from manifests(tenant_group(name, "accounts"), 2, accounts)
    yield from manifests(tenant_group(name, "Ray"), 5, ray_objects(tenant, resolution))
    if resolution.kubernetes.on_gke:
        yield from manifests(tenant_group(name, "monitoring"), 6, pod_monitorings(tenant))


def _gateway(tenant: ClusterTenant, resolution: ClusterResolution) -> Iterator[Manifest]:
    """Guards always; the gateway itself where its image is known and there is a Ray object to guard."""
    home, title = gateway_namespace(tenant.name), tenant_group(tenant.name, "gateway")
    yield from manifests(title, 1, (*gateway_policies(tenant, resolution), limits(home)))
    yield from manifests(title, 2, [service_account("default", home), service_account(GATEWAY_ACCOUNT, home)])
    image, gke = resolution.platform.images.gateway, resolution.gke
    if image is None:
        return
    site = site_of(tenant, resolution)
    if not site.objects:
        return
    config = gateway_config(site, tenant.roles)
    rights = (
        *state_rights(tenant),
        *reaching(tenant, resolution),
        *review_binding(resolution.platform.name, tenant, people=site.people),
    )
    yield from manifests(title, 2, (*rights, shared_state(site)))
    replicas = gateway_objects(tenant, resolution, image, site, read_at_start(config))
    yield from manifests(title, 4, (config, *replicas, *gateway_services(tenant, site)))
    exposed = tenant_group(tenant.name, "exposure")
    if gke is not None and gke.internal is not None:
        yield from manifests(exposed, 6, internal_service(tenant, gke.internal))
    if gke is not None and gke.iap is not None:
        if gke.iap.legacy_ingress:
            objects = legacy_ingress(tenant, resolution, gke, gke.iap)
        else:
            objects = tenant_route(tenant, resolution.platform.name, gke.iap)
        yield from manifests(exposed, 6, objects)


def _exposure(resolution: ClusterResolution) -> Iterator[Manifest]:
    gke = resolution.gke
    if gke is None or gke.iap is None or gke.iap.legacy_ingress or resolution.platform.images.gateway is None:
        return
    platform = resolution.platform.name
    home = exposure_namespace(platform)
    yield from manifests(_EXPOSURE, 0, [namespace(home, platform, "exposure")])
    yield from manifests(_EXPOSURE, 1, flagged((default_deny(home),), resolution.kubernetes))
    yield from manifests(_EXPOSURE, 6, shared_gateway(resolution, gke, gke.iap))
