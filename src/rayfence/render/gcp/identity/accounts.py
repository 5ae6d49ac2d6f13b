"""A Google service account as an object.

Never a key of it: a key would stand in Terraform's state. Source: IAM API v1, `serviceAccounts.create`.
"""

import hashlib
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, project
from rayfence.render.gcp.values import label

#: Bounds of an account's short name.
SHORTEST: Final = 6
LONGEST: Final = 30


def account_id(*parts: str) -> str:
    """A short name of these words, cut with a digest where Google would not take it."""
    name = "-".join(parts)
    if SHORTEST <= len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: LONGEST - 7].rstrip('-')}-{digest}"


def account_resource(settings: GkeSettings, short: str, purpose: str) -> CloudResource:
    """The account `short` in the platform's project; without any right."""
    return resource(
        "iam.googleapis.com/ServiceAccount",
        short,
        f"google_service_account.{label(short)}",
        "identity",
        body={
            "name": f"projects/{settings.project}/serviceAccounts/{short}@{settings.project}.iam.gserviceaccount.com",
            "displayName": purpose,
        },
        attributes={"project": project(settings), "account_id": short, "display_name": purpose},
        after=enabled(settings, "iam"),
    )


def member_resource(
    settings: GkeSettings, where: str, name: str, role: str, email: object, *, after: tuple[str, ...] = ()
) -> CloudResource:
    """A role on the platform's project: for accounts of nodes only, never for a tenant. `where`: Terraform's label."""
    return resource(
        "iam.googleapis.com/AllowPolicy",
        name,
        f"google_project_iam_member.{where}",
        "identity",
        body={"bindings": [{"role": role, "members": [email]}]},
        attributes={"project": project(settings), "role": role, "member": email},
        after=after,
    )
