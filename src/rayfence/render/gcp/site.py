"""Where the platform stands, as every renderer names it: project, places, network, key, accounts.

Covers: the one reference for each of them, and what must exist before an object that uses it. Leaves out: the objects
themselves. A renderer never writes a project id or a network's path on its own.
"""

from typing import Final

from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import GkeSettings, KeySettings, PoolSettings
from rayfence.render.gcp.values import Text, label, reference, text

#: Stands in an API body where nobody knows the number yet, as in Google's own documentation.
UNKNOWN_NUMBER: Final = "PROJECT_NUMBER"


def project(settings: GkeSettings) -> Text:
    """The platform's project id."""
    return reference("local.project", settings.project)


def project_number(settings: GkeSettings) -> Text:
    """Its number: of the project we make, as specified, or looked up."""
    number = settings.project_number
    if settings.make_project is not None:
        return reference("google_project.platform.number", number or UNKNOWN_NUMBER)
    if number is None:
        return reference("data.google_project.platform.number", UNKNOWN_NUMBER)
    return reference("local.project_number", number)


def location(settings: GkeSettings) -> Text:
    """Region or zone of the cluster."""
    return reference("local.location", settings.location)


def region(settings: GkeSettings) -> Text:
    """Region of everything regional."""
    return reference("local.region", settings.network.region)


def network_project(settings: GkeSettings) -> Text:
    """Project of the network: the host project of a Shared VPC."""
    return reference("local.network_project", settings.network.project)


def network(settings: GkeSettings) -> Text:
    """The VPC, `projects/P/global/networks/N`."""
    net = settings.network
    path = f"projects/{net.project}/global/networks/{net.network}"
    if net.made:
        return reference("google_compute_network.platform.id", path)
    return text("projects/", network_project(settings), f"/global/networks/{net.network}")


def subnetwork(settings: GkeSettings) -> Text:
    """The nodes' subnet, `projects/P/regions/R/subnetworks/S`."""
    net = settings.network
    path = f"projects/{net.project}/regions/{net.region}/subnetworks/{net.subnetwork}"
    if net.made:
        return reference("google_compute_subnetwork.nodes.id", path)
    return text("projects/", network_project(settings), "/regions/", region(settings), f"/subnetworks/{net.subnetwork}")


def key_name(settings: GkeSettings) -> Text | None:
    """The customer-managed key, None where nothing is encrypted with one."""
    key = settings.key
    if key is None:
        return None
    return reference("google_kms_crypto_key.platform.id", key.name) if key.made else reference("local.key", key.name)


def agent_member(settings: GkeSettings, agent: str) -> Text:
    """A service agent as a member. BigQuery's and Cloud Logging's have names of their own kind.

    Source: Google Cloud, "Service agents".
    """
    prefix = {"bigquery-encryption": "bq-", "gcp-sa-logging": "cmek-p"}.get(agent, "service-")
    return text(f"serviceAccount:{prefix}", project_number(settings), f"@{agent}.iam.gserviceaccount.com")


def grants(key: KeySettings | None) -> tuple[str, ...]:
    """Addresses of the key's grants: whatever uses the key is made after them, else its creation is refused."""
    if key is None:
        return ()
    external = ("google_kms_crypto_key_version.external",) if key.made and key.external_key else ()
    return (*(f"google_kms_crypto_key_iam_member.{label(agent)}" for agent in key.agents), *external)


def enabled(settings: GkeSettings, *services: str) -> tuple[str, ...]:
    """Addresses of the services (`container`, …) that an object needs switched on, as far as we switch them on."""
    wanted = (f"{service}.googleapis.com" for service in services)
    return tuple(service_address(name) for name in wanted if name in settings.services)


def service_address(service: str) -> str:
    """Terraform's address of a service, `container.googleapis.com` as `container`."""
    return f"google_project_service.{label(service.removesuffix('.googleapis.com'))}"


def pool_account(settings: GkeSettings, pool: PoolSettings) -> Text:
    """E-mail of a pool's account."""
    if not pool.account_made:
        return text(pool.account)
    return account_email(settings, pool.account_id)


def node_account(settings: GkeSettings) -> Text:
    """E-mail of the account of nodes that GKE makes itself."""
    if not settings.account_made:
        return text(settings.account)
    return account_email(settings, settings.account.partition("@")[0])


def account_email(settings: GkeSettings, account_id: str) -> Text:
    """E-mail of an account that we make."""
    email = f"{account_id}@{settings.project}.iam.gserviceaccount.com"
    return reference(f"google_service_account.{label(account_id)}.email", email)


def tenant_principal(settings: GkeSettings, namespace: str, account: str) -> Text:
    """A Kubernetes account as a member, by Workload Identity Federation: no key and no other account in between.

    The same namespace and account name in any cluster of the project is the same principal.
    """
    pool = settings.workload_pool or f"{settings.project}.svc.id.goog"
    return text(
        "principal://iam.googleapis.com/projects/",
        project_number(settings),
        f"/locations/global/workloadIdentityPools/{pool}/subject/ns/{namespace}/sa/{account}",
    )


def node_tag(settings: GkeSettings) -> str:
    """Network tag of the nodes, the target of firewall rules in networks that others use too."""
    return f"{settings.cluster}-nodes"[:63].rstrip("-")


def labels(settings: GkeSettings) -> dict[str, str]:
    """Labels of every object that can have some: whose it is."""
    return {"managed-by": "rayfence", "cluster": settings.cluster}


def shared(settings: GkeSettings) -> bool:
    """Whether the network belongs to a host project."""
    return settings.network.kind is NetworkKind.SHARED_VPC
