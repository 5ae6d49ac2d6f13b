"""Roles of people and pipelines, bound on the platform's own resources: to groups and workloads, never to a person.

What they are was decided before (`settings.role_grants`). Leaves out: resources of others, whose owners bind.
Source: provider google 6.50, `google_…_iam_member`.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings, RoleGrant
from rayfence.render.gcp.identity.nodes import made_accounts
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, project, region
from rayfence.render.gcp.supply.admission import NOTE
from rayfence.render.gcp.values import label, reference

_TITLE: Final = "rayfence: this right is for an occasion, or for named roles"


def people_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """One binding per grant and member; a member that has a role twice, as two actors, is bound once."""
    made: dict[tuple[str, str, str, str, str], CloudResource] = {}
    for grant in settings.role_grants:
        for member in dict.fromkeys(grant.members):
            key = (grant.place, grant.on, grant.role, grant.condition, member)
            made.setdefault(key, _binding(settings, grant, member))
    return tuple(made.values())


def _binding(settings: GkeSettings, grant: RoleGrant, member: str) -> CloudResource:
    block, where = _target(settings, grant)
    last = grant.on.rpartition("/")[2]
    condition = {"title": _TITLE, "expression": grant.condition} if grant.condition else None
    return resource(
        "iam.googleapis.com/AllowPolicy",
        f"{grant.actor} {grant.role} {member}",
        f"{block}.{label(grant.actor, grant.role.removeprefix('roles/'), last, member)}",
        "people",
        body={"bindings": [{"role": grant.role, "members": [member], "condition": condition}]},
        attributes={**where, "role": grant.role, "member": member, "condition": condition},
        after=enabled(settings, "iam", "cloudresourcemanager"),
    )


def _target(settings: GkeSettings, grant: RoleGrant) -> tuple[str, Mapping[str, object]]:
    """Terraform's type of the binding, and the attributes that name the resource."""
    last = grant.on.rpartition("/")[2]
    match grant.place:
        case "registries":
            repository = reference(f"google_artifact_registry_repository.{label(last)}.name", last)
            where = {"project": project(settings), "location": region(settings), "repository": repository}
            return "google_artifact_registry_repository_iam_member", where
        case "node-accounts" | "workbench-account" | "tenant-accounts":
            short = last.partition("@")[0]
            ours = grant.place != "node-accounts" or short in made_accounts(settings)
            account = reference(f"google_service_account.{label(short)}.name", grant.on) if ours else grant.on
            return "google_service_account_iam_member", {"service_account_id": account}
        case "attestor-key" | "existing-key":
            return "google_kms_crypto_key_iam_member", {"crypto_key_id": grant.on}
        case "attestor-note":
            note = reference(f"{NOTE}.name", last)
            return "google_container_analysis_note_iam_member", {"project": project(settings), "note": note}
        case "backend-services":
            return "google_iap_web_type_compute_iam_member", {"project": project(settings)}
        case _:
            return "google_project_iam_member", {"project": project(settings)}
