"""What is proved of a platform before it exists: pods fit, flows are open, nobody holds more than they need.

A proof says *pass* only of what was computed; what evidence is missing for is *unknown*, with the evidence named.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from rayfence.model.frozen import dataclass
from rayfence.model.outcome import PolicyConflict
from rayfence.model.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Room:
    """Resources that pods ask for and nodes have: thousandths of a CPU, MiB of memory, whole GPUs."""

    cpu_milli: int
    memory_mib: int
    gpus: int = 0

    def __add__(self, other: "Room") -> "Room":
        """Both together."""
        return Room(self.cpu_milli + other.cpu_milli, self.memory_mib + other.memory_mib, self.gpus + other.gpus)

    def __sub__(self, other: "Room") -> "Room":
        """What is left; parts may be negative."""
        return Room(self.cpu_milli - other.cpu_milli, self.memory_mib - other.memory_mib, self.gpus - other.gpus)

    def holds(self, other: "Room") -> bool:
        """Whether `other` fits into this."""
        return self.cpu_milli >= other.cpu_milli and self.memory_mib >= other.memory_mib and self.gpus >= other.gpus


@dataclass(frozen=True, slots=True)
class PodNeed:
    """Pods of one shape. `name`: `vision/train head`. `path`: where the spec asks for them.

    `minimum` run always, `maximum` at most. `tenant` None: the platform's own. `pool`: the pool it is bound to.
    `waits`: jobs of a queue, which need not run all at once. `parts`: what the request is made of, for people.
    """

    name: str
    path: str
    tenant: str | None
    request: Room
    minimum: int
    maximum: int
    pool: str | None
    waits: bool
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PoolRoom:
    """A pool that pods may land on. `left`: of one empty node after one pod. `per_node`: pods that one node holds.

    `verdict` UNKNOWN: the machine type is not in the catalogue, or cannot be trusted for another named `reason`.
    """

    pool: str
    verdict: Verdict
    left: Room
    per_node: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where one kind of pod may land. PASS: at least one pool has room. `reason`: in a sentence why, or why not."""

    need: PodNeed
    verdict: Verdict
    pools: tuple[PoolRoom, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class RangeUse:
    """An address range and what the platform's maximum takes of it. `has` None: the range is not known."""

    name: str
    cidr: str | None
    has: int | None
    needs: int
    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class RegionQuota:
    """One quota as Compute Engine lists it for a region, e.g. `N2D_CPUS`."""

    metric: str
    limit: float
    usage: float = 0


@dataclass(frozen=True, slots=True)
class CapacityReport:
    """Proof that pods fit. `nodes`: of each pool, how many hold everything at its maximum (first-fit).

    `evidence`: date of the machine data. `conflicts` stop a plan, `warnings` (among them every unknown) do not.
    """

    fits: tuple[Placement, ...]
    conflicts: tuple[PolicyConflict, ...]
    warnings: tuple[str, ...]
    ranges: tuple[RangeUse, ...] = ()
    nodes: Mapping[str, int] = field(default_factory=dict)
    evidence: str = ""


class FlowState(StrEnum):
    """Whether firewalls let a flow through. What can't be decided is UNKNOWN, never OPEN."""

    OPEN = "open"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    UNFILTERED = "not filtered"  # no firewall rule applies to it


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow of packets that the platform needs, seen from its nodes.

    `ranges`: CIDRs of the other side; empty: not known. `ports` such as `tcp:443`, `tcp:8000-9000`, `icmp`. `accounts`:
    service accounts of the nodes at our end. `made_by`: who writes the rule that opens it. `every`: each address and
    port is needed; else some, of which it is not known which. `filtered`: firewalls apply to it at all. `needed`:
    closed, it stops the plan. `fields`: of the spec that make it needed.
    """

    id: str
    egress: bool
    peer: str
    ranges: tuple[str, ...]
    ports: tuple[str, ...]
    why: str
    accounts: tuple[str, ...]
    made_by: str
    every: bool = True
    filtered: bool = True
    needed: bool = True
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FlowResult:
    """What the rules do to a flow. `rules`: those that decided. `sample`: an address and port for which they did."""

    flow: Flow
    state: FlowState
    rules: tuple[str, ...]
    sample: str
    reason: str


@dataclass(frozen=True, slots=True)
class FlowReport:
    """Proof that no rule closes a needed flow."""

    flows: tuple[FlowResult, ...]
    conflicts: tuple[PolicyConflict, ...]
    warnings: tuple[str, ...]


class Plane(StrEnum):
    """Which system a grant lives in."""

    IAM = "iam"
    RBAC = "kubernetes"


@dataclass(frozen=True, slots=True)
class RbacRule:
    """One rule of a Kubernetes role. Empty `names`: every object of these resources."""

    groups: tuple[str, ...]
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActorGrant:
    """One thing that one actor may do, and why.

    `role`: `roles/…`, or the kind and name of a Kubernetes role. `on`: the Google resource it is bound on
    (`projects/p`, `projects/p/…/repositories/r`), or the namespace; `*` is the whole cluster. `members`: who holds it,
    as IAM writes them; empty: people whom only the owner of the platform can name, by a group as `to_name` says.
    `bound`: rayfence's own artefacts bind it; else somebody does by hand. `condition`: CEL of the binding.
    `worst`: the most harm its holder can do. `article`: which of the article's three roles it is or replaces.
    """

    actor: str
    plane: Plane
    role: str
    on: str
    members: tuple[str, ...]
    bound: bool
    why: str
    worst: str
    meaning: str
    condition: str = ""
    rules: tuple[RbacRule, ...] = ()
    article: str = ""
    to_name: str = ""
