"""Least privilege as output: for each actor the exact roles, where they are bound, why, and the worst they allow.

Covers: people and pipelines (`grants/listed`), nodes, pods and agents (`grants/machines`), Kubernetes RBAC as rendered
(`grants/rbac`); what was rendered and nobody explains stands at the end, so that nothing is bound in silence.
Leaves out: rights at the gateway, which are roles of their own (`catalog/data/roles.yaml`).
"""

from collections.abc import Sequence
from typing import Final

from rayfence.catalog.actors import Actors
from rayfence.model.cloud import CloudDesired
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.kubernetes import Manifest
from rayfence.model.proofs import ActorGrant, Plane
from rayfence.policy.proofs.grants.agreement import unexplained
from rayfence.policy.proofs.grants.listed import listed_grants
from rayfence.policy.proofs.grants.machines import machine_grants
from rayfence.policy.proofs.grants.rbac import UNEXPLAINED, rbac_grants

#: Said of an actor that holds nothing in either system.
NOTHING: Final = "no role"


def privileges(
    resolution: ClusterResolution, cloud: CloudDesired, manifests: Sequence[Manifest], actors: Actors
) -> tuple[ActorGrant, ...]:
    """Every grant, by actor in the catalogue's order. An actor without any has one row that says so."""
    gke = resolution.gke
    grants: list[ActorGrant] = []
    if gke is not None:
        grants += listed_grants(resolution.platform, gke, actors)
        grants += machine_grants(resolution, gke, actors)
    grants += rbac_grants(resolution, manifests, actors)
    holders = {grant.actor for grant in grants}
    idle = [name for name in ("gateway", "ray-head", "ray-worker") if name not in holders]
    grants += [_nothing(name, actors) for name in idle]
    grants += [
        ActorGrant(UNEXPLAINED, Plane.IAM, item.role, item.target or item.address, (item.member,), True, "", "", "")
        for item in unexplained(grants, cloud)
    ]
    order = {name: index for index, name in enumerate(actors.actors)}
    return tuple(sorted(grants, key=lambda grant: order.get(grant.actor, len(order))))


def _nothing(name: str, actors: Actors) -> ActorGrant:
    known = actors.actors[name]
    return ActorGrant(
        actor=name,
        plane=Plane.IAM,
        role=NOTHING,
        on="nothing",
        members=(),
        bound=False,
        why=known.why,
        worst=known.worst,
        meaning="holds nothing in Google Cloud or Kubernetes",
        to_name="its Kubernetes account",
    )
