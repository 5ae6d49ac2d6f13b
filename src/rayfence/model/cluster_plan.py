"""A plan for a platform on Kubernetes or GKE: what will exist, why it is so, and what stands against it."""

from enum import StrEnum

from rayfence.model.decision import Decision
from rayfence.model.frozen import dataclass
from rayfence.model.outcome import ConstraintOutcome, PolicyConflict
from rayfence.model.proofs import ActorGrant, FlowResult, Placement
from rayfence.model.ray_ports import RayPort


@dataclass(frozen=True, slots=True)
class PlannedObject:
    """One object to be. `kind` as its API names it; `address`: Terraform's address, or `Kind namespace/name`.

    `digest` of its whole content. `irreversible` and `costs` as in `CloudResource`.
    """

    group: str
    kind: str
    name: str
    address: str
    digest: str
    irreversible: str = ""
    costs: str = ""


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """Everything a person decides on. `objects` in the order they are made; `digest` stamps all of them.

    `outcomes`: Google's constraints in the catalogue's order, then the organisation's own. Conflicts stop it.
    `placements`, `flows` and `grants` are its proofs: where pods fit, which connections are open, who may do what.
    `ports`: what guards each port of each Ray node.
    """

    name: str
    target: str
    digest: str
    objects: tuple[PlannedObject, ...]
    decisions: tuple[Decision, ...]
    outcomes: tuple[ConstraintOutcome, ...]
    conflicts: tuple[PolicyConflict, ...]
    warnings: tuple[str, ...]
    placements: tuple[Placement, ...] = ()
    flows: tuple[FlowResult, ...] = ()
    grants: tuple[ActorGrant, ...] = ()
    ports: tuple[RayPort, ...] = ()


class Change(StrEnum):
    """What became of one thing between two plans."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that differs. `subject`: decision, constraint, conflict or object; `before` and `after`: its value."""

    subject: str
    name: str
    change: Change
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why one thing is as it is, and what would change it. `subject`: decision, constraint or waiver."""

    subject: str
    name: str
    value: str
    reason: str
    source: str
    changes: tuple[str, ...]
