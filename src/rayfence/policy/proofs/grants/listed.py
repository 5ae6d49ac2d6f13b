"""Grants of people and pipelines: the catalogue's list, on these resources, for the members that the spec names.

What has a name is bound by Terraform, unless the resource belongs to others (a host project, a project of keys, an
access policy): there its owner binds. What has none is listed, for whoever knows the group.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.catalog.actors import Actor, Actors, ListedGrant
from rayfence.model.cluster_platform import ClusterPlatform, OperatorSource
from rayfence.model.gke import Duty, GkeTarget, NetworkKind
from rayfence.model.gke_settings import GkeSettings, Repository, RoleGrant
from rayfence.model.proofs import ActorGrant, Plane
from rayfence.model.tenancy import WorkloadIdentity
from rayfence.policy.identity.accounts import short_name
from rayfence.policy.proofs.network.needed import node_accounts

_ACCOUNTS: Final = ".iam.gserviceaccount.com"
#: Stands in the catalogue for the end of an installation.
UNTIL: Final = "END-OF-INSTALLATION"


def listed_grants(platform: ClusterPlatform, gke: GkeSettings, actors: Actors) -> Iterator[ActorGrant]:
    """Every listed grant that this platform needs, in the order of the list."""
    for actor, grant, on in _needed(platform, gke, actors):
        duty = _duty(actor.name, platform)
        yield _grant(actor, grant, on, duty, _bound(grant.on, on, duty, grant, gke), actors)


def role_grants(platform: ClusterPlatform, gke: GkeSettings, actors: Actors) -> tuple[RoleGrant, ...]:
    """Those of them that Terraform binds."""
    return tuple(
        RoleGrant(actor.name, grant.role, grant.on, on, duty.members, _condition(grant, duty))
        for actor, grant, on in _needed(platform, gke, actors)
        if (duty := _duty(actor.name, platform)) and _bound(grant.on, on, duty, grant, gke)
    )


def _needed(platform: ClusterPlatform, gke: GkeSettings, actors: Actors) -> Iterator[tuple[Actor, ListedGrant, str]]:
    for actor in actors.actors.values():
        for grant in actor.grants:
            if needed(grant.when, platform, gke):
                for on in places(grant.on, platform, gke):
                    yield actor, grant, on


def _duty(actor: str, platform: ClusterPlatform) -> Duty:
    """Who holds an actor's grants: nobody, where the spec names none."""
    if actor == "developer":
        return Duty(actor, _tenant_groups(platform))
    named = platform.target.duties if isinstance(platform.target, GkeTarget) else ()
    return next((duty for duty in named if duty.actor == actor), Duty(actor, ()))


def _bound(place: str, on: str, duty: Duty, grant: ListedGrant, gke: GkeSettings) -> bool:
    """Whether Terraform binds it: somebody is named, an occasion has its end, and the resource is the platform's."""
    if not duty.members or UNTIL in _condition(grant, duty) or place == "access-policy":
        return False
    return on.startswith(f"projects/{gke.project}/") or on == f"projects/{gke.project}"


def _condition(grant: ListedGrant, duty: Duty) -> str:
    return grant.condition.replace(UNTIL, duty.until) if duty.until else grant.condition


def needed(when: str, platform: ClusterPlatform, gke: GkeSettings) -> bool:
    """Whether the occasion holds for this platform."""
    holds = {
        "always": True,
        "cmek": gke.key is not None and gke.key.made,
        "iap": gke.iap is not None,
        "perimeter": gke.perimeter is not None,
        "shared-vpc": gke.network.kind is NetworkKind.SHARED_VPC,
        "operator-manifests": platform.operator.source is OperatorSource.MANIFESTS and not gke.operator_addon,
        "binauthz-made": gke.binary_authorization.attestor_made,
        "existing-key": gke.key is not None and not gke.key.made,
        "workbench": gke.workbench is not None,
        "annotated": bool(_annotated(platform)),
        "spoke": gke.network.hub is not None and not gke.network.peering,
        "made-project": gke.make_project is not None,
        "made-network": gke.network.made,
        "own-firewall": gke.network.manage_firewall,
    }
    return holds[when]


def places(on: str, platform: ClusterPlatform, gke: GkeSettings) -> tuple[str, ...]:
    """Google resources that a place of the list means."""
    project = f"projects/{gke.project}"
    key, signer = gke.key, gke.binary_authorization.attestor_key or ""
    accounts = {
        "node-accounts": node_accounts(gke),
        "workbench-account": (f"{short_name('workbench', gke.workbench.name)}@{gke.project}{_ACCOUNTS}",)
        if gke.workbench
        else (),
        "tenant-accounts": tuple(f"ray-{name}@{gke.project}{_ACCOUNTS}" for name in _annotated(platform)),
    }
    if on in accounts:
        return tuple(f"{project}/serviceAccounts/{account}" for account in accounts[on])
    known: dict[str, tuple[str, ...]] = {
        "project": (project,),
        "host-project": (f"projects/{gke.network.project}",),
        "access-policy": (f"accessPolicies/{gke.perimeter.policy}",) if gke.perimeter else (),
        "registries": tuple(registry_name(gke, item.name) for item in gke.registries if item.remote is None),
        # Rings and keys are made in the key's project; nothing smaller exists before them.
        "key": (f"projects/{key.project}",) if key else (),
        "existing-key": (key.name,) if key else (),
        "attestor-key": (
            signer.partition("/cryptoKeyVersions/")[0] if signer.startswith("projects/") else "the signing key",
        ),
        "attestor-note": tuple(name.replace("/attestors/", "/notes/") for name in gke.binary_authorization.attestors),
        "backend-services": (f"{project}/iap_web/compute/services",),
        "parent": (gke.make_project,) if gke.make_project else (),
        "billing-account": (f"billingAccounts/{gke.billing_account}",) if gke.billing_account else (),
    }
    return known[on]


def _annotated(platform: ClusterPlatform) -> tuple[str, ...]:
    """Tenants whose pods act as a Google account by impersonation."""
    return tuple(tenant.name for tenant in platform.tenants if tenant.identity is WorkloadIdentity.ANNOTATED)


def registry_name(gke: GkeSettings, name: str) -> str:
    """Full name of one of the platform's repositories."""
    return f"projects/{gke.project}/locations/{gke.network.region}/repositories/{name}"


def place_name(where: Repository) -> str:
    """Full name of a repository, whoever keeps it."""
    return f"projects/{where.project}/locations/{where.location}/repositories/{where.name}"


def _grant(actor: Actor, grant: ListedGrant, on: str, duty: Duty, bound: bool, actors: Actors) -> ActorGrant:
    return ActorGrant(
        actor=actor.name,
        plane=Plane.IAM,
        role=grant.role,
        on=on,
        members=duty.members,
        bound=bound,
        why=grant.why,
        worst=grant.worst or actor.worst,
        meaning=actors.meaning(grant.role),
        condition=_condition(grant, duty),
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


def _tenant_groups(platform: ClusterPlatform) -> tuple[str, ...]:
    members = [
        member
        for tenant in platform.tenants
        for member in (*tenant.roles.viewer, *tenant.roles.submitter, *tenant.roles.operator)
        if not member.startswith("serviceAccount:")
    ]
    return tuple(dict.fromkeys(members))
