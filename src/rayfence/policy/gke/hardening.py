"""What no field of the spec can loosen: the cluster is always made that way, whatever the organisation says.

Each entry satisfies constraints of the organisation, and names them where they bind.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.policy.basis import Case

#: Setting to value, reason and the constraints that it satisfies.
HARDENED: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "gke.abac": ("off", "who may do what is decided by roles", ("container.managed.disableABAC",)),
    "gke.system_bindings": (
        "off",
        "no role is bound to everybody who is, or is not, logged in",
        ("container.managed.disableRBACSystemBindings",),
    ),
    "gke.client_certificate": (
        "never issued",
        "a certificate of the cluster can't be revoked",
        ("container.managed.disableLegacyClientCertificateIssuance",),
    ),
    "gke.kubelet_read_only_port": (
        "closed",
        "it tells every pod of a node to whoever asks",
        ("container.managed.disableInsecureKubeletReadOnlyPort",),
    ),
    "gke.bulletins": (
        "to a topic",
        "holes of GKE are heard of when they are published",
        ("container.managed.enableSecurityBulletinNotifications",),
    ),
    "gke.stack": (
        "IPv4",
        "no second way in that no rule looks at",
        ("compute.disableAllIpv6", "compute.disableVpcExternalIpv6"),
    ),
}

NETWORK_POLICY: Final = "container.managed.enableNetworkPolicy"


def hardening(case: Case) -> None:
    """Record every entry."""
    for path, (value, reason, rules) in HARDENED.items():
        case.decide(path, value, reason, serves=rules)


def dataplane_v2(case: Case) -> bool:
    """The datapath that enforces network policies; never together with the older engine, which the API refuses."""
    reason = "network policies are enforced by every node, from its first pod on"
    kept = "a cluster keeps its datapath"
    case.decide("gke.dataplane_v2", True, reason, serves=(NETWORK_POLICY,), irreversible=kept)
    return True
