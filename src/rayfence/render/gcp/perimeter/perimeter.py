"""The VPC Service Controls perimeter: data of the project is reached from inside only, whoever holds a credential.

Inside stand the platform's project and the projects whose data belongs there (`Perimeter.data_projects`): with their
BigQuery datasets nobody but identities inside can read them, and IAM lets in the tenant's principal alone. What has to
cross is named one by one: per tenant the resources of its `access`, the nodes' image pulls, the agents of a key kept
elsewhere. Dry run first: nothing is refused, everything is logged.
Leaves out: perimeters of others, whose owners need the same rules on their side; IAP, which no perimeter can hold.
Source: Access Context Manager API v1, `servicePerimeters`; VPC Service Controls, "Supported products".
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import Perimeter
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.gcp.identity.nodes import made_accounts
from rayfence.render.gcp.identity.tenants import resource_project, tenant_members
from rayfence.render.gcp.perimeter.crossing import (
    Crossing,
    api_egress,
    api_ingress,
    terraform_egress,
    terraform_ingress,
)
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import account_email, agent_member, enabled, network, project_number, shared
from rayfence.render.gcp.values import Text, label, reference, text

#: Services that the perimeter closes, without `.googleapis.com`. Source: VPC Service Controls, supported products.
RESTRICTED: Final = (
    "aiplatform",
    "artifactregistry",
    "bigquery",
    "binaryauthorization",
    "certificatemanager",
    "cloudkms",
    "cloudresourcemanager",
    "cloudtrace",
    "compute",
    "connectgateway",
    "container",
    "containeranalysis",
    "containerregistry",
    "dns",
    "gkeconnect",
    "gkehub",
    "iam",
    "iaptunnel",
    "logging",
    "monitoring",
    "networksecurity",
    "networkservices",
    "notebooks",
    "pubsub",
    "secretmanager",
    "storage",
)
#: What nodes and pods inside call without it being restricted: GKE's metadata server exchanges every pod's token at
#: Google's token service, and would give none. Source: VPC Service Controls, "VPC accessible services".
ACCESSIBLE: Final = ("iamcredentials", "oslogin", "sts")
#: The project behind `mirror.gcr.io`, from which nodes pull public images. Source: GKE, VPC Service Controls.
MIRROR: Final = "projects/342927644502"
PULL: Final = ("artifactregistry.googleapis.com/DockerRead",)
#: Which API a grant's service stands for, and the permissions that reading through it needs (empty: all methods).
API: Final = {"kms": "cloudkms"}


def perimeter_resources(resolution: ClusterResolution, settings: GkeSettings) -> tuple[CloudResource, ...]:
    """The perimeter; nothing where the spec has none."""
    wanted = settings.perimeter
    if wanted is None:
        return ()
    parent = f"accessPolicies/{wanted.policy}"
    name = f"{parent}/servicePerimeters/{perimeter_name(settings)}"
    ingress, egress = tuple(_ingress(resolution, settings)), tuple(_egress(resolution, settings))
    services = [f"{service}.googleapis.com" for service in RESTRICTED]
    members = [text("projects/", number) for number in _inside(settings, wanted)]
    open_services = ["RESTRICTED-SERVICES", *(f"{service}.googleapis.com" for service in ACCESSIBLE)]
    api = {
        "resources": members,
        "restrictedServices": services,
        "accessLevels": list(wanted.access_levels) or None,
        "vpcAccessibleServices": {"enableRestriction": True, "allowedServices": open_services},
        "ingressPolicies": [api_ingress(item) for item in ingress] or None,
        "egressPolicies": [api_egress(item) for item in egress] or None,
    }
    terraform = {
        "resources": members,
        "restricted_services": services,
        "access_levels": list(wanted.access_levels) or None,
        "vpc_accessible_services": {"enable_restriction": True, "allowed_services": open_services},
        "ingress_policies": [terraform_ingress(item) for item in ingress] or None,
        "egress_policies": [terraform_egress(item) for item in egress] or None,
    }
    dry = not wanted.enforced
    return (
        resource(
            "accesscontextmanager.googleapis.com/ServicePerimeter",
            name,
            "google_access_context_manager_service_perimeter.platform",
            "perimeter",
            body={
                "name": name,
                "title": perimeter_name(settings),
                "perimeterType": "PERIMETER_TYPE_REGULAR",
                "useExplicitDryRunSpec": dry or None,
                "spec": api if dry else None,
                "status": None if dry else api,
            },
            attributes={
                "parent": parent,
                "name": name,
                "title": perimeter_name(settings),
                "perimeter_type": "PERIMETER_TYPE_REGULAR",
                "use_explicit_dry_run_spec": dry or None,
                "spec": terraform if dry else None,
                "status": None if dry else terraform,
            },
            after=enabled(settings, "accesscontextmanager"),
        ),
    )


def perimeter_lookups(resolution: ClusterResolution, settings: GkeSettings) -> Mapping[str, Mapping[str, object]]:
    """Projects whose number the perimeter needs, by Terraform's label."""
    if settings.perimeter is None:
        return {}
    crossed = (item.project for item in _egress(resolution, settings) if isinstance(item.project, str))
    names = {*settings.perimeter.data_projects, *(name for name in crossed if not name.startswith("projects/"))}
    return {label("project", name): {"project_id": name} for name in sorted(names - {settings.project})}


