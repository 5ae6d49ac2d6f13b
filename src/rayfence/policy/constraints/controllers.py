"""What Google's load-balancer controllers will make out of our manifests, as far as custom constraints ask.

The manifests name no load balancer, but controllers make its parts as soon as they are applied, and a constraint that
refuses one shows only in an event. So it is told which kinds they will not make, and how those look that they will.
Leaves out: forwarding rules, which GKE also makes for its own control plane, and what others apply to the cluster.
Source: GKE, "Gateway", "Ingress", "LoadBalancer Services".
"""

from collections.abc import Mapping, Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.policy.constraints.rendered import at

_COMPUTE: Final = "compute.googleapis.com/"
#: Kinds of any load balancer, and of one that speaks HTTP.
ANY: Final = tuple(_COMPUTE + kind for kind in ("BackendService", "HealthCheck", "NetworkEndpointGroup"))
HTTP: Final = tuple(_COMPUTE + kind for kind in ("UrlMap", "TargetHttpsProxy"))
PLAIN: Final = f"{_COMPUTE}TargetHttpProxy"
CERTIFICATE: Final = f"{_COMPUTE}SslCertificate"

#: Objects by their kind.
Kinds = Mapping[str, Sequence[Mapping[str, object]]]


@dataclass(frozen=True, slots=True)
class Made:
    """`never`: kinds of which no object will be made. `samples`: by kind, one as they will all look."""

    never: frozenset[str]
    samples: Mapping[str, Mapping[str, object]]


def made_by_controllers(manifests: Sequence[Manifest]) -> Made:
    """What becomes of all manifests together."""
    kinds = _by_kind(manifests)
    gateways, ingresses = kinds.get("Gateway", []), kinds.get("Ingress", [])
    services = [item for item in kinds.get("Service", []) if at(item, "spec.type") == "LoadBalancer"]
    never: set[str] = set()
    if not (gateways or ingresses):
        never |= set(HTTP)
        if not services:
            never |= set(ANY)
    if not any(map(_plain_listener, gateways)) and not any(map(_plain_ingress, ingresses)):
        never.add(PLAIN)
    if "ManagedCertificate" not in kinds:
        never.add(CERTIFICATE)
    return Made(frozenset(never), {} if services else _backends(kinds))


def _backends(kinds: Kinds) -> Mapping[str, Mapping[str, object]]:
    """The backend service of each gateway, where a policy of ours decides on every one. They all look alike."""
    routes = len(kinds.get("HTTPRoute", [])) + len(kinds.get("Ingress", []))
    policies = [at(item, "spec.default") for item in kinds.get("GCPBackendPolicy", [])]
    policies += [at(item, "spec") for item in kinds.get("BackendConfig", [])]
    if not routes or len(policies) != routes:
        return {}
    logged = all(at(item, "logging.enabled") is True or at(item, "logging.enable") is True for item in policies)
    proxied = all(at(item, "iap.enabled") is True for item in policies)
    body = {
        "name": "gkegw1-0a1b-gateway-443-0c2d3e4f5a6b",
        "protocol": "HTTPS",
        "logConfig": {"enable": logged, "sampleRate": 1.0},
        "iap": {"enabled": proxied},
    }
    return {f"{_COMPUTE}BackendService": body}


def _by_kind(manifests: Sequence[Manifest]) -> Kinds:
    kinds: dict[str, list[Mapping[str, object]]] = {}
    for item in manifests:
        kinds.setdefault(str(item.object.get("kind")), []).append(item.object)
    return kinds


def _plain_listener(gateway: Mapping[str, object]) -> bool:
    listeners = at(gateway, "spec.listeners")
    return not isinstance(listeners, list | tuple) or any(at(item, "protocol") != "HTTPS" for item in listeners)


def _plain_ingress(ingress: Mapping[str, object]) -> bool:
    notes = at(ingress, "metadata.annotations")
    return not isinstance(notes, Mapping) or notes.get("kubernetes.io/ingress.allow-http") != "false"
