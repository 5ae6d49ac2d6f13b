"""The list of rules."""

from collections.abc import Callable, Iterator
from typing import Final

from rayfence.spec.v1alpha1.rules import addresses, cloud, images, limits, names, pods, waivers
from rayfence.spec.view import Problem, View

Rule = Callable[[View], Iterator[Problem]]

_CLUSTER: Final[tuple[Rule, ...]] = (
    limits.tokens,
    names.unique,
    names.tenants,
    images.below_registries,
    images.registries_of_ones_own,
    pods.groups,
    pods.labels,
    waivers.known,
    waivers.needed,
)
_KUBERNETES: Final[tuple[Rule, ...]] = (pods.no_pools, cloud.no_addon)
_GKE: Final[tuple[Rule, ...]] = (
    pods.pools,
    cloud.placement,
    cloud.node_pools,
    cloud.control_plane,
    cloud.keys,
    cloud.exposure,
    cloud.supply_chain,
    cloud.patching,
    cloud.organization,
    cloud.access,
    cloud.identity,
    addresses.apart,
    addresses.large_enough,
    addresses.proxies,
)
_RULES: Final[dict[str, tuple[Rule, ...]]] = {
    "local": (limits.tokens,),
    "kubernetes": (*_CLUSTER, *_KUBERNETES),
    "gke": (*_CLUSTER, *_GKE),
}


def problems(target: str, document: View) -> Iterator[Problem]:
    """Every broken rule of a document for this target."""
    for rule in _RULES[target]:
        yield from rule(document)
