"""IAM grants that follow from the resolution: nodes, Ray's pods, Google's agents, sinks, users of the proxy.

Written from the settings, not from what was rendered: `agreement` then holds the two against each other.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.catalog.actors import Actors
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.proofs import ActorGrant, Plane
from rayfence.model.tenancy import ClusterTenant, Grant, WorkloadIdentity
from rayfence.policy.proofs.grants.listed import place_name, registry_name

NODE_ROLE: Final = "roles/container.defaultNodeServiceAccount"
READER: Final = "roles/artifactregistry.reader"
ENCRYPTER: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
IMPERSONATOR: Final = "roles/iam.workloadIdentityUser"
ACCESSOR: Final = "roles/iap.httpsResourceAccessor"
#: Kubernetes accounts of a tenant's pods and the actors behind them.
RAY_ACCOUNTS: Final = {"ray-head": "ray-head", "ray-worker": "ray-worker", "ray-autoscaler": "autoscaler"}
#: Stands in members where the number of the project is not known yet.
UNKNOWN_NUMBER: Final = "PROJECT_NUMBER"


def machine_grants(resolution: ClusterResolution, gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    """All of them, in a stable order."""
    yield from _nodes(gke, actors)
    yield from _agents(gke, actors)
    for tenant in resolution.platform.tenants:
        yield from _tenant(tenant, gke, actors)
    yield from _proxy_users(gke, actors)
    yield from _sinks(gke, actors)


def agent_member(gke: GkeSettings, agent: str) -> str:
    """A service agent of the project as a member. Source: Google Cloud, "Service agents"."""
    prefix = {"bigquery-encryption": "bq-", "gcp-sa-logging": "cmek-p"}.get(agent, "service-")
    return f"serviceAccount:{prefix}{gke.project_number or UNKNOWN_NUMBER}@{agent}.iam.gserviceaccount.com"


def principal(gke: GkeSettings, namespace: str, account: str) -> str:
    """A Kubernetes account as a member, by Workload Identity Federation."""
    pool = gke.workload_pool or f"{gke.project}.svc.id.goog"
    number = gke.project_number or UNKNOWN_NUMBER
    path = f"projects/{number}/locations/global/workloadIdentityPools/{pool}"
    return f"principal://iam.googleapis.com/{path}/subject/ns/{namespace}/sa/{account}"


def full_role(grant: Grant) -> str:
    """`dataViewer` of bigquery is `roles/bigquery.dataViewer`."""
    if "/" in grant.role:
        return grant.role
    return f"roles/{'cloudkms' if grant.service == 'kms' else grant.service}.{grant.role}"


def granted_resource(grant: Grant, gke: GkeSettings) -> str:
    """Full name of what a tenant's access names."""
    if grant.service == "bigquery":
        project, _, dataset = grant.resource.rpartition(".")
        return f"//bigquery.googleapis.com/projects/{project or gke.project}/datasets/{dataset}"
    if grant.service == "storage":
        return f"//storage.googleapis.com/buckets/{grant.resource}"
    service = "cloudkms" if grant.service == "kms" else grant.service
    return f"//{service}.googleapis.com/{grant.resource}"


def _grant(
    actors: Actors, actor: str, role: str, on: str, members: tuple[str, ...], *, bound: bool = True, why: str = ""
) -> ActorGrant:
    known = actors.actors[actor]
    return ActorGrant(
        actor=actor,
        plane=Plane.IAM,
        role=role,
        on=on,
        members=members,
        bound=bound,
        why=why or known.why,
        worst=known.worst,
        meaning=actors.meaning(role),
    )


def _nodes(gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    accounts = {gke.account: gke.account_made} | {pool.account: pool.account_made for pool in gke.pools}
    for account, made in sorted(accounts.items()):
        member = (f"serviceAccount:{account}",)
        yield _grant(actors, "node", NODE_ROLE, f"projects/{gke.project}", member, bound=made)
        for registry in gke.registries:
            yield _grant(actors, "node", READER, registry_name(gke, registry.name), member, bound=made)
        for source in gke.image_sources:
            yield _grant(actors, "node", READER, place_name(source), member, bound=made)


def _agents(gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    if gke.key is not None:
        for agent in gke.key.agents:
            yield _grant(actors, "google-agent", ENCRYPTER, gke.key.name, (agent_member(gke, agent),))
    if gke.network.kind is not NetworkKind.SHARED_VPC:
        return
    net = gke.network
    robot = agent_member(gke, "container-engine-robot")
    apis = f"serviceAccount:{gke.project_number or UNKNOWN_NUMBER}@cloudservices.gserviceaccount.com"
    subnet = f"projects/{net.project}/regions/{net.region}/subnetworks/{net.subnetwork}"
    for member in (robot, apis):
        yield _grant(actors, "google-agent", "roles/compute.networkUser", subnet, (member,))
    yield _grant(actors, "google-agent", "roles/container.hostServiceAgentUser", f"projects/{net.project}", (robot,))


def _tenant(tenant: ClusterTenant, gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    email = f"ray-{tenant.name}@{gke.project}.iam.gserviceaccount.com"
    if tenant.identity is WorkloadIdentity.ANNOTATED:
        account = f"projects/{gke.project}/serviceAccounts/{email}"
        for name, actor in RAY_ACCOUNTS.items():
            member = f"serviceAccount:{gke.workload_pool}[{tenant.name}/{name}]"
            why = "an API that knows no federation wants a Google account; the pod impersonates this one"
            yield _grant(actors, actor, IMPERSONATOR, account, (member,), why=why)
    if gke.packages is not None:
        for actor, member in _identities(tenant, gke, email):
            yield _grant(actors, actor, READER, place_name(gke.packages), (member,), why="Ray's pods install packages")
    for access in tenant.access:
        on, role = granted_resource(access, gke), full_role(access)
        for actor, member in _identities(tenant, gke, email):
            yield _grant(actors, actor, role, on, (member,), why=f"access of tenant {tenant.name} in the spec")


def _identities(tenant: ClusterTenant, gke: GkeSettings, email: str) -> Iterator[tuple[str, str]]:
    if tenant.identity is WorkloadIdentity.PRINCIPAL:
        for name, actor in RAY_ACCOUNTS.items():
            yield actor, principal(gke, tenant.name, name)
    elif tenant.identity is WorkloadIdentity.NODE:
        for pool in gke.pools:
            if pool.tenant == tenant.name and pool.node_identity:
                yield "node", f"serviceAccount:{pool.account}"
    else:
        yield "ray-head", f"serviceAccount:{email}"


def _proxy_users(gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    if gke.iap is not None:
        where = f"projects/{gke.project_number or gke.project}/iap_web/compute/services/each tenant's gateway"
        for member in dict.fromkeys(gke.iap.allow):
            yield _grant(actors, "iap-user", ACCESSOR, where, (member,))


def _sinks(gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    roles = {
        "storage.googleapis.com": "roles/storage.objectCreator",
        "pubsub.googleapis.com": "roles/pubsub.publisher",
        "bigquery.googleapis.com": "roles/bigquery.dataEditor",
        "logging.googleapis.com": "roles/logging.bucketWriter",
    }
    writer = f"serviceAccount:service-{gke.project_number or UNKNOWN_NUMBER}@gcp-sa-logging.iam.gserviceaccount.com"
    for sink in gke.observability.sinks:
        role = roles.get(sink.destination.partition("/")[0])
        if role is not None:
            yield _grant(actors, "log-sink", role, f"//{sink.destination}", (writer,))
