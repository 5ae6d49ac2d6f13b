"""How the gateway is reached from outside the cluster: an internal load balancer, the Identity-Aware Proxy, or neither.

Constraints: compute.restrictLoadBalancerCreationForTypes, compute.disableGlobalLoadBalancing, compute.requireSslPolicy,
compute.disableGlobalSelfManagedSslCertificate, compute.restrictSharedVpcSubnetworks.
Source: load-balancing, org-policy-constraints; GKE, gateway classes. A refusal would show only as an event of the
controller, long after the manifest was accepted: so it is decided here.
"""

import ipaddress
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import IapExposure, IapScope, InternalExposure, NetworkKind
from rayfence.model.gke_settings import NetworkSettings
from rayfence.policy.basis import Case, Verdict
from rayfence.policy.basis.petitions import admitted, tagged
from rayfence.policy.gke.network import SUBNETS, need_proxy_range, subnet_path

TYPES: Final = "compute.restrictLoadBalancerCreationForTypes"
NO_GLOBAL: Final = "compute.disableGlobalLoadBalancing"
SSL_POLICY: Final = "compute.requireSslPolicy"
SELF_MANAGED: Final = "compute.disableGlobalSelfManagedSslCertificate"

#: Gateway class and type of load balancer of each scope.
CLASSES: Final[Mapping[IapScope, tuple[str, str]]] = {
    IapScope.GLOBAL: ("gke-l7-global-external-managed", "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS"),
    IapScope.REGIONAL: ("gke-l7-regional-external-managed", "EXTERNAL_MANAGED_HTTP_HTTPS"),
    IapScope.INTERNAL: ("gke-l7-rilb", "INTERNAL_HTTP_HTTPS"),
}
CLASSIC: Final = "EXTERNAL_HTTP_HTTPS"
INTERNAL_L4: Final = "INTERNAL_TCP_UDP"


def internal(case: Case, network: NetworkSettings) -> InternalExposure | None:
    """The internal load balancer: never a port of Ray's own, never the whole world."""
    wanted, field, path = case.gke.internal, "exposure.internal", "gke.internal"
    if wanted is None:
        case.decide(path, None, "not asked for")
        return None
    subnetwork = wanted.subnetwork or network.subnetwork
    verdict = case.rules.verdict(TYPES, INTERNAL_L4)
    if not verdict.allowed:
        _refuse_type(
            case, (field,), INTERNAL_L4, verdict, "remove internal; the DNS endpoint and port forwarding remain"
        )
    _ranges(case, wanted, field)
    if network.kind is NetworkKind.SHARED_VPC and wanted.subnetwork:
        subnet = subnet_path(network.project, network.region, subnetwork)
        allowed = case.rules.verdict(SUBNETS, subnet)
        if not allowed.allowed:
            why = "the load balancer of the platform has its address there"
            remedies = ("use the subnet of the nodes", "ask for the exception below")
            case.refuse((SUBNETS,), (f"{field}.subnetwork",), allowed.reason, remedies, admitted(SUBNETS, subnet, why))
    case.decide(path, "load balancer to each tenant's gateway", "as specified", serves=(TYPES,), source=Source.SPEC)
    case.decide(f"{path}.source_ranges", wanted.source_ranges, "nobody else reaches its address", source=Source.SPEC)
    reason = "other regions reach it as well" if wanted.global_access else "clients of this region only"
    source = Source.SPEC if wanted.global_access else Source.DEFAULT
    case.decide(f"{path}.global_access", wanted.global_access, reason, source=source)
    return replace(wanted, subnetwork=subnetwork)


def iap(case: Case, network: NetworkSettings) -> tuple[IapExposure | None, str | None]:
    """The proxy's load balancer and its gateway class; no class with the article's Ingress.

    1. The scope asked for, if its type of load balancer is allowed.
    2. Else the regional one instead of the global one: same reach, so it is simply taken.
    3. Else the internal one: another reach, so it is proposed, and the plan stops.
    """
    wanted, path = case.gke.iap, "gke.iap"
    if wanted is None:
        case.decide(path, None, "not asked for")
        return None, None
    case.decide(path, wanted.host, "as specified", source=Source.SPEC, costs="a load balancer is paid by the hour")
    if wanted.legacy_ingress:
        return _legacy(case, wanted), None
    scope = _scope(case, wanted, network)
    settled = replace(wanted, scope=scope)
    return settled, CLASSES[scope][0]


def ssl_policy(case: Case, settled: IapExposure | None) -> bool:
    """Whether the load balancer gets a policy of TLS 1.2 and modern ciphers."""
    if settled is None:
        case.decide("gke.ssl_policy", False, "there is no HTTPS load balancer")
        return False
    case.decide("gke.ssl_policy", True, "TLS 1.2 or newer, no weak cipher", serves=(SSL_POLICY,))
    reason = "Google renews them; no private key lies in the cluster"
    case.decide("gke.certificates", "managed by Google", reason, serves=(SELF_MANAGED,))
    return True


def _verdict(case: Case, scope: IapScope) -> Verdict:
    return case.rules.verdict(TYPES, CLASSES[scope][1])


