"""What each tenant's pods may use: one binding on one resource for one identity, never on a project.

Covers: the tenant's Kubernetes accounts as principals; a Google account behind them where the spec asks for one.
Leaves out: keys of such an account, and roles that exist on projects only (a BigQuery query also needs
`roles/bigquery.jobUser` on the project that pays, which holds no data).
Source: GKE, "Workload Identity Federation for GKE"; IAM, "Principal identifiers".
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.errors import RenderError
from rayfence.model.cloud import CloudResource
from rayfence.model.frozen import dataclass
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.tenancy import ClusterTenant, Grant, WorkloadIdentity
from rayfence.render.gcp.identity.accounts import LONGEST, SHORTEST, account_resource
from rayfence.render.gcp.identity.readers import made_here, reader_resource
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import account_email, pool_account, project, tenant_principal
from rayfence.render.gcp.values import Text, label, reference, text

#: Kubernetes accounts of a tenant's Ray pods: head, worker, and head with an autoscaler.
RAY_ACCOUNTS: Final = ("ray-head", "ray-worker", "ray-autoscaler")
USER: Final = "roles/iam.workloadIdentityUser"


@dataclass(frozen=True, slots=True)
class Target:
    """A resource that can be bound: Terraform's type of the binding, and the attributes that name the resource."""

    block: str
    attributes: Mapping[str, object]


def tenant_resources(settings: GkeSettings, tenants: tuple[ClusterTenant, ...]) -> tuple[CloudResource, ...]:
    """Accounts and bindings of all tenants, in the order of the spec."""
    return tuple(made for tenant in tenants for made in _tenant(settings, tenant))


def tenant_members(settings: GkeSettings, tenant: ClusterTenant) -> tuple[tuple[str, Text], ...]:
    """(name, member) of everything that the tenant's pods act as."""
    if tenant.identity is WorkloadIdentity.PRINCIPAL:
        return tuple((name, tenant_principal(settings, tenant.name, name)) for name in RAY_ACCOUNTS)
    if tenant.identity is WorkloadIdentity.NODE:
        pools = (pool for pool in settings.pools if pool.tenant == tenant.name and pool.node_identity)
        return tuple((pool.name, text("serviceAccount:", pool_account(settings, pool))) for pool in pools)
    return (("google", text("serviceAccount:", account_email(settings, google_account(tenant)))),)


def google_account(tenant: ClusterTenant) -> str:
    """Short name of the Google account behind an annotated or key-file tenant, as its Kubernetes accounts name it.

    Raises: RenderError for a tenant's name that Google takes no account of.
    """
    name = f"ray-{tenant.name}"
    if not SHORTEST <= len(name) <= LONGEST:
        raise RenderError(
            f"tenant {tenant.name!r}: its Google account {name!r} would not have {SHORTEST} to {LONGEST} characters",
            hint="rename the tenant, or use identity: principal, which needs no Google account",
        )
    return name


def full_role(grant: Grant) -> str:
    """`dataViewer` of bigquery is `roles/bigquery.dataViewer`."""
    if "/" in grant.role:
        return grant.role
    return f"roles/{'cloudkms' if grant.service == 'kms' else grant.service}.{grant.role}"


def resource_project(settings: GkeSettings, grant: Grant) -> str:
    """Project of the granted resource; of a bucket, whose name does not tell, the platform's."""
    if grant.service == "bigquery":
        return grant.resource.partition(".")[0] if "." in grant.resource else settings.project
    parts = grant.resource.split("/")
    return parts[1] if len(parts) > 1 and parts[0] == "projects" else settings.project


def _tenant(settings: GkeSettings, tenant: ClusterTenant) -> Iterator[CloudResource]:
    if tenant.identity in (WorkloadIdentity.ANNOTATED, WorkloadIdentity.KEY_FILE):
        yield account_resource(settings, google_account(tenant), f"Ray of tenant {tenant.name}")
    if tenant.identity is WorkloadIdentity.ANNOTATED:
        yield from _impersonations(settings, tenant)
    federated = tenant.identity is WorkloadIdentity.PRINCIPAL
    after = ("google_container_cluster.platform",) if federated else ()
    packages, as_node = settings.packages, tenant.identity is WorkloadIdentity.NODE
    if packages is not None and not (as_node and made_here(settings, packages)):  # nodes read what is made here
        for name, member in tenant_members(settings, tenant):
            title, where = f"{packages.name} {tenant.name}", label(tenant.name, "packages", name)
            yield reader_resource(settings, packages, title, where, member, after=after)
    for number, grant in enumerate(tenant.access):
        for name, member in tenant_members(settings, tenant):
            yield _binding(settings, tenant, grant, label(tenant.name, str(number), name), member)


def _impersonations(settings: GkeSettings, tenant: ClusterTenant) -> Iterator[CloudResource]:
    short = google_account(tenant)
    email = f"{short}@{settings.project}.iam.gserviceaccount.com"
    for name in RAY_ACCOUNTS:
        member = f"serviceAccount:{settings.workload_pool}[{tenant.name}/{name}]"
        yield resource(
            "iam.googleapis.com/AllowPolicy",
            f"{short} {name}",
            f"google_service_account_iam_member.{label(tenant.name, name)}",
            "identity",
            body={"bindings": [{"role": USER, "members": [member]}]},
            attributes={
                "service_account_id": reference(
                    f"google_service_account.{label(short)}.name",
                    f"projects/{settings.project}/serviceAccounts/{email}",
                ),
                "role": USER,
                "member": member,
            },
            # The identity pool exists only with the first cluster of the project.
            after=("google_container_cluster.platform",),
        )


def _binding(settings: GkeSettings, tenant: ClusterTenant, grant: Grant, where: str, member: Text) -> CloudResource:
    target, role = grant_target(settings, grant), full_role(grant)
    federated = tenant.identity is WorkloadIdentity.PRINCIPAL
    return resource(
        "iam.googleapis.com/AllowPolicy",
        f"{grant.resource} {tenant.name}",
        f"{target.block}.{where}",
        "identity",
        body={"bindings": [{"role": role, "members": [member]}]},
        attributes={**target.attributes, "role": role, "member": member},
        after=("google_container_cluster.platform",) if federated else (),
    )


def grant_target(settings: GkeSettings, grant: Grant) -> Target:
    """How Terraform names what is granted.

    Raises: ValueError for a service that has no binding on single resources; the spec lets none through.
    """
    last = grant.resource.rpartition("/")[2]
    owner = resource_project(settings, grant)
    where: str | Text = project(settings) if owner == settings.project else owner
    match grant.service:
        case "bigquery":
            dataset = grant.resource.rpartition(".")[2]
            return Target("google_bigquery_dataset_iam_member", {"project": where, "dataset_id": dataset})
        case "storage":
            return Target("google_storage_bucket_iam_member", {"bucket": grant.resource})
        case "secretmanager":
            return Target("google_secret_manager_secret_iam_member", {"project": where, "secret_id": last})
        case "pubsub":
            return Target("google_pubsub_topic_iam_member", {"project": where, "topic": last})
        case "artifactregistry":
            parts = grant.resource.split("/")
            place = parts[3] if len(parts) > 3 else settings.network.region
            return Target(
                "google_artifact_registry_repository_iam_member",
                {"project": where, "location": place, "repository": last},
            )
        case "kms":
            return Target("google_kms_crypto_key_iam_member", {"crypto_key_id": grant.resource})
        case _:
            raise ValueError(f"no binding on single resources of {grant.service}")
