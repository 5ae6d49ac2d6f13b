"""Grants of people and pipelines, which the platform's owner binds: the catalogue's list, on these resources."""

from collections.abc import Iterator

from rayfence.catalog.actors import Actor, Actors, ListedGrant
from rayfence.model.cluster_platform import OperatorSource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import GkeSettings, Repository
from rayfence.model.proofs import ActorGrant, Plane
from rayfence.policy.proofs.network.needed import node_accounts


def listed_grants(resolution: ClusterResolution, gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    """Every listed grant that this platform needs, in the order of the list."""
    for actor in actors.actors.values():
        for grant in actor.grants:
            if needed(grant.when, resolution, gke):
                for on in places(grant.on, gke):
                    yield _grant(actor, grant, on, resolution, actors)


def needed(when: str, resolution: ClusterResolution, gke: GkeSettings) -> bool:
    """Whether the occasion holds for this platform."""
    holds = {
        "always": True,
        "cmek": gke.key is not None and gke.key.made,
        "iap": gke.iap is not None,
        "perimeter": gke.perimeter is not None,
        "shared-vpc": gke.network.kind is NetworkKind.SHARED_VPC,
        "operator-manifests": resolution.platform.operator.source is OperatorSource.MANIFESTS
        and not gke.operator_addon,
        "binauthz-made": gke.binary_authorization.attestor_made,
        "made-network": gke.network.made,
        "own-firewall": gke.network.manage_firewall,
    }
    return holds[when]


def places(on: str, gke: GkeSettings) -> tuple[str, ...]:
    """Google resources that a place of the list means."""
    project = f"projects/{gke.project}"
    match on:
        case "project":
            return (project,)
        case "host-project":
            return (f"projects/{gke.network.project}",)
        case "access-policy":
            return (f"accessPolicies/{gke.perimeter.policy}",) if gke.perimeter else ()
        case "registries":
            return tuple(registry_name(gke, registry.name) for registry in gke.registries if registry.remote is None)
        case "node-accounts":
            return tuple(f"{project}/serviceAccounts/{account}" for account in node_accounts(gke))
        case "key":
            # Rings and keys are made in the key's project; nothing smaller exists before them.
            return (f"projects/{gke.key.project}",) if gke.key else ()
        case "attestor-key":
            signer = gke.binary_authorization.attestor_key or ""
            return (
                signer.partition("/cryptoKeyVersions/")[0] if signer.startswith("projects/") else "the signing key",
            )
        case "attestor-note":
            return (f"{project}/notes/{gke.cluster}",)
        case _:
            return (f"{project}/iap_web/compute/services",)


def registry_name(gke: GkeSettings, name: str) -> str:
    """Full name of one of the platform's repositories."""
    return f"projects/{gke.project}/locations/{gke.network.region}/repositories/{name}"


def place_name(where: Repository) -> str:
    """Full name of a repository, whoever keeps it."""
    return f"projects/{where.project}/locations/{where.location}/repositories/{where.name}"


def _grant(actor: Actor, grant: ListedGrant, on: str, resolution: ClusterResolution, actors: Actors) -> ActorGrant:
    return ActorGrant(
        actor=actor.name,
        plane=Plane.IAM,
        role=grant.role,
        on=on,
        members=_tenant_groups(resolution) if actor.name == "developer" else (),
        bound=False,
        why=grant.why,
        worst=grant.worst or actor.worst,
        meaning=actors.meaning(grant.role),
        condition=grant.condition,
        article=_article(grant, actors),
        to_name=actor.to_name,
    )


def _article(grant: ListedGrant, actors: Actors) -> str:
    """How the grant stands to the article's role; empty where it has nothing to do with one."""
    if not grant.article:
        return ""
    said = actors.article[grant.article]
    verb = "is" if grant.role == said.role else "replaces"
    return f"{verb} {said.name} ({said.role}), {said.said}: {said.now}"


def _tenant_groups(resolution: ClusterResolution) -> tuple[str, ...]:
    members = [
        member
        for tenant in resolution.platform.tenants
        for member in (*tenant.roles.viewer, *tenant.roles.submitter, *tenant.roles.operator)
        if not member.startswith("serviceAccount:")
    ]
    return tuple(dict.fromkeys(members))
