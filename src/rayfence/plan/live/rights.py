"""Rights that applying, comparing or removing objects needs, named before the first write. Pure.

A server-side apply needs `patch`, and `create` where the object is not there yet. Who gives rights must hold them, or
hold `escalate` on the role and `bind` on what is bound. Source: Kubernetes 1.36 RBAC and server-side apply.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Final

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Json, Right
from rayfence.plan.live.order import key_of

_RBAC: Final = "rbac.authorization.k8s.io"


class Purpose(StrEnum):
    """What is going to be done."""

    APPLY = "apply"
    DIFF = "diff"
    DESTROY = "destroy"


_VERBS: Final[Mapping[Purpose, tuple[str, ...]]] = {
    Purpose.APPLY: ("create", "delete", "get", "list", "patch"),
    Purpose.DIFF: ("get", "list"),
    Purpose.DESTROY: ("delete", "get", "list"),
}
_PLURALS: Final[Mapping[str, str]] = {
    "Ingress": "ingresses",
    "NetworkPolicy": "networkpolicies",
    "CiliumNetworkPolicy": "ciliumnetworkpolicies",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "StorageClass": "storageclasses",
    "GCPBackendPolicy": "gcpbackendpolicies",
    "HealthCheckPolicy": "healthcheckpolicies",
    "GCPGatewayPolicy": "gcpgatewaypolicies",
}


def needed_rights(manifests: Iterable[Manifest], purpose: Purpose = Purpose.APPLY) -> tuple[Right, ...]:
    """Each right once, in the order of group, resource and namespace; then those to give rights away."""
    objects = [manifest.object for manifest in manifests]
    keys = sorted({(key.group, plural(key.kind), key.namespace) for key in map(key_of, objects)})
    found = [Right(group, resource, namespace, _VERBS[purpose]) for group, resource, namespace in keys]
    if purpose is Purpose.APPLY:
        found += _granting(objects)
    return tuple(found)


def plural(kind: str) -> str:
    """Resource name of a kind: `networkpolicies` of NetworkPolicy."""
    return _PLURALS.get(kind) or f"{kind.lower()}s"


def _granting(objects: Sequence[Json]) -> Iterator[Right]:
    yield from ()
