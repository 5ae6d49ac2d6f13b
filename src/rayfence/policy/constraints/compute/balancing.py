"""Constraints on load balancers: their types, global ones, TLS policies and certificates, protocol forwarding.

GKE's controllers make load balancers from Kubernetes objects, so those are read: Services, Ingresses, Gateways, the
head Service that the Ray operator makes. Their refusal shows as an event, never at admission.
Source: Cloud Load Balancing, "Organization policy constraints"; GKE, "GatewayClass capabilities".
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.kubernetes import Manifest
from rayfence.policy.constraints.admission import admit, member_mark
from rayfence.policy.constraints.compute.network import FORWARDING
from rayfence.policy.constraints.criterion import Case, Criterion, Finding, Mark, irrelevant, satisfied, weigh
from rayfence.policy.constraints.rendered import Item, Rendered, at, items_at, text_at, walk

#: Load balancer type by Gateway class; classes of several clusters (`-mc`) make the same.
GATEWAY_TYPES: Final[Mapping[str, str]] = {
    "gke-l7-global-external-managed": "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS",
    "gke-l7-regional-external-managed": "EXTERNAL_MANAGED_HTTP_HTTPS",
    "gke-l7-rilb": "INTERNAL_HTTP_HTTPS",
    "gke-l7-gxlb": "EXTERNAL_HTTP_HTTPS",
    "gke-l7-cross-regional-internal-managed": "GLOBAL_INTERNAL_MANAGED_HTTP_HTTPS",
}
INGRESS_TYPES: Final[Mapping[str, str]] = {"gce": "EXTERNAL_HTTP_HTTPS", "gce-internal": "INTERNAL_HTTP_HTTPS"}
#: Types without a region. The classic external one is global too.
GLOBAL_TYPES: Final = frozenset(
    {"GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS", "EXTERNAL_HTTP_HTTPS", "GLOBAL_INTERNAL_MANAGED_HTTP_HTTPS"}
)
PASSTHROUGH_INTERNAL: Final = "INTERNAL_TCP_UDP"
PASSTHROUGH_EXTERNAL: Final = "EXTERNAL_NETWORK_TCP_UDP"

_SERVICE_TYPES: Final = ("networking.gke.io/load-balancer-type", "cloud.google.com/load-balancer-type")
_INGRESS_CLASS: Final = "kubernetes.io/ingress.class"
_FRONTEND: Final = "networking.gke.io/v1beta1.FrontendConfig"
_RAY_KINDS: Final = ("RayCluster", "RayJob", "RayCronJob", "RayService")
_NONE: Final = irrelevant("the platform makes no load balancer")
_PROXIES: Final = irrelevant("the platform makes no HTTPS proxy")


def balancers(rendered: Rendered) -> Iterator[tuple[str, str]]:
    """(field, type) of every load balancer; the type is empty where a class is not known."""
    for service in rendered.kubernetes("Service"):
        if text_at(service.object, "spec.type") == "LoadBalancer":
            yield f"{service.reference}: spec.type", _service_type(service)
    for ingress in rendered.kubernetes("Ingress"):
        field, named = _ingress_class(ingress)
        yield field, INGRESS_TYPES.get(named, "")
    for gateway in rendered.kubernetes("Gateway"):
        named = text_at(gateway.object, "spec.gatewayClassName").removesuffix("-mc")
        yield f"{gateway.reference}: spec.gatewayClassName", GATEWAY_TYPES.get(named, "")
    # The operator makes the head's Service in this type: one word here opens Ray to the internet.
    for ray in rendered.kubernetes(*_RAY_KINDS):
        for path, value in walk(ray.object):
            if path.endswith("headGroupSpec.serviceType") and value == "LoadBalancer":
                yield f"{ray.reference}: {path}", PASSTHROUGH_EXTERNAL
    for item in rendered.of(*FORWARDING):
        scheme = text_at(item.body, "loadBalancingScheme")
        if scheme:
            yield item.field("loadBalancingScheme"), _rule_type(item, scheme)


def _annotations(manifest: Manifest) -> Mapping[str, object]:
    found = at(manifest.object, "metadata.annotations")
    return found if isinstance(found, Mapping) else {}


def _service_type(service: Manifest) -> str:
    annotations = _annotations(service)
    internal = any(str(annotations.get(key, "")).lower() == "internal" for key in _SERVICE_TYPES)
    return PASSTHROUGH_INTERNAL if internal else PASSTHROUGH_EXTERNAL


def _ingress_class(ingress: Manifest) -> tuple[str, str]:
    named = _annotations(ingress).get(_INGRESS_CLASS)
    if named is not None:
        return f"{ingress.reference}: metadata.annotations.{_INGRESS_CLASS}", str(named)
    # Without any class GKE's own controller takes it, as the external one.
    return f"{ingress.reference}: spec.ingressClassName", text_at(ingress.object, "spec.ingressClassName") or "gce"


def _rule_type(item: Item, scheme: str) -> str:
    over_proxy = "Proxies/" in text_at(item.body, "target")
    if item.block.endswith("global_forwarding_rule"):
        types = {"EXTERNAL_MANAGED": "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS", "EXTERNAL": "EXTERNAL_HTTP_HTTPS"}
        return types.get(scheme, "GLOBAL_INTERNAL_MANAGED_HTTP_HTTPS" if scheme == "INTERNAL_MANAGED" else "")
    if over_proxy or scheme.endswith("MANAGED"):
        return {"EXTERNAL_MANAGED": "EXTERNAL_MANAGED_HTTP_HTTPS", "INTERNAL_MANAGED": "INTERNAL_HTTP_HTTPS"}.get(
            scheme, ""
        )
    return {"INTERNAL": PASSTHROUGH_INTERNAL, "EXTERNAL": PASSTHROUGH_EXTERNAL}.get(scheme, "")


def _types(case: Case) -> Finding:
    marks = []
    for field, kind in balancers(case.rendered):
        if kind:
            marks.append(member_mark(case, field, kind, f"load balancers of type {kind} are not admitted"))
        else:
            marks.append(Mark(field, missing=f"which type of load balancer {field} makes"))
    return weigh(marks, "every load balancer is of an admitted type", _NONE)


def _regional_only(case: Case) -> Finding:
    marks = []
    for field, kind in balancers(case.rendered):
        if kind in GLOBAL_TYPES:
            marks.append(Mark(field, f"{kind} is a global load balancer"))
        else:
            marks.append(Mark(field, missing="" if kind else f"whether {field} makes a global load balancer"))
    return weigh(marks, "every load balancer is regional", _NONE)


def _proxies(rendered: Rendered) -> Iterator[tuple[Manifest, str, str]]:
    """(object, field that would name its TLS policy, the policy) of everything that ends TLS."""
    by_gateway = {
        (text_at(policy.object, "metadata.namespace"), text_at(policy.object, "spec.targetRef.name")): policy
        for policy in rendered.kubernetes("GCPGatewayPolicy")
    }
    for gateway in rendered.kubernetes("Gateway"):
        if any(text_at(listener, "protocol") == "HTTPS" for listener in items_at(gateway.object, "spec.listeners")):
            policy = by_gateway.get(
                (text_at(gateway.object, "metadata.namespace"), text_at(gateway.object, "metadata.name"))
            )
            field = f"{policy.reference if policy else gateway.reference}: spec.default.sslPolicy"
            yield gateway, field, text_at(policy.object, "spec.default.sslPolicy") if policy else ""
    configs = {
        (text_at(config.object, "metadata.namespace"), text_at(config.object, "metadata.name")): config
        for config in rendered.kubernetes("FrontendConfig")
    }
    for ingress in rendered.kubernetes("Ingress"):
        if not _ends_tls(ingress):
            continue
        named = str(_annotations(ingress).get(_FRONTEND, ""))
        config = configs.get((text_at(ingress.object, "metadata.namespace"), named))
        field = f"{config.reference if config else ingress.reference}: spec.sslPolicy"
        yield ingress, field, text_at(config.object, "spec.sslPolicy") if config else ""


def _ends_tls(ingress: Manifest) -> bool:
    certificates = ("networking.gke.io/managed-certificates", "ingress.gcp.kubernetes.io/pre-shared-cert")
    return bool(items_at(ingress.object, "spec.tls")) or any(name in _annotations(ingress) for name in certificates)


def _ssl_policy(case: Case) -> Finding:
    # The listed targets may keep Google's default policy; a whole project can be among them.
    admission = admit(case, f"projects/{case.rendered.project}")
    proxies = list(_proxies(case.rendered))
    if not proxies:
        return _PROXIES
    marks = []
    for manifest, field, named in proxies:
        if named or admission.allowed:
            marks.append(Mark(field))
        elif admission.allowed is None:
            marks.append(Mark(field, missing=admission.why))
        else:
            marks.append(Mark(field, f"{manifest.reference} ends TLS without a policy of its own"))
    return weigh(marks, "everything that ends TLS has a TLS policy", _PROXIES)


def _certificates(case: Case) -> Finding:
    """Certificates whose key we hold, on a global load balancer."""
    rendered = case.rendered
    marks = [
        Mark(item.field("type"), f"{item.address} holds a key of ours")
        for item in rendered.of("google_compute_ssl_certificate")
        if text_at(item.body, "type") != "MANAGED"
    ]
    for gateway in rendered.kubernetes("Gateway"):
        kind = GATEWAY_TYPES.get(text_at(gateway.object, "spec.gatewayClassName").removesuffix("-mc"), "")
        for number, listener in enumerate(items_at(gateway.object, "spec.listeners")):
            if kind in GLOBAL_TYPES and items_at(listener, "tls.certificateRefs"):
                field = f"{gateway.reference}: spec.listeners[{number}].tls.certificateRefs"
                marks.append(Mark(field, f"{gateway.reference} takes its certificate from a Secret"))
    for ingress in rendered.kubernetes("Ingress"):
        if INGRESS_TYPES.get(_ingress_class(ingress)[1]) in GLOBAL_TYPES and items_at(ingress.object, "spec.tls"):
            marks.append(
                Mark(f"{ingress.reference}: spec.tls", f"{ingress.reference} takes its certificate from a Secret")
            )
    return weigh(marks, "", satisfied("no global load balancer has a certificate whose key is ours"))


def _protocol_forwarding(case: Case) -> Finding:
    marks = []
    for item in case.rendered.of(*FORWARDING):
        if "/targetInstances/" not in text_at(item.body, "target"):
            continue
        scheme = "INTERNAL" if text_at(item.body, "loadBalancingScheme").startswith("INTERNAL") else "EXTERNAL"
        field, problem = item.field("target"), f"{item.address} forwards a protocol ({scheme})"
        if case.policy.values is not None:
            marks.append(member_mark(case, field, scheme, problem))
        else:
            listed = {str(value) for _, value in walk(case.policy.parameters)}
            marks.append(Mark(field, "" if scheme in listed else problem))
    return weigh(
        marks, "every forwarding is of an admitted kind", satisfied("the platform forwards no protocol to an instance")
    )


_FORWARDING_NEVER: Final = "no spec can violate it: the platform makes no forwarding rule to a target instance"

CRITERIA: Final = (
    Criterion(
        "compute.restrictLoadBalancerCreationForTypes",
        "Load balancers are of listed types only.",
        "an exposure of an admitted type: `internal` makes INTERNAL_TCP_UDP; `iap` makes, by scope, "
        "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS, EXTERNAL_MANAGED_HTTP_HTTPS or INTERNAL_HTTP_HTTPS; or no exposure at all",
        ("Service spec.type", "Ingress spec.ingressClassName", "Gateway spec.gatewayClassName"),
        _types,
    ),
    Criterion(
        "compute.disableGlobalLoadBalancing",
        "Load balancers are regional.",
        "`iap.scope: regional` or `internal`, not `global`, and not `legacyIngress`",
        ("Ingress spec.ingressClassName", "Gateway spec.gatewayClassName"),
        _regional_only,
    ),
    Criterion(
        "compute.requireSslPolicy",
        "Everything that ends TLS has a TLS policy of its own, unless it is listed.",
        "a TLS policy named by the Gateway's or the Ingress's frontend settings",
        ("GCPGatewayPolicy spec.default.sslPolicy", "FrontendConfig spec.sslPolicy"),
        _ssl_policy,
    ),
    Criterion(
        "compute.disableGlobalSelfManagedSslCertificate",
        "Certificates of global load balancers are Google's to keep.",
        "Certificate Manager or a managed certificate instead of a Secret",
        ("Gateway spec.listeners.tls.certificateRefs", "Ingress spec.tls"),
        _certificates,
    ),
    Criterion(
        "compute.restrictProtocolForwardingCreationForTypes",
        "Protocols are forwarded to instances in listed ways only.",
        "nothing to do: the platform forwards none",
        ("target",),
        _protocol_forwarding,
        never=_FORWARDING_NEVER,
    ),
    Criterion(
        "compute.managed.restrictProtocolForwardingCreationForTypes",
        "Protocols are forwarded to instances in listed ways only.",
        "nothing to do: the platform forwards none",
        ("target",),
        _protocol_forwarding,
        never=_FORWARDING_NEVER,
    ),
)
