"""What guards each port of a Ray node."""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class PortGuard(StrEnum):
    """The strongest thing between a port and a neighbour pod."""

    LOOPBACK = "loopback"  # not on the pod's address at all
    SIDECAR = "behind the sidecar"  # only by mutual TLS, as the tenant's gateway
    MTLS = "mTLS by KubeRay"
    POLICY = "policy only"  # a network policy, where the datapath enforces it
    NONE = "nothing"  # no policy selects the pod, or none is enforced


@dataclass(frozen=True, slots=True)
class RayPort:
    """One port, or range of ports, of a head or of workers.

    `workload`: `RayCluster vision/train`. `node`: `head` or `workers`. `port`: `6379`, `10002-19999`, or words where
    Ray chooses. `open_to`: who gets through the network policies; empty: nobody. `enforced`: whether the datapath is
    said to enforce them. `answers`: what a caller without credentials gets. `why`: why it is guarded so.
    """

    workload: str
    node: str
    port: str
    name: str
    guard: PortGuard
    open_to: tuple[str, ...]
    enforced: bool
    answers: str
    why: str