def perimeter_name(settings: GkeSettings) -> str:
    """Letters, digits and underscores only, says the API."""
    return "ray_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in settings.cluster)


def foreign_number(name: str) -> Text:
    """Number of another project, looked up by its id."""
    return reference(f"data.google_project.{label('project', name)}.number", f"number of {name}")


def _inside(settings: GkeSettings, wanted: Perimeter) -> Iterator[Text]:
    yield project_number(settings)
    for name in dict.fromkeys(wanted.data_projects):
        if name != settings.project:
            yield foreign_number(name)


def _holds(settings: GkeSettings, name: str) -> bool:
    """Whether a project stands inside."""
    wanted = settings.perimeter
    return name == settings.project or (wanted is not None and name in wanted.data_projects)


def _ingress(resolution: ClusterResolution, settings: GkeSettings) -> Iterator[Crossing]:
    """From a host project's network, which is outside unless its project is a member: each tenant to its services."""
    if not shared(settings) or _holds(settings, settings.network.project):
        return
    source = text("//compute.googleapis.com/", network(settings))
    for tenant in resolution.platform.tenants:
        packages = {"artifactregistry.googleapis.com"} if settings.packages is not None else set()
        for service in sorted({_api(grant.service) for grant in tenant.access} | packages):
            yield Crossing(f"{tenant.name} {service}", _identities(settings, tenant), service, "*", source=source)
    for short in made_accounts(settings):
        member = text("serviceAccount:", account_email(settings, short))
        yield Crossing(f"{short} images", (member,), "artifactregistry.googleapis.com", "*", PULL, source)
        for service in ("logging.googleapis.com", "monitoring.googleapis.com", "container.googleapis.com"):
            yield Crossing(f"{short} {service}", (member,), service, "*", source=source)


def _egress(resolution: ClusterResolution, settings: GkeSettings) -> Iterator[Crossing]:
    """What leaves the perimeter, each by identity, service and project."""
    for tenant in resolution.platform.tenants:
        seen = {(_api(grant.service), resource_project(settings, grant)) for grant in tenant.access}
        if settings.packages is not None:
            seen.add(("artifactregistry.googleapis.com", settings.packages.project))
        for service, owner in sorted(seen):
            if not _holds(settings, owner):
                yield Crossing(f"{tenant.name} {owner} {service}", _identities(settings, tenant), service, owner)
    nodes = tuple(text("serviceAccount:", account_email(settings, short)) for short in made_accounts(settings))
    if nodes:
        yield Crossing("public images", nodes, "artifactregistry.googleapis.com", MIRROR, PULL)
        for owner in _image_projects(resolution):
            if not _holds(settings, owner):
                yield Crossing(f"images of {owner}", nodes, "artifactregistry.googleapis.com", owner, PULL)
    key = settings.key
    if key is not None and not _holds(settings, key.project):
        agents = tuple(agent_member(settings, agent) for agent in key.agents)
        yield Crossing("keys", agents, "cloudkms.googleapis.com", key.project)


def _image_projects(resolution: ClusterResolution) -> list[str]:
    """Projects of the registries that images come from (`europe-docker.pkg.dev/PROJECT/…`)."""
    found: dict[str, None] = {}
    for prefix in resolution.platform.images.registries:
        host, _, path = prefix.partition("/")
        if host.endswith("-docker.pkg.dev") and path:
            found[path.partition("/")[0]] = None
    return sorted(found)


def _identities(settings: GkeSettings, tenant: ClusterTenant) -> tuple[Text, ...]:
    return tuple(member for _, member in tenant_members(settings, tenant))


def _api(service: str) -> str:
    return f"{API.get(service, service)}.googleapis.com"
