"""Every criterion by its constraint, in one table."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from rayfence.policy.constraints import container, others
from rayfence.policy.constraints.cloud import keys, places, services
from rayfence.policy.constraints.compute import balancing, endpoints, metadata, network, nodes
from rayfence.policy.constraints.criterion import Criterion
from rayfence.policy.constraints.identity import accounts, members

_MODULES: Final = (
    nodes, metadata, network, endpoints, balancing, container, accounts, members, places, keys, services, others,
)  # fmt: skip


@cache
def criteria() -> Mapping[str, Criterion]:
    """Criteria by constraint (without `constraints/`). Raises ValueError where two claim the same one."""
    found: dict[str, Criterion] = {}
    for module in _MODULES:
        for criterion in module.CRITERIA:
            if criterion.constraint in found:
                raise ValueError(f"{criterion.constraint} has two criteria")
            found[criterion.constraint] = criterion
    return MappingProxyType(found)
