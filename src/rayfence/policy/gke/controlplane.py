"""How the API server is reached.

Constraint: container.managed.enableControlPlaneDNSOnlyAccess. By default only its DNS name answers, which asks IAM for
`container.clusters.connect` on every connection; no address of it exists.
"""

import ipaddress
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import ControlPlaneAccess
from rayfence.model.gke_settings import ControlPlaneSettings
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import tagged

DNS_ONLY: Final = "container.managed.enableControlPlaneDNSOnlyAccess"

#: Fields that published custom constraints look at, and that only clusters with an IP endpoint fill.
LEGACY_FIELDS: Final = ("masterAuthorizedNetworksConfig", "privateClusterConfig.enablePrivateEndpoint")

_FIELD: Final = "target.gke.controlPlane"


def control_plane(case: Case) -> ControlPlaneSettings:
    """Decide which endpoints exist and who may reach them."""
    wanted = case.gke.control_plane
    dns = wanted.access is ControlPlaneAccess.DNS
    if not dns:
        _refuse_addresses(case)
    authorized = () if dns else _authorized(case)
    public = not dns and any(not _private(cidr) for cidr in authorized)
    source = Source.DEFAULT if dns else Source.SPEC
    case.decide(
        "gke.control_plane.dns_endpoint", dns, "IAM decides on every connection", serves=(DNS_ONLY,), source=source
    )
    reason = "no address to attack" if dns else "asked for: addresses are trusted, and then credentials"
    case.decide("gke.control_plane.ip_endpoint", not dns, reason, serves=(DNS_ONLY,), source=source)
    if public:
        waiver = case.refuse_unwaived(
            "public-control-plane",
            f"{_FIELD}.authorized",
            "public addresses among the authorised networks give the API server an address on the Internet",
            "use access: dns, which is reached from anywhere and asks IAM",
        )
        case.decide(
            "gke.control_plane.public_ip_endpoint", True, "public addresses may connect", waiver=waiver, source=source
        )
    else:
        case.decide(
            "gke.control_plane.public_ip_endpoint",
            False,
            "never an open address on the Internet",
            source=Source.DEFAULT,
        )
    if authorized:
        case.decide("gke.control_plane.authorized", authorized, "as specified", source=Source.SPEC)
    if dns:
        _warn_legacy(case)
    return ControlPlaneSettings(dns, not dns, public, authorized)


def _authorized(case: Case) -> tuple[str, ...]:
    wanted = case.gke.control_plane
    if not wanted.authorized:
        problem = f"access: {wanted.access.value} without authorised networks lets nobody in, or everybody"
        case.refuse((), (f"{_FIELD}.authorized",), problem, ("name the networks that may connect", "use access: dns"))
    for index, cidr in enumerate(wanted.authorized):
        field = f"{_FIELD}.authorized[{index}]"
        try:
            network = ipaddress.ip_network(cidr)
        except ValueError:
            case.refuse((), (field,), f"{cidr!r} is no network", ("write it as 10.0.0.0/8",))
            continue
        if network.prefixlen == 0:
            case.refuse((), (field,), f"{cidr} authorises everybody", ("name the networks that may connect",))
        elif wanted.access is ControlPlaneAccess.PRIVATE and not _private(cidr):
            problem = f"{cidr} is public, and a private endpoint is not reached from there"
            case.refuse((), (field,), problem, ("name private networks", "use access: dns"))
    private = wanted.access is ControlPlaneAccess.PRIVATE
    return tuple(cidr for cidr in wanted.authorized if not private or _private(cidr))


def _private(cidr: str) -> bool:
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        return True
    return network.is_private and network.prefixlen > 0


def _refuse_addresses(case: Case) -> None:
    binding = case.rules.binding(DNS_ONLY)
    if binding:
        case.refuse(
            binding,
            (f"{_FIELD}.access",),
            f"the organisation wants the DNS endpoint alone: {case.rules.source(DNS_ONLY)}",
            ("set access: dns", "ask for the exception below"),
            tagged(DNS_ONLY, case.rules.organization(), "clients of this cluster can't reach a DNS endpoint"),
        )


def _warn_legacy(case: Case) -> None:
    for custom in case.rules.facts.custom:
        named = [field for field in LEGACY_FIELDS if field in custom.condition]
        if named and "container.googleapis.com/Cluster" in custom.kinds:
            case.warnings.append(
                f"{custom.name} ({custom.source}) looks at {', '.join(named)}, which a DNS endpoint alone leaves "
                "unset; whether Google's service fills it in is not documented: try it in a dry run"
            )
