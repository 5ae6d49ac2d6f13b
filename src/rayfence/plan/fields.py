"""Which settings a field of the spec decides: people know the spec's paths, plans print the settings'. Pure."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.gke import GkeTarget

#: Beginning of a field -> beginning of its settings. The longest that fits counts; what follows keeps its words.
_SETTINGS: Final = {
    "target.gke": "gke",
    "target.gke.network.own": "gke.network",
    "target.gke.network.existing": "gke.network",
    "target.gke.network.sharedVpc": "gke.network",
    "target.gke.network.spoke": "gke.network",
    "target.gke.nodeLocations": "gke.zones",
    "target.kubernetes": "kubernetes",
    "actors": "gke.actors",
    "encryption": "gke.key",
    "encryption.make": "gke.key",
    "exposure.internal": "gke.internal",
    "exposure.iap": "gke.iap",
    "images": "kubernetes",
    "observability": "gke",
    "observability.channels": "gke.alerts",
    "operator": "kubernetes",
    "operator.image": "kubernetes.operator_version",
    "operator.source": "gke.operator_addon",
    "operator.version": "kubernetes.operator_version",
    "patching": "gke",
    "perimeter": "gke.perimeter",
    "supplyChain": "gke.binary_authorization",
    "supplyChain.repositories": "gke.registries",
    "tenants": "tenants",
    "workbench": "gke.workbench",
}
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")


def settings_of(field: str, platform: ClusterPlatform) -> Iterator[str]:
    """Paths of settings that `field` may have decided, the closest first. Nothing for what is no field."""
    parts = field.replace("[", ".").replace("]", "").split(".")
    for length in range(len(parts), 0, -1):
        start = _SETTINGS.get(".".join(parts[:length]))
        if start is not None:
            rest = [_HUMP.sub("_", part).lower() for part in _named(parts, length, platform)]
            shortest = 1 if "." not in start and rest else 0  # `gke` alone would be every setting
            for kept in range(len(rest), shortest - 1, -1):
                yield _path([start, *rest[:kept]])
            return


def _named(parts: Sequence[str], start: int, platform: ClusterPlatform) -> Iterator[str]:
    """The parts from `start` on, with names in place of the indices of tenants and pools."""
    target = platform.target
    names = {"tenants": [tenant.name for tenant in platform.tenants]}
    if isinstance(target, GkeTarget):
        names["pools"] = [pool.name for pool in target.pools]
    for before, part in zip(parts[start - 1 :], parts[start:], strict=False):
        listed = names.get(before, [])
        yield listed[int(part)] if part.isdecimal() and int(part[:9]) < len(listed) else part


def _path(parts: Sequence[str]) -> str:
    """Indices that are left stand in brackets."""
    return "".join(f"[{part}]" if part.isdecimal() else f".{part}" for part in parts).removeprefix(".")
