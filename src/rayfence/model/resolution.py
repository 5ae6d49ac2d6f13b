"""What `policy.resolve` returns: the settings of one platform, each explained, and what stands in the way."""

from rayfence.model.decision import Decision
from rayfence.model.frozen import dataclass
from rayfence.model.host import HostFacts, NodePorts
from rayfence.model.platform import LocalPlatform


@dataclass(frozen=True, slots=True)
class Conflict:
    """Why the platform can't be had as specified. `subject` is a decision's path or a component's name."""

    subject: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RayNode:
    """One Ray node to run: the head first, then workers as `<group>-<n>`."""

    name: str
    is_head: bool
    cpus: int
    ports: NodePorts


@dataclass(frozen=True, slots=True)
class Certificates:
    """Lifetimes, hours. Leaves of Ray last a run: Ray does not reload certificates (ray#65365)."""

    authority_days: int = 365
    node_leaf_hours: int = 30 * 24
    node_renew_before_hours: int = 7 * 24
    front_leaf_hours: int = 7 * 24
    front_renew_before_hours: int = 2 * 24


@dataclass(frozen=True, slots=True)
class Resolution:
    """Every setting of a local platform. `render` needs nothing else."""

    platform: LocalPlatform
    host: HostFacts
    nodes: tuple[RayNode, ...]
    certificates: Certificates
    decisions: tuple[Decision, ...]
    conflicts: tuple[Conflict, ...]

    @property
    def job_code_is_walled(self) -> bool:
        """Whether job code is kept from the gateway's secrets: by another uid or by namespaces."""
        return self.host.ray_uid is not None or self.host.namespaces
