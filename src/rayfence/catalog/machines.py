"""Everything the proof of capacity needs of the catalogue, in one value."""

from functools import cache

from rayfence.catalog.gke_capacity import GkeCapacity, load_gke_capacity
from rayfence.catalog.machine_types import MachineTypes, load_machine_types
from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Machines:
    """Machine types, and what GKE and our own containers take of them."""

    types: MachineTypes
    figures: GkeCapacity


@cache
def load_machines() -> Machines:
    """The shipped data. Raises CatalogError."""
    return Machines(load_machine_types(), load_gke_capacity())
