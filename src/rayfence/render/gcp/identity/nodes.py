"""Accounts that nodes run as: the role of a node, reading of the platform's images, nothing else.

Leaves out: existing accounts, whose owner gives them the same role. Source: GKE, "Least privilege service account".
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings, Repository
from rayfence.render.gcp.identity.accounts import account_resource, member_resource
from rayfence.render.gcp.identity.readers import reader_resource
from rayfence.render.gcp.site import account_email
from rayfence.render.gcp.values import label, text

NODE_ROLE: Final = "roles/container.defaultNodeServiceAccount"


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
    for where, name in readable(settings):
        yield reader_resource(settings, where, f"{where.name} {short}", label(name, short), member)


def readable(settings: GkeSettings) -> Iterator[tuple[Repository, str]]:
    """(repository, its part of Terraform's labels): ours by name; those of others by place, for names repeat."""
    for registry in settings.registries:
        yield Repository(settings.project, settings.network.region, registry.name), registry.name
    for source in settings.image_sources:
        yield source, "-".join((source.project, source.location, source.name))