def _allowed(case: Case, scope: IapScope) -> bool:
    if scope is IapScope.GLOBAL and case.rules.binding(NO_GLOBAL):
        return False
    return _verdict(case, scope).allowed


def _scope(case: Case, wanted: IapExposure, network: NetworkSettings) -> IapScope:
    path, field = "gke.gateway_class", "exposure.iap.scope"
    rules = (TYPES, NO_GLOBAL)
    if _allowed(case, wanted.scope):  # 1
        case.decide(path, CLASSES[wanted.scope][0], f"for scope {wanted.scope.value}", serves=rules, source=Source.SPEC)
        return wanted.scope
    if wanted.scope is IapScope.GLOBAL and _allowed(case, IapScope.REGIONAL):  # 2
        if network.proxy_only_cidr is None:
            need_proxy_range(
                case, "the organisation allows no global load balancer, and the regional one needs proxies"
            )
        reason = "the organisation allows no global load balancer: the regional one has the same reach"
        case.decide(path, CLASSES[IapScope.REGIONAL][0], reason, serves=rules)
        case.warnings.append(f"{field}: regional instead of global, by {', '.join(case.rules.binding(*rules))}")
        return IapScope.REGIONAL
    proposal = IapScope.INTERNAL  # 3
    reason = "proposed: the organisation allows no other; clients then come from inside its networks"
    case.decide(path, CLASSES[proposal][0], reason, serves=rules)
    _refuse_scope(case, wanted, network)
    return proposal


def _refuse_scope(case: Case, wanted: IapExposure, network: NetworkSettings) -> None:
    field, (name, kind) = "exposure.iap.scope", CLASSES[wanted.scope]
    verdict = _verdict(case, wanted.scope)
    remedies = ["remove iap; the DNS endpoint and port forwarding remain"]
    if wanted.scope is not IapScope.INTERNAL and _allowed(case, IapScope.INTERNAL):
        proxies = "" if network.proxy_only_cidr else ", and network.proxyOnlyCidr to a free range"
        remedies.insert(0, f"set scope: internal (gke-l7-rilb with the proxy){proxies}")
    remedies.append("ask for the exception below")
    if not verdict.allowed:
        why = f"people reach the Ray dashboard by {name} behind the Identity-Aware Proxy"
        petition, rules, reason = admitted(TYPES, kind, why), (TYPES,), verdict.reason
    else:
        why = "the dashboard behind the Identity-Aware Proxy is reached by a global load balancer"
        petition, rules = tagged(NO_GLOBAL, case.rules.organization(), why), (NO_GLOBAL,)
        reason = f"{case.rules.source(NO_GLOBAL)}: no global load balancer"
    problem = f"scope {wanted.scope.value} needs a load balancer of type {kind}: {reason}"
    case.refuse(rules, (field,), problem, tuple(remedies), petition)


def _legacy(case: Case, wanted: IapExposure) -> IapExposure:
    field = "exposure.iap.legacyIngress"
    case.decide("gke.gateway_class", None, "Ingress `gce`, as the article has it", serves=(TYPES,), source=Source.SPEC)
    remedy = "set legacyIngress: false; a Gateway (gke-l7-global-external-managed or another class) takes its place"
    if wanted.scope is not IapScope.GLOBAL:
        problem = f"the article's Ingress is global; scope {wanted.scope.value} is not"
        case.refuse((), (field, "exposure.iap.scope"), problem, (remedy,))
    verdict = case.rules.verdict(TYPES, CLASSIC)
    if not verdict.allowed:
        _refuse_type(case, (field,), CLASSIC, verdict, remedy)
    binding = case.rules.binding(NO_GLOBAL)
    if binding:
        why = "the dashboard is reached by the classic Ingress"
        petition = tagged(NO_GLOBAL, case.rules.organization(), why)
        problem = f"the classic load balancer is global: {case.rules.source(NO_GLOBAL)}"
        case.refuse(binding, (field,), problem, (remedy,), petition)
    case.warnings.append(f"{field}: Ingress and BackendConfig are legacy; new features come to the Gateway API only")
    return wanted


def _ranges(case: Case, wanted: InternalExposure, field: str) -> None:
    if not wanted.source_ranges:
        problem = "without source ranges the whole VPC and its peers reach it"
        case.refuse((), (f"{field}.sourceRanges",), problem, ("name the networks of its clients",))
    for index, cidr in enumerate(wanted.source_ranges):
        place = (f"{field}.sourceRanges[{index}]",)
        try:
            parsed = ipaddress.ip_network(cidr)
        except ValueError:
            case.refuse((), place, f"{cidr!r} is no network", ("write it as 10.0.0.0/8",))
            continue
        if parsed.prefixlen == 0:
            case.refuse((), place, f"{cidr} is everybody", ("name the networks of its clients",))


def _refuse_type(case: Case, fields: tuple[str, ...], kind: str, verdict: Verdict, remedy: str) -> None:
    case.refuse(
        (TYPES,),
        fields,
        f"a load balancer of type {kind} is needed: {verdict.reason}",
        (remedy, "ask for the exception below"),
        admitted(TYPES, kind, "clients of the Ray platform reach its gateway by it"),
    )
