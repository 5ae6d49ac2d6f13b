"""Everything a platform needs of Google Cloud, as one value.

Pure: the same resolution gives the same objects in the same order. Leaves out: organisation policies, which are read
and never written; objects inside the cluster (`render/kubernetes`); file forms (`terraform`).
"""

from collections.abc import Mapping

from rayfence.errors import RenderError
from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.cluster import cluster_resource, node_pool_resources, notification_resources
from rayfence.render.gcp.exposure import (
    address_resources,
    certificate_resources,
    iap_resources,
    iap_variables,
    name_resources,
)
from rayfence.render.gcp.identity import node_account_resources, people_resources, tenant_resources
from rayfence.render.gcp.keys import grant_resources, key_resources
from rayfence.render.gcp.network import firewall_resources, join_resources, vpc_resources, zone_resources
from rayfence.render.gcp.observe import alert_resources, audit_resources, metric_resources, sink_resources
from rayfence.render.gcp.outputs import outputs
from rayfence.render.gcp.perimeter import perimeter_lookups, perimeter_resources
from rayfence.render.gcp.project import project_resources, service_resources
from rayfence.render.gcp.resource import address_of
from rayfence.render.gcp.supply import admission_lookups, admission_resources, registry_resources
from rayfence.render.gcp.values import escaped, template
from rayfence.render.gcp.workbench import workbench_resources


def render(resolution: ClusterResolution) -> CloudDesired:
    """The objects in the order in which they are made; empty for a platform on an existing cluster.

    1. Project and services. 2. Audit configuration: what follows is already recorded. 3. Network, closed before
    anything stands in it. 4. Keys and their grants. 5. Accounts, repositories, who may run images. 6. Cluster and
    pools. 7. What tenants may use, and people do. 8. Exposure. 9. Sinks, metrics, alerts. 10. Notebook. 11. Perimeter.

    Raises: RenderError where two objects of the spec would be one object of Google Cloud.
    """
    settings = resolution.gke
    if settings is None:
        return CloudDesired(())
    tenants = resolution.platform.tenants
    names = tuple(tenant.name for tenant in tenants)
    resources = (
        *project_resources(settings),  # 1
        *service_resources(settings),
        *audit_resources(settings),  # 2
        *vpc_resources(settings),  # 3
        *firewall_resources(settings),
        *zone_resources(settings),
        *join_resources(settings),
        *key_resources(settings),  # 4
        *grant_resources(settings),
        *registry_resources(settings),  # 5
        *node_account_resources(settings),
        *admission_resources(settings),
        *notification_resources(settings),  # 6
        cluster_resource(settings),
        *node_pool_resources(settings),
        *tenant_resources(settings, tenants),  # 7
        *people_resources(settings),
        *address_resources(settings, names),  # 8
        *certificate_resources(settings),
        *name_resources(settings, names),
        *iap_resources(settings),
        *sink_resources(settings),  # 9
        *metric_resources(settings, names),
        *alert_resources(settings, names),
        *workbench_resources(settings),  # 10
        *perimeter_resources(resolution, settings),  # 11
    )
    _refuse_twins(resources)
    return CloudDesired(
        resources=resources,
        outputs=outputs(resolution, settings),
        variables=iap_variables(settings),
        local_values=_local_values(settings),
        lookups=_lookups(resolution, settings),
    )


def _refuse_twins(resources: tuple[CloudResource, ...]) -> None:
    """Raises RenderError where two objects are one to Terraform: an account shared by nodes and a tenant, say."""
    seen: dict[str, str] = {}
    for item in resources:
        address = address_of(item)
        if address in seen:
            raise RenderError(
                f"{seen[address]!r} and {item.name!r} would both be {address}", hint="rename a pool or a tenant"
            )
        seen[address] = item.name


def _local_values(settings: GkeSettings) -> Mapping[str, str]:
    net, key = settings.network, settings.key
    made = settings.make_project is not None
    values = {
        "project": "${google_project.platform.project_id}" if made else escaped(settings.project),
        "location": escaped(settings.location),
        "region": escaped(net.region),
        "network_project": "${local.project}" if net.project == settings.project else escaped(net.project),
    }
    if settings.project_number is not None and not made:
        values["project_number"] = escaped(settings.project_number)
    if key is not None:
        values["key_project" if key.made else "key"] = escaped(key.project if key.made else key.name)
    if not net.made:
        values["pods_range"] = escaped(net.pods_range)
    return values


def _lookups(resolution: ClusterResolution, settings: GkeSettings) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    """Data sources: the project's number where nobody told it, ranges of a subnet of others, projects, a key."""
    projects = dict(perimeter_lookups(resolution, settings))
    if settings.project_number is None and settings.make_project is None:
        projects["platform"] = {"project_id": settings.project}
    found: dict[str, dict[str, Mapping[str, object]]] = {}
    if projects:
        found["google_project"] = {name: _mapping(value) for name, value in projects.items()}
    net = settings.network
    if not net.made and (net.nodes_cidr is None or net.pods_cidr is None):
        where = {"project": "${local.network_project}", "region": "${local.region}", "name": escaped(net.subnetwork)}
        found["google_compute_subnetwork"] = {"nodes": where}
    for kind, entries in admission_lookups(settings).items():
        found[kind] = {name: _mapping(value) for name, value in entries.items()}
    return found


def _mapping(value: object) -> Mapping[str, object]:
    made = template(value)
    if not isinstance(made, dict):
        raise TypeError("a data source is a mapping")
    return made
