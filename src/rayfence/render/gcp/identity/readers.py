"""The right to read one repository of Artifact Registry: images for nodes, packages for Ray pods.

Source: Artifact Registry, "Roles and permissions".
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings, Repository
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import project, region
from rayfence.render.gcp.values import Text, label, reference

READER: Final = "roles/artifactregistry.reader"


def reader_resource(
    settings: GkeSettings, where: Repository, name: str, terraform: str, member: Text, *, after: tuple[str, ...] = ()
) -> CloudResource:
    """`member` may read `where`: a repository made here by reference, one of others by its name."""
    ours = made_here(settings, where)
    made = f"google_artifact_registry_repository.{label(where.name)}.name"
    return resource(
        "iam.googleapis.com/AllowPolicy",
        name,
        f"google_artifact_registry_repository_iam_member.{terraform}",
        "identity",
        body={"bindings": [{"role": READER, "members": [member]}]},
        attributes={
            "project": project(settings) if where.project == settings.project else where.project,
            "location": region(settings) if ours else where.location,
            "repository": reference(made, "") if ours else where.name,
            "role": READER,
            "member": member,
        },
        after=after,
    )


def made_here(settings: GkeSettings, where: Repository) -> bool:
    """Whether the repository is one of the platform's own."""
    names = {registry.name for registry in settings.registries}
    return where.project == settings.project and where.location == settings.network.region and where.name in names
