"""The project, where the platform makes it.

Leaves out: an existing project, which is only referred to, and billing rights of whoever applies.
Source: Cloud Resource Manager API v3, `projects.create`.
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import labels

GROUP: Final = "project"


def project_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """The project under its parent (`folders/1`, `organizations/1`), without a default network; or nothing."""
    parent = settings.make_project
    if parent is None:
        return ()
    number = parent.partition("/")[2]
    return (
        resource(
            "cloudresourcemanager.googleapis.com/Project",
            settings.project,
            "google_project.platform",
            GROUP,
            body={
                "projectId": settings.project,
                "displayName": settings.project,
                "parent": parent,
                "labels": labels(settings),
            },
            attributes={
                "project_id": settings.project,
                "name": settings.project,
                "folder_id": number if parent.startswith("folders/") else None,
                "org_id": number if parent.startswith("organizations/") else None,
                "billing_account": settings.billing_account,
                "auto_create_network": False,
                "deletion_policy": "PREVENT",
                "labels": labels(settings),
            },
            kept=True,
            irreversible="a project's id can never be used again, by anybody",
        ),
    )
