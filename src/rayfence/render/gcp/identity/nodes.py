"""Accounts that nodes run as: the role of a node, reading of our own images, nothing else.

Leaves out: existing accounts, whose owner gives them the same role. Source: GKE, "Least privilege service account".
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.identity.accounts import account_resource, member_resource
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import account_email, project, region
from rayfence.render.gcp.values import label, reference, text

NODE_ROLE: Final = "roles/container.defaultNodeServiceAccount"
READER: Final = "roles/artifactregistry.reader"


def made_accounts(settings: GkeSettings) -> tuple[str, ...]:
    """Short names of the node accounts that we make, in a stable order."""
    own = [settings.account.partition("@")[0]] if settings.account_made else []
    pools = [pool.account_id for pool in settings.pools if pool.account_made]
    return tuple(sorted({*own, *pools}))


def node_account_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """Account, role of a node, and reader of each repository, for every account that we make."""
    return tuple(made for short in made_accounts(settings) for made in _account(settings, short))


def _account(settings: GkeSettings, short: str) -> Iterator[CloudResource]:
    member = text("serviceAccount:", account_email(settings, short))
    yield account_resource(settings, short, f"nodes of {settings.cluster}")
    yield member_resource(settings, label("node", short), f"{short} node", NODE_ROLE, member)
    for registry in settings.registries:
        yield resource(
            "iam.googleapis.com/AllowPolicy",
            f"{registry.name} {short}",
            f"google_artifact_registry_repository_iam_member.{label(registry.name, short)}",
            "identity",
            body={"bindings": [{"role": READER, "members": [member]}]},
            attributes={
                "project": project(settings),
                "location": region(settings),
                "repository": reference(f"google_artifact_registry_repository.{label(registry.name)}.name", ""),
                "role": READER,
                "member": member,
            },
        )
