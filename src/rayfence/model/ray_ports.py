"""What guards each port of a Ray node."""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class PortGuard(StrEnum):
    """The strongest thing between a port and a neighbour pod."""

    LOOPBACK = "loopback"  # not on the pod's address at all
    SIDECAR = "behind the sidecar"  # only by mutual TLS, as the tenant's gateway
    MTLS = "mTLS by KubeRay"
    POLICY = "policy only"  # a network policy, if the datapath enforces it


@dataclass(frozen=True, slots=True)
class RayPort:
    """One port, or range of ports, of a head or of workers.

    `workload`: `cluster train`. `node`: `head` or `workers`. `port`: `6379` or `10002-19999`. `open_to`: who gets
    through the network policies. `answers`: what it says to a caller without credentials. `why`: why it is guarded so.
    """

    tenant: str
    workload: str
    node: str
    port: str
    name: str
    guard: PortGuard
    open_to: str
    answers: str
    why: str
